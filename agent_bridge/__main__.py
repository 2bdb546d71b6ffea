"""`python -m agent_bridge`: serve, find or install a browser, clean up. What it does is in `commands`.

Imports next to nothing before it can be interrupted without a traceback.
"""

from __future__ import annotations

import gc
import signal
import sys

# As a shell has it.
_EXIT_INTERRUPTED = 130


def main() -> int:
    """Run a command; returns the exit code of the process."""
    # Modules are no garbage, and looking for it takes a tenth of the time in which they load.
    # An agent that has loaded itself looks for it again.
    gc.disable()
    try:
        # In the middle of an import Python may print an interrupt and go on: it has to wait. Whoever
        # gave its own place to this program has it wait already.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        from agent_bridge import commands  # noqa: PLC0415 -- this is what takes its time

        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return commands.main()
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
