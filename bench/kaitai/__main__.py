"""`python -m bench.kaitai FOLDER…` imports Kaitai Struct descriptions of others, and judges the result.

It counts what is imported whole, in part or not at all, and why. With `--compiler`, it reads sample files
with the parsers that the official compiler makes, and compares every value with what ccheck reads. The status
is 1 if a value differs or is lost silently, or an import or a reading crashes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench.kaitai import official, own, report, samples, sources
from bench.kaitai.compare import Comparison
from bench.kaitai.imports import CRASHED, HUNG, REFUSED, descriptions, imported


class Work(NamedTuple):
    """What all descriptions of a folder need.

    Attributes:
        folder: The folder.
        scratch: A folder for what is written.
        compiler: The official compiler, if there is one.
        roots: Where absolute imports begin.
        tests: The samples of tests.
        named: The samples that the user names.
        every: Whether each description reads all samples, and not only its own.
    """

    folder: Path
    scratch: Path
    compiler: Path | None
    roots: list[Path]
    tests: dict[str, set[Path]]
    named: samples.Named
    every: bool


def main() -> int:
    """Measure each folder, and print its tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.kaitai", description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="a folder of .ksy files")
    parser.add_argument("--compiler", type=Path, metavar="JS", help="kaitai-struct-compiler.js, run by node")
    parser.add_argument(
        "--samples", nargs="+", action="extend", default=[], metavar="DIR|NAME=FILE",
        help="folders of files, chosen by name or extension; or one file for one description",
    )  # fmt: skip
    parser.add_argument("--every", action="store_true", help="read all samples by each description")
    parser.add_argument("--jobs", type=int, default=1, help="descriptions at a time")
    parser.add_argument("--list", action="store_true", help="name each description and all reasons")
    given = parser.parse_args()
    for folder in given.folders:
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    try:
        named = samples.Named(given.samples)
    except ValueError as wrong:
        parser.error(str(wrong))
    missing = official.missing(given.compiler)
    compiler = None if missing else given.compiler
    bad = False
    for folder in given.folders:
        with tempfile.TemporaryDirectory(prefix="ccheck-kaitai-") as scratch:
            roots = [root for one in given.folders for root in (one, one / "ks_path")]
            work = Work(folder, Path(scratch), compiler, roots, samples.of_tests(folder), named, given.every)
            results = measured(work, given.jobs)
        for line in report.lines(folder.name, results, missing, given.list):
            print(line, flush=True)
        bad |= report.failed(results)
    return 1 if bad else 0


def measured(work: Work, jobs: int) -> list[report.Result]:
    """All descriptions of a folder, in the order of their names."""
    todo = list(enumerate(descriptions(work.folder)))
    if not todo:
        raise SystemExit(f"there is no description in {work.folder}")
    shares = [todo[start::jobs] for start in range(jobs)]
    with ThreadPoolExecutor(jobs) as pool:
        done = dict(one for share in pool.map(lambda share: _share(work, share), shares) for one in share)
    return [done[number] for number, _ in todo]


def _share(work: Work, todo: list[tuple[int, tuple[str, Path]]]) -> list[tuple[int, report.Result]]:
    """The descriptions of one worker, which has a compiler of its own."""
    compiler = None if work.compiler is None else official.Compiler(work.compiler, work.roots)
    try:
        return [(number, _one(work, compiler, number, *named)) for number, named in todo]
    finally:
        if compiler is not None:
            compiler.close()


def _one(work: Work, compiler: official.Compiler | None, number: int, name: str, path: Path) -> report.Result:
    """One description with its samples."""
    place = work.scratch / str(number)
    place.mkdir()
    result = report.Result(imported(name, path, place / "schema.py", work.roots))
    if compiler is None:
        return result
    compiled = compiler.compile(path, place / "official")
    result.not_compiled = compiled.error
    verdict, schema = result.imported.verdict, result.imported.schema
    files = _samples(work, name, path)
    if verdict in (REFUSED, CRASHED, HUNG) or schema is None or not files:
        return result
    extra = work.folder.parent / "spec" / "python" / "extra"
    read = official.read(compiled, files, [extra] if extra.is_dir() else [])
    own_readings = own.read(schema, result.imported.schema_name, files)
    for file, reading, ours in zip(files, read, own_readings, strict=True):
        comparison = Comparison(result.whole, ours.complete, result.imported.named, ours.opaque)
        if reading.values is not None and ours.values is not None:
            comparison.compare(reading.values, ours.values)
        result.samples.append(report.Sampled(file, reading, ours, comparison))
    return result


def _samples(work: Work, name: str, path: Path) -> list[Path]:
    """The files that belong to a description, in order."""
    try:
        top = sources.load(path)
    except sources.Unreadable:
        return []
    meta = top.get("meta") if isinstance(top, dict) else None
    tests = work.tests.get(str(meta.get("id")), set()) if isinstance(meta, dict) else set()
    if work.every:
        return sorted({*work.named.every(), *(file for some in work.tests.values() for file in some)})
    return sorted(tests | work.named.of(name, meta))


if __name__ == "__main__":
    sys.exit(main())
