"""The text operators of Sysmon rules: all of them ignore case."""

from typing import Final

SEPARATOR: Final = ";"


def fold(text: str) -> str:
    """Each UTF-16 unit in lower case on its own, so that the length stays the same."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def match(operator: str, rule: str, value: str) -> bool | None:
    """Returns whether a field's value matches; None without such an operator. Both must be folded."""
    if operator in {"is", "is not"}:
        return (value == rule) is (operator == "is")
    if operator in {"contains", "excludes"}:
        return _found(value, rule) is (operator == "contains")
    if operator in {"begin with", "not begin with"}:
        return value.startswith(rule) is (operator == "begin with")
    if operator in {"end with", "not end with"}:
        return value.endswith(rule) is (operator == "end with")
    if operator == "image":
        return rule == (value if "\\" in rule else value.rpartition("\\")[2])
    if operator in {"less than", "more than"}:
        first, second = _units(value), _units(rule)
        return first < second if operator == "less than" else first > second
    return _match_list(operator, rule, value)


def _match_list(operator: str, rule: str, value: str) -> bool | None:
    if operator == "is any":
        return value in rule.split(SEPARATOR)
    if operator in {"contains any", "excludes any"}:
        return any(_item_found(value, rule, *item) for item in _items(rule)) is (operator == "contains any")
    if operator in {"contains all", "excludes all"}:
        return all(_item_found(value, rule, *item) for item in _items(rule)) is (operator == "contains all")
    return None


def _items(rule: str) -> list[tuple[int, int]]:
    """The start and length of each item of a list."""
    items = []
    start = 0
    for item in rule.split(SEPARATOR):
        items.append((start, len(item)))
        start += len(item) + 1
    return items


def _item_found(value: str, rule: str, start: int, length: int) -> bool:
    # The reference reader takes an item of length 0 for "no length given" and looks for the rest of the list.
    if length:
        return _found(value, rule[start : start + length])
    rest = len(rule) - start
    return rest <= len(value) and (rest == 0 or SEPARATOR in value) and _found(value, rule[start:])


def _found(value: str, part: str) -> bool:
    # Nothing is found in an empty text, not even the empty text: the reader tries each character as a start.
    return value != "" and part in value


def _units(text: str) -> bytes:
    """The UTF-16 units in big-endian bytes, which compare as the units do."""
    return text.encode("utf-16-be", "surrogatepass")
