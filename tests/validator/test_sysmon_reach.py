"""Which values a condition matches: the validator's own reading of the operators agrees with the interpreter's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccheck.formats.sysmon.checks.reach import Extent, fold, matches, reach
from ccheck_interpreter.sysmon import match as reference
from ccheck_schemas.formats.sysmon.tables import OPERATORS

TEXTS = st.text(alphabet=";;ab\\ -İß", max_size=7)
OPERATOR = st.sampled_from(OPERATORS)


@given(OPERATOR, TEXTS, TEXTS)
def test_a_condition_matches_what_the_interpreter_matches(operator: str, data: str, value: str) -> None:
    """Each operator gives the interpreter's answer, for any data and value."""
    data, value = fold(data), fold(value)
    assert (data, value) == (reference.fold(data), reference.fold(value))
    assert matches(operator, data, value) is reference.match(operator, data, value)


@given(OPERATOR, TEXTS, TEXTS)
def test_what_a_condition_reaches_is_so(operator: str, data: str, value: str) -> None:
    """ALL matches every text that is not empty, NONE matches none, and the empty text is told exactly."""
    data, value = fold(data), fold(value)
    found = reach(operator, data)
    assert reference.match(operator, data, "") is found.empty
    if value and found.others is not Extent.SOME:
        assert reference.match(operator, data, value) is (found.others is Extent.ALL)


def test_every_operator_reaches_something_without_text() -> None:
    """With an empty text, each operator matches all values, none, or (image) those that end with a backslash."""
    some = [operator for operator in OPERATORS if reach(operator, "").others is Extent.SOME]
    assert some == ["image"]
    everything = {operator for operator in OPERATORS if reach(operator, "").others is Extent.ALL}
    assert everything == {
        "is not", "contains", "contains any", "contains all", "begin with", "end with", "more than",
    }  # fmt: skip
