"""Strict validation of content before a kernel driver reads it.

From Python: `validate` judges files, `gate` puts a release before the release gate; see docs/api.md.
"""

from ccheck.version import __version__ as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ccheck.api import WrongUsage as WrongUsage
    from ccheck.api import gate as gate
    from ccheck.api import validate as validate

__all__ = ["WrongUsage", "__version__", "gate", "validate"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """The names of `ccheck.api`, loaded on first use."""
        if name in ("WrongUsage", "gate", "validate"):
            from ccheck import api

            return getattr(api, name)
        raise AttributeError(f"module 'ccheck' has no attribute {name!r}")
