"""The log of an agent that runs in the background."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from cmdop_browser._directories import log_directory
from cmdop_browser._log_lines import as_text

if TYPE_CHECKING:
    from pathlib import Path

    from cmdop_browser.settings import Settings

_TAIL: Final = 4096


def log_path(agent: str, settings: Settings) -> Path:
    """Where the agent called *agent* logs to when a client started it."""
    return (settings.log_dir or log_directory()) / f"{agent}.log"


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
    return "\n".join(as_text(line) for line in text.strip().splitlines())
