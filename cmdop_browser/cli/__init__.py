"""The ``cmdop-browser`` command.

Imports nothing before `main` has begun: whatever interrupts it earlier ends in a traceback.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmdop_browser.cli.interrupts import Interrupts

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows the program's name; ``sys.argv``'s when None.

    Returns:
        The exit code, as ``docs/operations.md`` lists them.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    interrupts = None
    try:
        from cmdop_browser.cli.interrupts import Interrupts

        interrupts = Interrupts(at_the_end=arguments is None)
        with interrupts:
            try:
                interrupts.hold()
                from cmdop_browser.cli.app import run

                interrupts.let_go()
                return run(words)
            except KeyboardInterrupt:
                return _interrupted(interrupts, words)
    except KeyboardInterrupt:  # before there was anything to end, or once more before that was ignored
        return _interrupted(interrupts, words)


def _interrupted(interrupts: Interrupts | None, words: Sequence[str]) -> int:
    if interrupts is not None:
        interrupts.ignore()
    from cmdop_browser.cli.app import interrupted

    return interrupted(words)
