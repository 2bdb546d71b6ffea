"""The log of an agent in the background: opened by who starts it, set aside by either when it has grown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_LOG: Final = 5 * 1024 * 1024
_KEPT: Final = 3


def open_log(path: Path) -> int:
    """Open the log for appending, readable by this user alone; first set aside one that grew large.

    Returns:
        A descriptor for the caller to close.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    _set_aside(path)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def set_aside_logs(path: Path) -> list[Path]:
    """The files that were set aside and are still there, the latest first."""
    names = (path.with_name(f"{path.name}.{number}") for number in range(1, _KEPT + 1))
    return [name for name in names if name.exists()]


def _set_aside(path: Path) -> None:
    try:
        if path.stat().st_size < LARGEST_LOG:
            return
    except FileNotFoundError:
        return
    for number in range(_KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    path.rename(path.with_name(f"{path.name}.1"))
