"""A folder for a format of one's own, written from the template next to this file.

The template is itself a format, called newformat, which linters, type checker and tests read like all other
code. Its name is replaced. Without an interpreter, its files and the lines that are marked with
``# <interpreter>`` are left out.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
import shutil
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ccheck.formats.registry import every

TEMPLATE = "newformat"
"""The name of the template's format, wherever it occurs in names and texts of files."""

_MAGIC = 'b"\\x89NEW"'
_INTERPRETER = ("interpreter.py", "exercise.py")
_MARKED = re.compile(r"^(.*?)  # <interpreter>\n", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_FOLDERS = ("corpus", "tests")


class ScaffoldError(Exception):
    """A folder that cannot be written. detail: why."""


def complaint(name: str) -> str | None:
    """Why a format cannot have this name, or None."""
    if _NAME.fullmatch(name) is None or keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return (
            "a name is 2 to 40 small letters, digits and underscores, begins with a letter, and is no word of"
            " Python"
        )
    if name in {known.name for known in every()}:
        return "there is a format of this name already"
    if name in _FOLDERS:
        return "the format's folder has another folder of this name"
    if name in sys.stdlib_module_names or importlib.util.find_spec(name) is not None:
        return "there is a Python module of this name already"
    return None


def write(name: str, folder: Path, *, interpreter: bool) -> tuple[Path, ...]:
    """Write the format `name` into `folder`, which must not exist; all of it or nothing.

    Returns:
        The files, relative to the folder.

    Raises:
        ScaffoldError: The name cannot be used, or the folder exists.
    """
    wrong = complaint(name)
    if wrong is not None:
        raise ScaffoldError(f"{name!r} cannot be used: {wrong}")
    if folder.exists() or folder.is_symlink():
        raise ScaffoldError(f"{folder} is there already")
    texts = _texts(files("ccheck.cli") / "template", Path(), name, interpreter=interpreter)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        try:
            for path, text in texts.items():
                (part / path).parent.mkdir(parents=True, exist_ok=True)
                (part / path).write_text(text, encoding="utf-8", newline="\n")
            part.rename(folder)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as fault:
        raise ScaffoldError(f"{folder}: {fault.strerror}") from fault
    return tuple(texts)


def _texts(source: Traversable, place: Path, name: str, *, interpreter: bool) -> dict[Path, str]:
    """The files of the template below `source` by their paths, rendered."""
    texts: dict[Path, str] = {}
    for item in sorted(source.iterdir(), key=lambda item: item.name):
        path = place / _named(item.name, name)
        if item.is_dir():
            if item.name != "__pycache__":
                texts |= _texts(item, path, name, interpreter=interpreter)
        elif interpreter or item.name not in _INTERPRETER:
            texts[path] = _rendered(item.read_text(encoding="utf-8"), name, interpreter=interpreter)
    return texts


def _rendered(text: str, name: str, *, interpreter: bool) -> str:
    magic = name.upper()[:3].ljust(3, "_")
    text = _MARKED.sub(r"\1\n" if interpreter else "", text)
    return _named(text.replace(_MAGIC, f'b"\\x89{magic}"'), name)


def _named(text: str, name: str) -> str:
    """The text with the format's name: with dashes in names of checks, in capitals in constants."""
    for old, new in (
        (f"{TEMPLATE}-", f"{name.replace('_', '-')}-"),
        (TEMPLATE, name),
        (TEMPLATE.upper(), name.upper()),
    ):
        text = text.replace(old, new)
    return text
