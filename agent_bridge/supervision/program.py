"""How one part of the agent's program starts another as a process of its own."""

from __future__ import annotations

import os
import sys


def command(module: str, *words: str) -> list[str]:
    """The command line that runs *module* with these words."""
    # -P, or a file of the current directory could stand in for a module of ours.
    return [sys.executable, "-P", "-m", module, *words]


def environment(**variables: str) -> dict[str, str]:
    """This process's environment with *variables*, in which the program finds itself from anywhere."""
    places = os.pathsep.join(path for path in sys.path if path)
    return {**os.environ, "PYTHONPATH": places, **variables}
