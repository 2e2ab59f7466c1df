"""How one consumer build behaves: what it supplies, understands and checks, and how it recovers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ccheck_interpreter.match import KIND_NUMBERS
from ccheck_interpreter.memory import ByteOrder

ALL_KINDS: Final = frozenset(KIND_NUMBERS.values())


class ProfileError(ValueError):
    """A `[[consumer]]` table that does not describe a build; `key` names the wrong key."""

    def __init__(self, key: str, message: str) -> None:
        """Name the key and what is wrong with its value."""
        super().__init__(f"{key}: {message}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Profile:
    """The behaviour of one consumer build.

    The first group of fields is what `consumers.toml` says about it.

    Attributes:
        eager_counters: Whether the build counts each criterion that matched in global state at once, not when
            the evaluation is over.
        reads_in_place: Whether a build with checks reads the content again at every event, instead of copying
            what it checked.
        double_fetch: Whether such a second fetch is a trap.
    """

    name: str
    inputs: Mapping[str, int] = field(hash=False)
    version: str = ""
    platform: str = "windows-x64"
    pointer_bits: int = 64
    byte_order: ByteOrder = "little"
    strict_alignment: bool = False
    format_versions: frozenset[int] = frozenset({1})
    criterion_kinds: frozenset[int] = ALL_KINDS
    bounds_check: bool = False
    input_count_check: bool = False
    quarantine: bool = False
    last_known_good: bool = False
    boot_loop_recovery: bool = False

    eager_counters: bool = False
    reads_in_place: bool = False
    double_fetch: bool = False

    @classmethod
    def from_mapping(cls, consumer: Mapping[str, object]) -> "Profile":
        """One `[[consumer]]` table as a TOML reader returns it.

        Raises:
            ProfileError: A key is wrong; the error names it.
        """
        bits = _integer(consumer, "pointer_bits")
        if bits not in {32, 64}:
            raise ProfileError("pointer_bits", f"must be 32 or 64, is {bits}")
        order = _text(consumer, "byte_order", "little")
        if order not in {"little", "big"}:
            raise ProfileError("byte_order", f'must be "little" or "big", is "{order}"')
        kinds = _items(consumer, "criterion_kinds")
        unknown = [kind for kind in kinds if kind not in KIND_NUMBERS]
        if unknown:
            raise ProfileError("criterion_kinds", f"no such kind: {unknown[0]!r}")
        versions = _items(consumer, "format_versions")
        return cls(
            name=_text(consumer, "name"),
            inputs=_inputs(consumer),
            version=_text(consumer, "version"),
            platform=_text(consumer, "platform"),
            pointer_bits=bits,
            byte_order="big" if order == "big" else "little",
            strict_alignment=_flag(consumer, "strict_alignment", default=False),
            format_versions=frozenset(_number("format_versions", version) for version in versions),
            criterion_kinds=frozenset(KIND_NUMBERS[str(kind)] for kind in kinds),
            bounds_check=_flag(consumer, "bounds_check"),
            input_count_check=_flag(consumer, "input_count_check", default=False),
            quarantine=_flag(consumer, "quarantine", default=False),
            last_known_good=_flag(consumer, "last_known_good", default=False),
            boot_loop_recovery=_flag(consumer, "boot_loop_recovery", default=False),
        )

    def supplies(self, type_name: str, version: int) -> int | None:
        """Returns how many inputs the build supplies for a template type; None without a call site."""
        exact = self.inputs.get(f"{type_name}@{version}")
        return self.inputs.get(type_name) if exact is None else exact


def _value(consumer: Mapping[str, object], key: str) -> object:
    if key not in consumer:
        raise ProfileError(key, "is missing")
    return consumer[key]


def _text(consumer: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = _value(consumer, key) if default is None else consumer.get(key, default)
    if not isinstance(value, str):
        raise ProfileError(key, f"must be a text, is {value!r}")
    return value


def _flag(consumer: Mapping[str, object], key: str, *, default: bool | None = None) -> bool:
    value = _value(consumer, key) if default is None else consumer.get(key, default)
    if not isinstance(value, bool):
        raise ProfileError(key, f"must be true or false, is {value!r}")
    return value


def _integer(consumer: Mapping[str, object], key: str) -> int:
    return _number(key, _value(consumer, key))


def _number(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ProfileError(key, f"must be a number, is {value!r}")
    return int(value)  # a TOML reader may give a subclass of int


def _items(consumer: Mapping[str, object], key: str) -> Sequence[object]:
    value = _value(consumer, key)
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise ProfileError(key, f"must be a list with at least one item, is {value!r}")
    return value


def _inputs(consumer: Mapping[str, object]) -> dict[str, int]:
    value = _value(consumer, "inputs")
    if not isinstance(value, Mapping):
        raise ProfileError("inputs", f"must be a table, is {value!r}")
    return {str(name): _number(f"inputs.{name}", count) for name, count in value.items()}
