"""The walk over good parents: every single change of kinds, flags and numbers, each once."""

from __future__ import annotations

from ccheck_fuzz.interest import Interest
from ccheck_fuzz.model import Models, opened
from ccheck_fuzz.walk import MOST_STEPS, Walk, steps
from tests.fuzz.seeds import CHANNEL, INSTANCES, MARCH


def test_each_kind_of_each_record_is_tried() -> None:
    """The steps from a file with four criteria have each other kind of each of them, with a true checksum."""
    model = opened(CHANNEL, INSTANCES)
    (criteria,) = (p for p in model.frame.populations if p.kind.name == "criteria")
    kind = criteria.kind.number("kind")
    assert kind is not None
    before = [model.value(start, kind) for start in criteria.starts]
    made = {tuple(step.value(start, kind) for start in criteria.starts) for step in steps(model)}
    wanted = {
        (*before[:row], value, *before[row + 1 :])
        for row in range(len(before))
        for value in kind.values
    }  # fmt: skip
    assert len(wanted) > 30
    assert wanted <= made
    assert all(opened(CHANNEL, step.data).frame.seals for step in steps(model))


def test_steps_change_one_number_and_differ() -> None:
    """No two steps are the same file, and none is the parent."""
    made = [step.data for step in steps(opened(CHANNEL, INSTANCES))]
    assert len(made) == len(set(made)) > 90
    assert INSTANCES not in made
    assert {len(data) for data in made} == {len(INSTANCES)}


def test_parents_that_are_added_later_are_walked_over() -> None:
    """The walk ends with the last parent, and goes on when there is another; a parent has its share of steps."""
    parents = [MARCH]
    walk = Walk(Models(CHANNEL), parents, Interest())
    first = []
    while (step := walk.next()) is not None:
        first.append(step)
    assert 200 < len(first) == len(set(first)) <= MOST_STEPS
    assert walk.next() is None
    parents.append(INSTANCES)
    assert walk.next() == next(iter(steps(opened(CHANNEL, INSTANCES)))).data
