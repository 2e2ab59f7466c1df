"""`python -m bench.baseline record|compare`: whether the results of ccheck have changed.

`record` judges the corpus, the genuine files if they exist, and mutants of each shipped format, and
writes digests of the results into record.json. `compare` does so again, reports which units differ, and shows
what changed in the first of them, by the program as it was when the record was committed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / room) for room in ("schemas", "validator", "interpreter", "fuzz")]

from bench.baseline.comparison import RECORD, Before, changes, differing, measure, show  # noqa: E402 - the path comes first
from bench.baseline.program import Item, every_check  # noqa: E402
from bench.baseline.units import VIEWS, genuine, units  # noqa: E402

SAME, DIFFERENT, NOTHING = 0, 1, 2
ANEW = "python -m bench.baseline record --changed-judgements"


def main(words: list[str] | None = None) -> int:
    """Records or compares. 1 where something differs, 2 where nothing was compared."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], prog="python -m bench.baseline")
    commands = parser.add_subparsers(required=True, metavar="record|compare")
    record = commands.add_parser("record", help="write record.json anew")
    record.add_argument(
        "--changed-judgements", action="store_true", help="also where judgements differ from those recorded"
    )
    record.set_defaults(work=_record)
    compare = commands.add_parser("compare", help="hold the record against the program as it is")
    compare.add_argument(
        "--only", action="append", default=[], metavar="GLOB", help="units by name, such as 'corpus/sysmon/*'"
    )
    compare.add_argument(
        "--view", action="append", choices=VIEWS, default=[], help="compare this alone; may be repeated"
    )
    compare.add_argument("--show", type=int, default=3, metavar="N", help="units, and items of each, in full")
    compare.set_defaults(work=_compare)
    one = commands.add_parser("show", help="what is said of one unit, as lines of JSON")
    one.add_argument("unit")
    one.set_defaults(work=_show)
    for command in (record, compare, one):
        command.add_argument(
            "--record", type=Path, default=RECORD, metavar="FILE", help="in place of record.json"
        )
        command.add_argument("--mutants", type=int, default=20_000, help="of each format, at most")
        command.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args(words)
    status: int = options.work(options)
    return status


def _record(options: argparse.Namespace) -> int:
    names = units(options.mutants)
    found = measure(names, options.mutants, options.jobs)
    never = sorted(every_check() - set(found.in_mutants) - set(found.in_files))
    files_only = sorted(set(found.in_files) - set(found.in_mutants))
    print(f"in no mutant, but in a file: {', '.join(files_only) or 'none'}")
    print(f"in nothing that is recorded: {', '.join(never) or 'none'}")
    before = _recorded(options.record) if options.record.exists() else {}
    if before:
        differ = _differing(before, found.digests, VIEWS)
        _tell(differ)
        judged = any({"judgement", "reading"} & set(views) for views in differ.values())
        if judged and not options.changed_judgements:
            print(f"nothing was recorded: judgements differ; if they are meant to, run\n  {ANEW}")
            return DIFFERENT
    absent = (
        [name for name in _recorded(options.record) if name not in found.digests]
        if options.record.exists()
        else []
    )
    _say_absent(absent)
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.digests.items()]
    options.record.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"recorded {len(found.digests):,} units")
    return SAME


def _compare(options: argparse.Namespace) -> int:
    recorded = _recorded(options.record)
    chosen = units(options.mutants)
    if options.only:
        recorded = {name: value for name, value in recorded.items() if _named(name, options.only)}
        chosen = {name: unit for name, unit in chosen.items() if _named(name, options.only)}
    wanted = [name for name in recorded if name in chosen]
    absent = [name for name in recorded if name not in chosen]
    new = [
        name for name in chosen if name not in recorded and (not options.only or _named(name, options.only))
    ]
    found = measure(wanted, options.mutants, options.jobs).digests
    views = options.view or VIEWS
    differ = _differing(recorded, found, views)
    _tell(differ)
    _explain(differ, options)
    lost = _say_absent(absent)
    if new:
        print(f"not recorded: {len(new):,} units, such as {new[0]}")
    print(f"{len(wanted):,} units compared ({', '.join(views)}): {len(differ):,} differ")
    if differ or lost or new:
        print(f"if that is meant, as after a new check, mutator or format, record it:\n  {ANEW}")
    if not wanted:
        return NOTHING
    return DIFFERENT if differ or lost else SAME


def _show(options: argparse.Namespace) -> int:
    for line in show(options.unit, options.mutants):
        print(line)
    return SAME


def _recorded(path: Path) -> dict[str, str]:
    recorded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return recorded


def _named(name: str, globs: Collection[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _differing(
    before: Mapping[str, str], after: Mapping[str, str], views: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """The views that differ, by the name of the unit, of the units that both have."""
    pairs = {name: differing(before[name], after[name]) for name in after if name in before}
    found = {name: tuple(view for view in differ if view in views) for name, differ in pairs.items()}
    return {name: differ for name, differ in found.items() if differ}


def _tell(differ: Mapping[str, tuple[str, ...]]) -> None:
    for name, views in differ.items():
        print(f"differs: {name} ({', '.join(views)})")


def _say_absent(absent: Collection[str]) -> bool:
    """Says which recorded units cannot be compared, and returns whether any of them has to be there."""
    for kind, count in Counter(name.split("/")[0] for name in absent).items():
        match kind:
            case "genuine":
                print(f"NOT COMPARED: {count} genuine files, which are not in {genuine()}")
            case "mutants":
                print(f"not compared: {count} blocks of mutants that --mutants leaves out")
    gone = [name for name in absent if not name.startswith(("genuine/", "mutants/"))]
    for name in gone:
        print(f"gone: {name}")
    return bool(gone)


def _explain(differ: Mapping[str, tuple[str, ...]], options: argparse.Namespace) -> None:
    """Shows the first items that differ, as they were and as they are."""
    if not differ or not options.show:
        return
    try:
        before = Before(options.mutants)
    except OSError as fault:
        print(f"cannot be shown: {fault}")
        return
    with closing(before):
        print(f"as it was in {before.commit[:12]}, and as it is:")
        for name in list(differ)[: options.show]:
            print(f"{name}:")
            try:
                old = before.items(name)
            except OSError as fault:
                print(f"  cannot be shown: {fault}")
                continue
            new = [Item(one["name"], one["views"]) for one in map(json.loads, show(name, options.mutants))]
            lines = list(changes(old, new, differ[name], options.show))
            print(
                "\n".join(lines or ["  the same: the record was made of another state, or by other packages"])
            )


if __name__ == "__main__":
    sys.exit(main())
