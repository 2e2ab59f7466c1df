"""The setting of a campaign beside a finding, whole, so that the folder can be run again anywhere."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from ccheck.config.options import is_schema_file
from ccheck.config.project import FILE_NAME, Project
from ccheck.files.regular_file import read_regular_text
from ccheck_fuzz.execution.context import CampaignContext
from ccheck_fuzz.execution.options import CampaignOptions

SETUP = "setup.json"
FILES = ("definitions.bin", "consumers.toml", "schema.py", FILE_NAME)
"""The files in a finding's folder that its setting names, if it has them."""
PACKAGE = "schema"
"""The folder with the package that a schema file lies in."""
_NOT_CARRIED = shutil.ignore_patterns("__pycache__", ".*", "*.pyc")


def carry(folder: Path, made: CampaignContext) -> None:
    """Writes what a campaign judges by into a folder: its `CampaignOptions`, and the files that they name."""
    options, context = made.options, made.validation.context
    if made.given.definitions is not None:
        (folder / "definitions.bin").write_bytes(made.given.definitions)
    # The builds of a project may be for other formats than this one.
    facts = any(one.facts for one in (made.schema, *made.schema.contents))
    consumers = context.consumers if facts else None
    if consumers is not None:
        shutil.copyfile(consumers.file, folder / "consumers.toml")
    policy = None if made.validation.project is None else _policy(made.validation.project)
    if policy is not None:
        (folder / FILE_NAME).write_text(policy, encoding="utf-8")
    carried = replace(
        options,
        schema=_carry_schema(folder, options.schema),
        config=None if policy is None else FILE_NAME,
        use_config=policy is not None,
        definitions=("definitions.bin",) if made.given.definitions is not None else (),
        consumers=None if consumers is None else "consumers.toml",
        target_version=context.target,
        on=context.on.isoformat(),
    )
    (folder / SETUP).write_text(carried.to_json() + "\n", encoding="utf-8")


def carry_on(finding: Path, folder: Path, final: Path) -> CampaignOptions:
    """Copy the setting of a finding's folder into another folder, and return it.

    A directory for the user's own interpreters is relative to the final folder, which may be part of what
    others check out.

    Args:
        finding: The folder of the finding.
        folder: The folder to copy to.
        final: Where that folder will be.
    """
    for name in FILES:
        if (finding / name).is_file():
            shutil.copyfile(finding / name, folder / name)
    if (finding / PACKAGE).is_dir():
        shutil.copytree(finding / PACKAGE, folder / PACKAGE, ignore=_NOT_CARRIED)
    options = words_of(finding)
    if options.directory is not None:
        here = Path(finding, options.directory).resolve()
        options = replace(options, directory=Path(os.path.relpath(here, final.resolve())).as_posix())
    (folder / SETUP).write_text(options.to_json() + "\n", encoding="utf-8")
    return options


def words_of(folder: Path) -> CampaignOptions:
    """Returns the setting that a folder carries, as it is written there."""
    return CampaignOptions.from_json(read_regular_text(folder / SETUP))


def options_of(folder: Path) -> CampaignOptions:
    """Returns the setting that a folder carries, with its paths made whole."""
    folder = folder.resolve()
    options = words_of(folder)
    schema = options.schema
    if is_schema_file(schema):
        schema = str(folder / schema)
        _forget_others(folder, options.schema)
    return replace(
        options,
        schema=schema,
        config=None if options.config is None else str(folder / options.config),
        definitions=tuple(str(folder / name) for name in options.definitions),
        consumers=None if options.consumers is None else str(folder / options.consumers),
        directory=None if options.directory is None else str((folder / options.directory).resolve()),
    )


def _carry_schema(folder: Path, schema: str) -> str:
    """Copy a schema file, with the package around it if it lies in one, and give its name in the folder."""
    if not is_schema_file(schema):
        return schema
    path = Path(schema).resolve()
    top = path.parent
    while (top / "__init__.py").is_file():
        top = top.parent
    if top == path.parent:
        shutil.copyfile(path, folder / "schema.py")
        return "schema.py"
    package = path.relative_to(top).parts[0]
    shutil.copytree(top / package, folder / PACKAGE / package, ignore=_NOT_CARRIED)
    return f"{PACKAGE}/{path.relative_to(top).as_posix()}"


def _forget_others(folder: Path, schema: str) -> None:
    """Unload modules of the same package from elsewhere: each finding is judged by its own copy."""
    parts = Path(schema).parts
    if len(parts) < 3 or parts[0] != PACKAGE:
        return
    place = str(folder / PACKAGE)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == parts[1] and not str(getattr(module, "__file__", "")).startswith(place):
            del sys.modules[name]


def _policy(project: Project) -> str | None:
    """Returns what a ccheck.toml says beyond paths and versions, which the setting names.

    None for nothing.
    """
    lines = ["format = 1"]
    if project.max_findings is not None:
        lines += ["", "[limits]", f"max_findings = {project.max_findings}"]
    if project.severities:
        lines += ["", "[severity]"]
        lines += [f"{_quoted(check)} = {_quoted(word.value)}" for check, word in project.severities.items()]
    for one in project.suppressions:
        lines += ["", "[[suppress]]", f"check = {_quoted(one.check)}", f"reason = {_quoted(one.reason)}"]
        lines += [f"expires = {one.expires.isoformat()}"]
        lines += [] if one.file is None else [f"file = {_quoted(one.file)}"]
        lines += [] if one.path is None else [f"path = {_quoted(one.path)}"]
    return None if len(lines) == 1 else "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Returns a text as a basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
