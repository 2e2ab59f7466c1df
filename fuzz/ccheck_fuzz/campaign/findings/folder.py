"""A finding as a folder: the smallest file, its recipe, the report for people and programs, a test."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from ccheck import __version__
from ccheck.cli.commands.run import table
from ccheck.cli.recipe_file import dump_yaml
from ccheck.core.finding import FileReport, RunReport
from ccheck.core.users_code import interrupts
from ccheck.formats.exercise.outcome import Outcome
from ccheck.report.json import render as render_json
from ccheck.report.text import render_file
from ccheck.text.printable import printable
from ccheck.text.quoting import counted
from ccheck_fuzz.campaign.state.records import Bucket
from ccheck_fuzz.corpus.carried import carry
from ccheck_fuzz.execution.context import CampaignContext
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.isolated import Ran, said_of
from ccheck_fuzz.model.test_input import Input, split
from ccheck_fuzz.oracles.broken import Broken
from ccheck_fuzz.oracles.case import OracleCase
from ccheck_fuzz.oracles.drivers import FOREIGN
from ccheck_fuzz.readers.foreign import ForeignOutcome
from ccheck_interpreter.trap import report as render_trap
from ccheck_interpreter.trap import to_json as trap_to_json

OUTPUT = "output.txt"
"""The file with all that an interpreter of the user's said."""
_UNSAFE = re.compile(r"[^a-zA-Z0-9.-]+")


def folder_name(bucket: Bucket) -> str:
    """Returns a name for a bucket's folder that says what it is: its number, and its signature shortened."""
    words = _UNSAFE.sub("-", "-".join(bucket.signature)).strip("-.")[:80]
    return f"{bucket.number:03}-{words}"


def write_finding(
    folder: Path,
    made: CampaignContext,
    bucket: Bucket,
    data: bytes,
    broken: Broken,
    *,
    reproduced: bool | None,
    crasher: bool = False,
    log: str = "",
) -> Path:
    """Write a bucket's folder completely and then rename it, so that half of one is never seen.

    Args:
        folder: The folder of the findings.
        made: The campaign.
        bucket: The bucket.
        data: Its input.
        broken: What the input breaks.
        reproduced: Whether it broke again every time; None if it was not run again.
        crasher: Whether the input may end the process that runs it, so that it is not run here.
        log: What that process wrote.
    """
    name = folder_name(bucket)
    part = folder / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    test_input = split(data)
    (part / "file.bin").write_bytes(test_input.content)
    if test_input.events is not None:
        (part / "events.jsonl").write_text(
            "\n".join(test_input.events) + "\n", encoding="utf-8", errors="surrogateescape"
        )
    case = None if crasher else _case(made, data)
    output = _output(broken, case, log)
    if output:
        (part / OUTPUT).write_text(output, encoding="utf-8", errors="backslashreplace")
    recipe = None if case is None else _recipe(made, case)
    if recipe is not None:
        (part / "recipe.yaml").write_text(recipe, encoding="utf-8")
    (part / "report.txt").write_text(
        _text(bucket, broken, case, test_input, output, reproduced=reproduced),
        encoding="utf-8",
        errors="replace",
    )
    (part / "report.json").write_text(
        json.dumps(_json(bucket, broken, case, output, reproduced=reproduced), indent=1) + "\n",
        encoding="utf-8",
    )
    carry(part, made)
    (part / "test_reproducer.py").write_text(
        _TEST.format(what=_quoted(broken.what), signature=broken.signature)
    )
    final = folder / name
    shutil.rmtree(final, ignore_errors=True)
    part.rename(final)
    return final


def _case(made: CampaignContext, data: bytes) -> OracleCase | None:
    """Returns the case of an input; None if ccheck itself fails on it, which then is the finding."""
    try:
        case = Harness(made, lambda data, broken: None).case(data)
        _ = case.report
    except BaseException as raised:  # the finding itself reports the exception
        if interrupts(raised):
            raise
        return None
    return case


def _recipe(made: CampaignContext, case: OracleCase) -> str | None:
    """Returns the content as YAML, if it can be written so and builds back to the same bytes."""
    schema = made.schema
    if schema.describe is None or schema.compose is None or case.subject.content is None:
        return None
    try:
        recipe = schema.describe(case.subject.content)
        if schema.compose(recipe) != case.data:
            return None
    except BaseException as raised:  # a broken file has no recipe, for reasons as many as there are faults
        if interrupts(raised):
            raise
        return None
    return dump_yaml(recipe, schema.name)


