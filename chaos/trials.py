"""The trials that a matrix is made of: those made, kept in a file, and those still to be made."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Final, Self

from chaos.cells import Cell
from chaos.documented import is_timed
from chaos.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TextIO

# Of the processors' time. Beyond it a trial tells more of what else the host does than of what is tried.
_STOLEN: Final = 0.1


def is_undisturbed(trial: Trial) -> bool:
    """Whether the machine had its processors during the trial, so that its times say something."""
    return trial.stolen <= _STOLEN


class Trials:
    """All trials of some cells: a context manager, which holds the file open.

    Attributes:
        of: The trials made of each cell.
    """

    def __init__(self, wanted: int, file: Path, *, resume: bool) -> None:
        """Begin with no trial, or with those that are in *file*.

        Args:
            wanted: How many of each cell.
            file: Where each trial is a line of JSON.
            resume: Whether to go on with what is there.
        """
        self.of: defaultdict[Cell, list[Trial]] = defaultdict(list)
        self.wanted = wanted
        self._file = file
        self._resume = resume
        self._lines: TextIO | None = None

    def __enter__(self) -> Self:
        if self._resume and self._file.exists():
            for line in self._file.read_text().splitlines():
                trial = Trial(**json.loads(line))
                self.of[Cell.named(trial.cell)].append(trial)
        self._lines = self._file.open("a" if self._resume else "w")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._lines is not None
        self._lines.close()

    def add(self, cell: Cell, trial: Trial) -> None:
        """Note a trial; whoever breaks a long run off has what came until then."""
        assert self._lines is not None
        self.of[cell].append(trial)
        self._lines.write(json.dumps(trial.to_dict()) + "\n")
        self._lines.flush()

    def missing(self, cells: Sequence[Cell]) -> list[tuple[Cell, int]]:
        """What is to be made, with the number of each trial, for each cell to have as many as are wanted.

        A round of all cells after the other, so that a slow minute of the machine hits no
        cell alone. The number chooses the flavour: with one trial of each cell both have
        their share, too.
        """
        short = {cell: self.wanted - sum(_counts(cell, trial) for trial in self.of[cell]) for cell in cells}
        return [
            (cell, len(self.of[cell]) + number + position)
            for number in range(max(short.values(), default=0))
            for position, cell in enumerate(cells)
            if number < short[cell]
        ]


def _counts(cell: Cell, trial: Trial) -> bool:
    """Whether it need not be made again."""
    return bool(trial.wrong) or not is_timed(cell) or is_undisturbed(trial)
