"""A limit on the memory of this process that the programs it starts do not inherit.

Sanitizers reserve terabytes of address space for their shadow memory, so a program that is built with one
dies at its start under RLIMIT_DATA or RLIMIT_AS.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

_SPAWNS = frozenset(
    {
        "subprocess.Popen", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.system", "os.exec",
        "pty.spawn",
    }
)  # fmt: skip
"""The audit events that Python raises before it starts a program."""

_restore: Callable[[], None] | None = None
"""Sets the limit again; None as long as there is none."""
_lifted = False


def limit_memory(size: int) -> None:
    """Limit the data segment of this process: an allocation beyond it raises MemoryError.

    Only the soft limit is set. It is lifted before a program is started and set again by `restore_limit`. No
    limit is set on a system without RLIMIT_DATA, nor in a process that runs under a sanitizer itself.

    Args:
        size: In bytes.
    """
    global _restore  # the limit belongs to the process
    try:
        import resource
    except ImportError:
        return
    before, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = min([size, *(bound for bound in (before, most) if bound != resource.RLIM_INFINITY)])
    if _data_segment() > limit:
        return
    first = _restore is None

    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, most))

    def lift(event: str, _: tuple[object, ...]) -> None:
        global _lifted
        if event in _SPAWNS and not _lifted:
            _lifted = True
            resource.setrlimit(resource.RLIMIT_DATA, (before, most))

    lower()
    _restore = lower
    if first:
        sys.addaudithook(lift)


def restore_limit() -> None:
    """Set the limit again where starting a program has lifted it."""
    global _lifted
    if _lifted and _restore is not None:
        _lifted = False
        _restore()


def _data_segment() -> int:
    """The bytes of this process that RLIMIT_DATA counts, or 0 where the system does not say."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123 - read by line
            for line in status:
                if line.startswith("VmData:"):
                    return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    return 0
