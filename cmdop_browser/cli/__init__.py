"""The ``cmdop-browser`` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from cmdop_browser.cli.app import run

    return run(arguments)
