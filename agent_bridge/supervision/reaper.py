"""``python -m agent_bridge.supervision.reaper NOTE LOG``: waits for an agent's death, then cleans up.

The agent holds the other end of the pipe that is this program's stdin. However the agent
ends, the kernel closes that end. One byte that comes before says that there is nothing
left to do.

It is small for as long as it waits: what it needs to clean up is imported only then.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Final

# What stops an agent is not meant for this program, which has work to do afterwards.
_IGNORED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
# Processes that are in the middle of a system call die when it is over.
_LIMIT_SECONDS: Final = 8.0
_PAUSE: Final = 0.05


def main(words: list[str]) -> int:
    """Wait for the agent to end; returns the exit code: 1 when something is left of it."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    note, log_word = words
    if os.read(sys.stdin.fileno(), 1):
        return 0
    return 0 if _clean(note, log_word) else 1


def _clean(note: str, log_word: str) -> bool:
    from pathlib import Path  # noqa: PLC0415 -- see above

    from agent_bridge.observation import log  # noqa: PLC0415
    from agent_bridge.supervision import orphans  # noqa: PLC0415

    log.set_up_alike(log_word)
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not orphans.clean(Path(note)):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
