"""What the system refuses, mostly because something is used up: that says nothing of the agent."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cmdop_browser.exceptions import CMDOPError, ConnectionError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIPS: Final = {
    errno.EMFILE: (
        "close what is done with: each client, file and connection of this process is one of them",
        "or allow it more: ulimit -n",
    ),
    errno.ENFILE: ("all processes of this machine together have too many: see sysctl fs.file-nr",),
    errno.ENOMEM: ("make room: the machine, or the container, has no memory left",),
}


def is_shortage(error: Exception) -> bool:
    """Whether this process, or the machine, has run out of what a call of the system needs."""
    return bool(tips_for(error))


def tips_for(error: Exception) -> tuple[str, ...]:
    """What to do about a shortage; nothing for another error."""
    return _TIPS.get(error.errno or 0, ()) if isinstance(error, OSError) else ()


def reason_of(error: OSError) -> str:
    """What the system says, and about which file."""
    why = (error.strerror or str(error)).lower()
    return f"{error.filename}: {why}" if error.filename else why


def is_of_the_system(error: OSError) -> bool:
    """Whether a call of the system failed; False for an error of ours, or of the handler of a signal.

    Handlers raise between any two steps, and what they raise, such as a `TimeoutError`, is the caller's.
    """
    return error.errno is not None and not isinstance(error, CMDOPError)


@contextmanager
def told_as_ours(what: str) -> Iterator[None]:
    """Raise what the system refuses as an error of ours, which begins with *what*.

    Raises:
        ConnectionError: It refused something.
    """
    try:
        yield
    except OSError as error:
        if not is_of_the_system(error):
            raise
        raise ConnectionError(f"{what}: {reason_of(error)}", tips=tips_for(error)) from error
