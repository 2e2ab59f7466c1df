"""Which field was exercised with which criterion kind, and which never was."""

from dataclasses import dataclass

from ccheck_interpreter.channel.definitions import Definitions, TemplateType, load_definitions
from ccheck_interpreter.channel.evaluate import Seen
from ccheck_interpreter.channel.host import run
from ccheck_interpreter.match import KIND_NAMES, WILDCARD
from ccheck_interpreter.profile import Profile


@dataclass(frozen=True, slots=True)
class Cell:
    """One criterion kind on one field: whether it is allowed, matched and failed."""

    kind: str
    allowed: bool
    matched: bool
    failed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One field of one template type, with a cell for every kind in the format's order."""

    type_name: str
    type_version: int
    field_index: int
    field_name: str
    cells: tuple[Cell, ...]

    @property
    def exercised(self) -> bool:
        """Returns whether the input was fetched: whether any criterion but a wildcard ran on it."""
        return any(cell.matched or cell.failed for cell in self.cells if cell.kind != KIND_NAMES[WILDCARD])


@dataclass(frozen=True, slots=True)
class Matrix:
    """Field × criterion kind of all template types."""

    rows: tuple[Row, ...]

    @property
    def unexercised(self) -> tuple[Row, ...]:
        """The fields on which only wildcards, or nothing, ran."""
        return tuple(row for row in self.rows if not row.exercised)


def matrix(definitions: Definitions, seen: Seen) -> Matrix:
    """The matrix of what evaluations collected in `seen`."""
    return Matrix(tuple(row for item in definitions.types for row in _rows(item, seen)))


def exercise(definitions: bytes, content: bytes) -> Matrix:
    """The matrix of a file under its own events, in a build that supplies every input and knows every kind.

    Raises:
        Refused: The definitions are wrong.
    """
    known = load_definitions(definitions, Profile("exercise", {}, bounds_check=True))
    inputs = {f"{item.name}@{item.version}": len(item.fields) for item in known.types}
    seen: Seen = set()
    run(Profile("exercise", inputs, bounds_check=True), definitions, content, seen=seen)
    return matrix(known, seen)


def render(table: Matrix) -> str:
    """The matrix as text: `±` matched and failed, `+` only matched, `-` only failed, `.` not run."""
    width = max((len(row.field_name) for row in table.rows), default=0)
    heads = list(KIND_NAMES.values())
    lines: list[str] = []
    last = ("", 0)
    for row in table.rows:
        if (row.type_name, row.type_version) != last:
            last = (row.type_name, row.type_version)
            lines.append(f"{row.type_name} version {row.type_version}")
            lines.append(f"  {'field':>{width + 4}}  {'  '.join(heads)}")
        marks = "  ".join(_mark(cell).ljust(len(cell.kind)) for cell in row.cells)
        lines.append(f"  {row.field_index:>3} {row.field_name:>{width}}  {marks}".rstrip())
    return "\n".join(lines)


def _rows(item: TemplateType, seen: Seen) -> list[Row]:
    rows = []
    for index, field in enumerate(item.fields):
        cells = tuple(
            Cell(
                name,
                bool(field.allowed_kinds >> kind & 1),
                (item.name, item.version, index, kind, True) in seen,
                (item.name, item.version, index, kind, False) in seen,
            )
            for kind, name in KIND_NAMES.items()
        )
        rows.append(Row(item.name, item.version, index, field.name, cells))
    return rows


def _mark(cell: Cell) -> str:
    if cell.matched:
        return "±" if cell.failed else "+"
    return "-" if cell.failed else "." if cell.allowed else ""
