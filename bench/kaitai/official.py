"""The official compiler, and the parsers that it makes: both in processes of their own."""

from __future__ import annotations

import json
import re
import selectors
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.kaitai import sources
from bench.kaitai.values import Value

_IMPORT = re.compile(r"^import (\w+)$", re.MULTILINE)
HERE = Path(__file__).resolve().parent
SECONDS = 60.0
"""For compiling one description."""
READING = 30.0
"""For reading the samples of one."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A description that the official compiler took, or did not.

    Attributes:
        error: Why not.
        folder: The folder with the modules.
        modules: Their names.
        module: The one of the description itself.
        class_: Its class.
        fields: The fields of all classes.
    """

    error: str = ""
    folder: Path = Path()
    modules: tuple[str, ...] = ()
    module: str = ""
    class_: str = ""
    fields: sources.Fields | None = None


@dataclass(frozen=True, slots=True)
class OfficialReading:
    """What the official parser says of a file.

    Attributes:
        made: Whether there is such a parser, and it came to an end.
        error: Why it refuses the file, or why there is none.
        values: The top record, with what was calculated apart.
    """

    made: bool
    error: str = ""
    values: Value = None


def missing(compiler: Path | None) -> str:
    """What is missing to run the compiler; empty if nothing is."""
    if compiler is None:
        return "no official compiler was named (--compiler)"
    if not compiler.is_file():
        return f"there is no {compiler}"
    return "" if shutil.which("node") else "there is no node, which runs the official compiler"


class Compiler:
    """The compiler, in a process that serves many descriptions, and begins anew after one that ends it."""

    def __init__(self, script: Path, roots: list[Path]) -> None:
        """script: kaitai-struct-compiler.js; roots: where absolute imports begin."""
        self._script = script
        self._roots = roots
        self._process: subprocess.Popen[bytes] | None = None

    def compile(self, path: Path, folder: Path) -> Compiled:
        """Compiles a description into a folder."""
        try:
            top = sources.load(path)
            imports = sources.closure(path, top, self._roots)
        except (sources.Unreadable, RecursionError) as fault:
            return Compiled(error=str(fault))
        answer = self._answer({"top": top, "imports": imports})
        if "error" in answer:
            return Compiled(error=str(answer["error"]).strip().replace("\n", " "))
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in answer["files"].items():
            (folder / name).write_text(text, encoding="utf-8")
        known = sources.fields([*imports.values(), top])
        modules = {file.removesuffix(".py") for file in answer["files"]}
        # Types that are defined elsewhere (ks-opaque-types): other descriptions beside this one have some.
        for needed in sorted({one for text in answer["files"].values() for one in _IMPORT.findall(text)}):
            beside = path.with_name(f"{needed}.ksy")
            if not (folder / f"{needed}.py").exists() and beside.is_file():
                other = self.compile(beside, folder)
                modules |= set(other.modules)
                known |= other.fields or {}
        name = str(top["meta"]["id"])
        return Compiled("", folder, tuple(sorted(modules)), name, sources.class_name(name), known)

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def _answer(self, task: dict[str, Any]) -> dict[str, Any]:
        if self._process is None:
            node = shutil.which("node") or "node"
            self._process = subprocess.Popen(
                [node, str(HERE / "compile.js"), str(self._script)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        to, back = self._process.stdin, self._process.stdout
        if to is None or back is None:
            raise RuntimeError("the compiler has no pipes")
        try:
            to.write(json.dumps(task).encode() + b"\n")
            to.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(back, selectors.EVENT_READ)
                line = back.readline() if selector.select(SECONDS) else b""
        except BrokenPipeError:
            line = b""
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.close()
        return {"error": "the compiler crashed or hung"}


def read(compiled: Compiled, samples: list[Path], more: list[Path]) -> list[OfficialReading]:
    """Reads files with a compiled parser, in a process of its own; in a new one after a file that ends it.

    Args:
        compiled: What was compiled.
        samples: The files.
        more: Folders with modules that parsers import, such as processors of one's own.
    """
    if compiled.error:
        return [OfficialReading(made=False, error=f"not compiled: {compiled.error}")] * len(samples)
    found: list[OfficialReading] = []
    while len(found) < len(samples):
        ready, answers, ended = _run(compiled, samples[len(found) :], more)
        if not ready:
            return found + [OfficialReading(False, f"no parser: {ended}")] * (len(samples) - len(found))
        found += answers
        if len(found) < len(samples):
            found.append(OfficialReading(made=False, error=ended))
    return found


def _run(
    compiled: Compiled, samples: list[Path], more: list[Path]
) -> tuple[bool, list[OfficialReading], str]:
    """Returns whether there is a parser, its readings as far as they came, and how its process ended."""
    task = {
        "folders": [str(folder) for folder in (compiled.folder, *more)],
        "modules": compiled.modules, "module": compiled.module, "class": compiled.class_,
        "fields": compiled.fields, "samples": [str(sample) for sample in samples],
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, str(HERE / "official_reader.py")],
            input=json.dumps(task).encode(), capture_output=True, timeout=READING, check=False,
        )  # fmt: skip
        lines, said = done.stdout.splitlines(), done.stderr.decode(errors="replace").strip()
    except subprocess.TimeoutExpired as late:
        lines, said = (late.stdout or b"").splitlines(), f"no answer in {READING:.0f} seconds"
    ended = said.splitlines()[-1][:200] if said else "the parser's process ended"
    answers = [json.loads(line) for line in lines if line.endswith(b"}")]
    readings = [
        OfficialReading(True, one["error"] or "; ".join(one["late"][:1]), one["values"])
        for one in answers[1:]
    ]
    return bool(answers), readings, ended
