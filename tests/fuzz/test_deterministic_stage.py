"""The deterministic stage: every single change of texts, kinds, flags and numbers, each once."""

from __future__ import annotations

from ccheck_fuzz.model import Models, opened
from ccheck_fuzz.mutate.deterministic_stage import MOST_STEPS, DeterministicStage, contents, meanings, numbers
from ccheck_fuzz.mutate.interesting_values import InterestingValues
from ccheck_schemas.model import Role
from ccheck_schemas.read import read
from tests.fuzz.seeds import CHANNEL, INSTANCES, MARCH


def test_each_kind_of_each_record_is_tried() -> None:
    """The steps from a file with four criteria have each other kind of each of them, with a true checksum."""
    model = opened(CHANNEL, INSTANCES)
    (criteria,) = (p for p in model.frame.populations if p.kind.name == "criteria")
    kind = criteria.kind.number("kind")
    assert kind is not None
    before = [model.value(start, kind) for start in criteria.starts]
    made = {tuple(step.make().value(start, kind) for start in criteria.starts) for step in meanings(model)}
    wanted = {
        (*before[:row], value, *before[row + 1 :])
        for row in range(len(before))
        for value in kind.values
    }  # fmt: skip
    assert len(wanted) > 30
    assert wanted <= made
    assert all(opened(CHANNEL, step.make().data).frame.seals for step in meanings(model))


def test_steps_change_one_number_and_differ() -> None:
    """No two steps are the same file, and none is the parent."""
    model = opened(CHANNEL, INSTANCES)
    made = [step.make().data for sort in (contents, meanings, numbers) for step in sort(model)]
    assert len(made) == len(set(made)) > 90
    assert INSTANCES not in made
    assert {len(data) for data in made} == {len(INSTANCES)}


def test_texts_are_written_in_the_other_case() -> None:
    """Some step has each text with its capitals small and its small letters as capitals, all else as it was."""
    made = [step.make().data for step in contents(opened(CHANNEL, INSTANCES))]
    for text in (b"\\CERTUTIL.EXE", b"\\dEVICE\\nAMEDpIPE\\"):
        assert sum(text in data for data in made) == 1
    assert not any(read(CHANNEL.layout, data).counts for data in made)


def test_integers_of_pools_turn_their_sign() -> None:
    """Some step has each end of a range, and the integer of an equals, with its highest bit set."""
    made = [step.make().data for step in contents(opened(CHANNEL, INSTANCES))]
    low, high, four = 1000, 1999, 4
    for before, after in (
        ((low, high), (low | 1 << 63, high)),
        ((low, high), (low, high | 1 << 63)),
        ((four,), (four | 1 << 63,)),
    ):
        one, other = (b"".join(word.to_bytes(8, "little") for word in words) for words in (before, after))
        assert one in INSTANCES
        assert sum(other in data for data in made) == 1


def test_what_is_reserved_is_used() -> None:
    """Some step has something in each reserved number of the instances."""
    model = opened(CHANNEL, INSTANCES)
    (instances,) = (p for p in model.frame.populations if p.kind.name == "instances")
    reserved = [number for number in instances.kind.numbers if number.role is Role.RESERVED]
    assert reserved
    for number in reserved:
        assert any(step.make().value(instances.starts[0], number) for step in meanings(model))


def test_parents_that_are_added_later_are_walked_over() -> None:
    """The stage ends with the last parent, and goes on when there is another, with what no parent has become before."""
    parents = [MARCH]
    stage = DeterministicStage(Models(CHANNEL), parents, InterestingValues())
    first = _rest(stage)
    assert 200 < len(first) == len(set(first)) <= 3 * MOST_STEPS
    assert stage.next() is None
    parents.append(INSTANCES)
    assert len(_rest(stage)) > 60
    parents += [MARCH] * 5
    again = _rest(stage)
    assert set(again) < set(first)
    assert len(again) == len(set(again))


def test_texts_come_soon_though_numbers_are_many() -> None:
    """The rounds take turns: what a later parent's texts become does not wait for an earlier parent's numbers."""
    parents = [MARCH, INSTANCES]
    stage = DeterministicStage(Models(CHANNEL), parents, InterestingValues())
    assert any(b"\\CERTUTIL.EXE" in (stage.next() or b"") for _ in range(60))


def _rest(stage: DeterministicStage) -> list[bytes]:
    """All steps that are left."""
    return list(iter(stage.next, None))
