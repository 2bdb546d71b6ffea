"""The log of an agent that runs in the background."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from cmdop_browser._directories import log_directory

if TYPE_CHECKING:
    from pathlib import Path

    from cmdop_browser.settings import Settings

_LARGEST: Final = 5 * 1024 * 1024
_KEPT: Final = 3
_TAIL: Final = 4096


def log_path(agent: str, settings: Settings) -> Path:
    """Where the agent called *agent* logs to when a client started it."""
    return (settings.log_dir or log_directory()) / f"{agent}.log"


def open_log(path: Path) -> int:
    """Open the log for appending, readable by this user alone; first rotate one that grew large.

    Returns:
        A descriptor for the caller to close.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    _rotate(path)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def read_tail(path: Path, start: int = 0) -> str:
    """The last few lines of the log, none of them from before offset *start*."""
    try:
        with path.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            cut = max(start, end - _TAIL)
            log.seek(cut)
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return ""
    if cut > start:
        text = text.partition("\n")[2]
    return text.strip()


def _rotate(path: Path) -> None:
    try:
        if path.stat().st_size < _LARGEST:
            return
    except FileNotFoundError:
        return
    for number in range(_KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    path.rename(path.with_name(f"{path.name}.1"))
