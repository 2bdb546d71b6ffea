"""What Linux offers a process about its parent and its children; no-ops elsewhere."""

from __future__ import annotations

import os
import signal
import sys
from typing import Final

# From <linux/prctl.h>.
_SET_PARENT_DEATH_SIGNAL: Final = 1
_SET_CHILD_SUBREAPER: Final = 36


def adopt_orphans() -> bool:
    """Become the parent of whatever below this process loses its own; returns whether it worked."""
    return _prctl(_SET_CHILD_SUBREAPER, 1)


def end_with_parent(parent: int) -> None:
    """Have this process told to end when process *parent*, its parent, is gone, however that went."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:  # it was gone before
        os.kill(os.getpid(), signal.SIGTERM)


def _prctl(option: int, argument: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 -- only Linux pays for it

    result: int = ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)
    return result == 0
