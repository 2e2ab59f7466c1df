"""Models of the files that were met last, so that a file that was just made need not be read again."""

from __future__ import annotations

from ccheck_fuzz.model.frame import Frame, Model
from ccheck_fuzz.model.opened import opened
from ccheck_schemas.schema import Schema

MOST_BYTES = 64 << 20
"""What the models that are kept may weigh, roughly."""


class Models:
    """A bounded cache of models by their bytes; the least recently used go first."""

    def __init__(self, schema: Schema, most: int = MOST_BYTES) -> None:
        self.schema = schema
        self._most = most
        self._weight = 0
        self._kept: dict[bytes, tuple[Model, int]] = {}

    def get(self, data: bytes) -> Model:
        """Returns the model of a file: the one that was put, or a new one."""
        held = self._kept.pop(data, None)
        if held is not None:
            self._kept[held[0].data] = held
            return held[0]
        model = opened(self.schema, bytes(data))
        self.put(model)
        return model

    def put(self, model: Model) -> None:
        """Keep the model of a file that was just made."""
        frame: Frame = model.frame
        weight = 300 + len(model.data) + frame.weight()
        if weight > self._most:
            return
        before = self._kept.pop(model.data, None)
        self._kept[model.data] = (model, weight)
        self._weight += weight - (before[1] if before is not None else 0)
        while self._weight > self._most:
            oldest = next(iter(self._kept))
            self._weight -= self._kept.pop(oldest)[1]

    def __len__(self) -> int:
        """Returns how many models are kept."""
        return len(self._kept)
