"""The crash that an exception of a Python reader is."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import CodeType

from ccheck.core.users_code import traceback_of, words_of
from ccheck_fuzz.readers.foreign import ForeignOutcome
from ccheck_interpreter.trap import Operation, Provenance, TrapData

HERE = str(Path(__file__).parent)
"""The folder of the readers, whose own frames name no place."""


def raised_outcome(raised: BaseException, name: str, code: CodeType | None) -> ForeignOutcome:
    """Returns the crash of a Python reader that an exception is: identified by the type and by the place in
    its code.

    Args:
        raised: The exception.
        name: What reports call the reader.
        code: Of its function, where that is written in Python.
    """
    trace = traceback.extract_tb(raised.__traceback__)
    frames = [frame for frame in trace if not frame.filename.startswith(HERE)]
    folder = None if code is None else str(Path(code.co_filename).parent)
    own = [frame for frame in frames if folder is not None and str(Path(frame.filename).parent) == folder]
    kind = type(raised).__name__
    if frames:
        where = (own or frames)[-1]
        place = f"{Path(where.filename).name}:{where.name}"
        detail = f"{words_of(raised)} ({Path(where.filename).name}:{where.lineno}, in {where.name})"
    else:
        place = name
        detail = f"{words_of(raised)} (in {name})"
    data = TrapData("exception", Operation(kind, place), detail=detail, provenance=Provenance(name))
    return ForeignOutcome(name, "python", "crash", trap=data, output=traceback_of(raised))
