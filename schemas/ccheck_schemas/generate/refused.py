"""What a generator cannot write."""

from __future__ import annotations


class NotGenerated(Exception):
    """A schema that a generator does not understand.

    Attributes:
        reason: The node, and its place.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