def _output(broken: Broken, case: OracleCase | None, log: str) -> str:
    """Returns all that the interpreter of the user's said whose trap or refusal the finding is about."""
    outcomes = () if case is None else case.outcomes
    said = tuple(said_of(one) for one in outcomes if isinstance(one, ForeignOutcome))
    return Ran(said=said, dead=log).output_of(broken)


def _text(
    bucket: Bucket,
    broken: Broken,
    case: OracleCase | None,
    test_input: Input,
    output: str,
    *,
    reproduced: bool | None,
) -> str:
    again = {
        True: "every time",
        False: "NOT AGAIN: flaky, see what differs between runs",
        None: "not run again yet",
    }
    lines = [
        f"{broken.oracle}: {broken.what}",
        "",
        f"bucket      {bucket.number}: {' · '.join(bucket.signature)}",
        f"found       after {bucket.runs:,} runs and {bucket.cpu:.1f} CPU-seconds of its job",
        f"reproduced  {again[reproduced]}",
        f"file        file.bin, {counted(len(test_input.content), 'byte')}",
    ]
    if test_input.events is not None:
        lines.append(f"events      events.jsonl, {len(test_input.events)}")
    if output:
        lines += ["", f"What your interpreter said, whole ({OUTPUT}):", ""]
        lines += [f"  {printable(line.replace(chr(9), '    '))}" for line in output.splitlines()]
    if case is None:
        return "\n".join(lines) + "\n"
    lines += ["", "What each driver build does with it:", "", *table(tuple(map(_shown, case.outcomes)))]
    seen: set[object] = set()
    for outcome in case.outcomes:
        if outcome.trap is None or outcome.trap.kind in FOREIGN:
            continue
        if outcome.trap.signature not in seen:
            seen.add(outcome.trap.signature)
            lines += ["", render_trap(outcome.trap)]
    lines += ["", "What the validator says:", "", _verdict(case.report)]
    return "\n".join(lines) + "\n"


def _shown(outcome: Outcome) -> Outcome:
    """Returns an outcome for the table: a trap of the user's interpreter in its own words."""
    trap = outcome.trap
    if trap is None or trap.kind not in FOREIGN:
        return outcome
    return replace(outcome, trap=replace(trap, operation=replace(trap.operation, field=trap.detail)))


def _verdict(report: FileReport) -> str:
    return render_file(replace(report, path="file.bin"), color=False)


def _run(report: FileReport) -> RunReport:
    return RunReport((replace(report, path="file.bin"),), __version__)


def _json(
    bucket: Bucket, broken: Broken, case: OracleCase | None, output: str, *, reproduced: bool | None
) -> dict[str, Any]:
    return {
        "oracle": broken.oracle,
        "signature": list(broken.signature),
        "what": broken.what,
        "information": broken.information,
        "reproduced": reproduced,
        "output": output or None,
        "hits": bucket.hits,
        "first_after_runs": bucket.runs,
        "first_after_cpu_seconds": round(bucket.cpu, 3),
        "outcomes": [] if case is None else [_outcome(outcome) for outcome in case.outcomes],
        "validator": None if case is None else json.loads(render_json(_run(case.report))),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "consumer": outcome.consumer,
        "platform": outcome.platform,
        "verdict": outcome.verdict,
        "trap": None if outcome.trap is None else trap_to_json(outcome.trap),
        "refusal": None if outcome.refusal is None else outcome.refusal.message,
    }


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)


_TEST = '''"""The finding, run again by pytest or python test_reproducer.py: it fails while it is there."""

from pathlib import Path

from ccheck_fuzz.corpus.reproduce import reproduce

FOLDER = Path(__file__).resolve().parent
WHAT = {what}
SIGNATURE = {signature!r}


def test_the_property_holds() -> None:
    broken = [one for one in reproduce(FOLDER) if one.signature == SIGNATURE]
    assert not broken, broken[0].what


if __name__ == "__main__":
    test_the_property_holds()
    print("the property holds")
'''
