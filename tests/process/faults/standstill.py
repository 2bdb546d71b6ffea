"""Making the first thread of a process stand still while its other threads run on: what a hang looks like.

A stopped process (SIGSTOP) is told by its state. One that hangs is not: it lives, it
takes connections, and does not answer. The kernel's tracing does that to a single thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEIZE: Final = 0x4206
_INTERRUPT: Final = 0x4207
_DETACH: Final = 17
_WALL: Final = 0x40000000


def _ptrace(request: int, pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, pid, None, None):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def hold(pid: int) -> None:
    """Have the first thread of *pid* stand still, until `let_go` or the end of this process.

    Raises:
        OSError: The process is gone, or the system does not allow it.
    """
    _ptrace(_SEIZE, pid)
    _ptrace(_INTERRUPT, pid)


def let_go(pid: int) -> None:
    """Have it run on; it must be called from the thread that called `hold`."""
    # It stands still only once the kernel says so, and cannot be let go of before. One that
    # was killed stays a zombie until its tracer has asked for its end.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, _WALL)
    with contextlib.suppress(OSError):  # it was killed meanwhile
        _ptrace(_DETACH, pid)


@contextlib.contextmanager
def held(*pids: int) -> Iterator[None]:
    """Hold processes for as long as the block lasts."""
    for pid in pids:
        hold(pid)
    try:
        yield
    finally:
        for pid in pids:
            let_go(pid)


def resume(pid: int) -> None:
    """Have a process that was stopped by SIGSTOP run on; one that is gone is none of it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
