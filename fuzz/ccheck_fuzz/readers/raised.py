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
    """Returns the crash of a Python reader from an exception, identified by its type and place in the code.

    Args:
        raised: The exception.
        name: The reader's name in reports.
        code: The code of its function, if that is written in Python.
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
