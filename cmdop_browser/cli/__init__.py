"""The ``cmdop-browser`` command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cmdop_browser.cli.interrupts import Interrupts

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows the program's name; ``sys.argv``'s when None.

    Returns:
        The exit code, as ``docs/operations.md`` lists them.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    interrupts = Interrupts(at_the_end=arguments is None)
    try:
        with interrupts:
            try:
                from cmdop_browser.cli.app import run

                return run(words)
            except KeyboardInterrupt:
                return _interrupted(interrupts, words)
    except KeyboardInterrupt:  # once more, before that was ignored
        return _interrupted(interrupts, words)


def _interrupted(interrupts: Interrupts, words: Sequence[str]) -> int:
    interrupts.ignore()
    from cmdop_browser.cli.app import interrupted

    return interrupted(words)
