"""What one reader did with a file that it loads once and then answers queries about, whatever the format."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ccheck_interpreter.profile import Profile
from ccheck_interpreter.trap import Provenance, Refusal, Refused, Trap, TrapData

Verdict = Literal["crash", "refuse", "skip", "run"]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a reader answered.

    Attributes:
        skipped: The parts of the file that it does not use, and why, one line each.
        questions: The number of queries.
        results: The answers, as plain values.
        steps: The steps spent.
        notes: What it does otherwise than the file says, one line each.
    """

    skipped: tuple[str, ...] = ()
    questions: int = 0
    results: tuple[Mapping[str, Any], ...] = ()
    steps: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReaderOutcome:
    """What a file did to one reader.

    The verdict is `crash` with a trap, `refuse` with a refusal, `skip` if parts of the file are not used, or
    `run`.
    """

    consumer: str
    platform: str
    verdict: Verdict
    trap: TrapData | None = None
    refusal: Refusal | None = None
    answers: Answers = Answers()


def run_reader(profile: Profile, ask: Callable[[], Answers]) -> ReaderOutcome:
    """The outcome of loading a file and querying it; `ask` raises only `Trap` and `Refused`."""
    try:
        answers = ask()
    except Refused as refused:
        return ReaderOutcome(profile.name, profile.platform, "refuse", refusal=refused.refusal)
    except Trap as found:
        place = Provenance(profile.name, "content", system="linux")
        return ReaderOutcome(profile.name, profile.platform, "crash", trap=found.located(place).data)
    verdict: Verdict = "skip" if answers.skipped else "run"
    return ReaderOutcome(profile.name, profile.platform, verdict, answers=answers)


def refuse(reason: str, message: str, offset: int) -> Refused:
    """A refusal of the file, to be raised."""
    return Refused(Refusal(reason, message, "content", offset))
