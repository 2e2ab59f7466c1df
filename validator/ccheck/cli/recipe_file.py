"""Build a file from a recipe: content as people write it, and then, on purpose, edits that break it.

A recipe is YAML::

    schema: channel
    why: |
      The instance is of a template type that no definitions hold.
    content:            # what the schema's `compose` takes, else the fields of its layout;
                        # or, instead of it, `base: other.yaml`, another recipe's file
      ...
    edits:              # in order; offsets are those of the bytes at that moment
      - {set: "instances[0].type_id", to: 99}
      - {at: 0x20, hex: "00 00"}
      - {truncate: 100}
      - {append: "00"}
      - {remove: 0x20, length: 4}
      - {zero_from: 512}
    seal: [size, checksum]   # what is fixed up after the edits; the default if there are edits
    setting:            # what the file is to be judged with; building ignores it
      definitions: none     # or a path from the recipe's folder
      consumers: none       # or a path from the recipe's folder
      schema: none          # recognise the file by its content
      target: "15.15"       # the version of the consumer that a blob is judged for
    builds: {"7.11": crash, "7.16": refuse}   # what builds do with the file; building ignores it
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ccheck.files.regular_file import read_regular_text
from ccheck.text.quoting import did_you_mean
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from ccheck_schemas.recipe import way_back
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.record import Record, every_field
from ccheck_schemas.schema import RecipeError, Schema

_DEPTH = 8


MOST_VALUES = 5_000_000
"""Values of a recipe with its aliases written out, at most."""

DEEPEST = 300
"""Collections of a recipe inside each other, at most."""


def load_yaml(path: Path) -> Any:
    """The YAML of a file as plain values.

    Raises:
        RecipeError: The file cannot be read or is not YAML.
    """
    from ccheck.text.yaml_source import YamlError, parse

    try:
        return parse(read_regular_text(path), MOST_VALUES, DEEPEST).top
    except OSError as fault:
        raise RecipeError("", f"{path} could not be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise RecipeError("", f"{path} could not be read: {fault}") from fault
    except YamlError as fault:
        raise RecipeError("", f"line {fault.line}: {fault.detail}") from fault


def build_file(path: Path, schemas: Sequence[Schema], notes: list[str] | None = None) -> bytes:
    """The bytes of the recipe in `path`.

    Args:
        path: The recipe.
        schemas: The formats that it may be of.
        notes: Gets a line for each place where the recipe contradicts itself, and is built all the same.

    Raises:
        RecipeError: The recipe cannot be built. The error names the key.
    """
    return _build(load_yaml(path), path, schemas, 0, notes)


def _refuse_unknown_setting(top: Part) -> None:
    """Refuses a setting that no recipe has.

    Raises:
        RecipeError: There is one.
    """
    if not top.has("setting"):
        return
    part = top.mapping("setting")
    named = {key: part.text(key, default="") for key in ("definitions", "consumers", "schema", "target")}
    if named["schema"] not in ("", "none"):
        raise RecipeError(part.where("schema"), f"{named['schema']!r} is not none")
    part.done()


def _build(recipe: Any, path: Path, schemas: Sequence[Schema], depth: int, notes: list[str] | None) -> bytes:
    top = Part(recipe)
    schema = _schema(top.text("schema"), schemas)
    top.text("why", default="")
    _refuse_unknown_setting(top)
    if top.has("builds"):
        top.mapping("builds")
    edits = list(top.parts("edits", default=[]))
    sealed = top.texts("seal") if top.has("seal") else (["size", "checksum"] if edits else [])
    for name in sealed:
        if name not in ("size", "checksum"):
            raise RecipeError("seal", f"{name!r} is neither size nor checksum")
    if top.has("base"):
        if depth > _DEPTH:
            raise RecipeError("base", f"recipes build on each other more than {_DEPTH} deep")
        base = path.parent / top.text("base")
        data = _build(load_yaml(base), base, schemas, depth + 1, notes)
    else:
        top.mapping("content")
        try:
            data = way_back.build(schema, recipe["content"], notes)
        except RecipeError as fault:
            raise RecipeError(f"content.{fault.path}" if fault.path else "content", fault.detail) from fault
    top.done()
    for edit in edits:
        data = _edit(data, edit, schema)
        edit.done()
    if not sealed:
        return data
    return fix_up(data, read(schema.layout, data), sizes="size" in sealed, checksums="checksum" in sealed)


def _schema(name: str, schemas: Sequence[Schema]) -> Schema:
    for schema in schemas:
        if schema.name == name:
            return schema
    names = [schema.name for schema in schemas]
    raise RecipeError(
        "schema", f"{name!r} is not known; known are {', '.join(names)}{did_you_mean(name, names)}"
    )


def _edit(data: bytes, edit: Part, schema: Schema) -> bytes:
    size = len(data)
    if edit.has("set"):
        record, name = locate(read(schema.layout, data).root, edit.text("set"), edit.where("set"))
        span = record.span(name)
        if edit.has("to"):
            value = edit.integer("to", -(1 << 63), (1 << 64) - 1)
            packer = record.packer(name)
            if packer is None:
                raise RecipeError(edit.where("to"), "the field is no integer; give its bytes as hex")
            try:
                new = packer.pack(value)
            except struct.error:
                raise RecipeError(
                    edit.where("to"), f"{value} does not fit into {span.length} bytes"
                ) from None
        else:
            new = _hex(edit, "hex")
            if len(new) != span.length:
                raise RecipeError(edit.where("hex"), f"{len(new)} bytes given, the field has {span.length}")
        return data[: span.offset] + new + data[span.end :]
    if edit.has("at"):
        at, new = edit.integer("at", 0, size), _hex(edit, "hex")
        return data[:at] + new + data[at + len(new) :]
    if edit.has("insert"):
        at = edit.integer("insert", 0, size)
        return data[:at] + _hex(edit, "hex") + data[at:]
    if edit.has("truncate"):
        return data[: edit.integer("truncate", 0, size)]
    if edit.has("append"):
        return data + _hex(edit, "append")
    if edit.has("remove"):
        at = edit.integer("remove", 0, size)
        return data[:at] + data[at + edit.integer("length", 0, size - at) :]
    if edit.has("zero_from"):
        at = edit.integer("zero_from", 0, size)
        return data[:at] + bytes(size - at)
    raise RecipeError(edit.path, "an edit is set, at, insert, remove, truncate, append or zero_from")


def _hex(edit: Part, key: str) -> bytes:
    try:
        return bytes.fromhex(edit.text(key))
    except ValueError:
        raise RecipeError(edit.where(key), "pairs of hex digits belong here") from None


def locate(root: Record, path: str, where: str = "") -> tuple[Record, str]:
    """The record and the name of its field that a path such as ``instances[0].type_id`` means.

    Raises:
        RecipeError: The path names no field.
    """
    for record, name, _ in every_field(root):
        if record.span(name).path == path:
            return record, name
    raise RecipeError(where, f"the file has no field {path!r}; ccheck show names them all")


def dump_yaml(recipe: Mapping[str, Any], schema: str, *, ascii_only: bool = False) -> str:
    """The YAML of a recipe that `build_file` accepts.

    Args:
        recipe: The recipe.
        schema: The name of its format.
        ascii_only: Whether to escape all else, for a terminal.
    """
    from io import StringIO

    from ruamel.yaml import YAML

    out = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = None
    writer.width = 120
    writer.allow_unicode = not ascii_only
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # the library types the attribute as None
    writer.dump({"schema": schema, "content": recipe}, out)
    return out.getvalue()
