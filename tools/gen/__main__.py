"""``python -m tools.gen`` writes the generated code; ``--check`` only compares."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.gen import flavours, stubs

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit code: 1 when the committed files differ or cannot be generated.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.gen", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing, exit 1 on a difference")
    check = parser.parse_args(argv).check
    try:
        trees = [stubs.generate(ROOT), flavours.generate(ROOT)]
    except flavours.GenerationError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- a command line
        return 1
    if not check:
        for tree in trees:
            tree.write()
        return 0
    differences = [difference for tree in trees for difference in tree.differences()]
    for difference in differences:
        print(difference)  # noqa: T201 -- a command line
    if differences:
        print("run: python -m tools.gen")  # noqa: T201 -- a command line
    return bool(differences)


if __name__ == "__main__":
    sys.exit(main())
