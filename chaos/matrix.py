"""The matrix: every cell, so many trials each, and what of it is not as documented."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.progress import Progress

from chaos.cells import During, Fault, Mode, Victim, all_cells
from chaos.documented import NotHere, detection_limit, documented, is_timed, recovery_limit
from chaos.facts import Stolen, facts, quantiles
from chaos.report import console, show
from chaos.trials import Trials, is_undisturbed
from chaos.workers import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from chaos.cells import Cell
    from chaos.trial import Trial

# Trials that the machine's host disturbed are made again, and what it disturbs again, once more.
_ATTEMPTS: Final = 3


@dataclass(frozen=True)
class Wanted:
    """Which cells, and how often.

    Attributes:
        trials: Of each cell.
        workers: How many benches work at once; where a time is held against a limit, one.
    """

    victims: Collection[Victim] = tuple(Victim)
    faults: Collection[Fault] = tuple(Fault)
    during: Collection[During] = tuple(During)
    modes: Collection[Mode] = tuple(Mode)
    trials: int = 20
    workers: int = 2

    def cells(self) -> list[Cell]:
        """Those cells, the ones that do not apply included."""
        return [
            cell
            for cell in all_cells()
            if cell.victim in self.victims
            and cell.fault in self.faults
            and cell.during in self.during
            and cell.mode in self.modes
        ]


async def run(wanted: Wanted, log: Path, *, resume: bool = False) -> dict[str, Any]:
    """Make all trials; returns the report, whose `wrong` is empty when all is well.

    Args:
        wanted: The cells.
        log: Of the workers; beside it is a file with each trial.
        resume: Whether to count the trials that this file has.
    """
    began = time.monotonic()
    cells = wanted.cells()
    applying = [cell for cell in cells if not isinstance(documented(cell), NotHere)]
    # What is timed has the machine to itself. Of the rest most of the time is waiting.
    timed = [cell for cell in applying if recovery_limit(cell) is not None]
    others = [cell for cell in applying if recovery_limit(cell) is None]
    stolen = Stolen()
    with (
        Progress(console=console, transient=True) as progress,
        Trials(wanted.trials, log.with_suffix(".jsonl"), resume=resume) as trials,
    ):
        bar = progress.add_task("trials", total=len(trials.missing(applying)))

        def note(cell: Cell, trial: Trial) -> None:
            trials.add(cell, trial)
            progress.advance(bar)

        for together, workers in ((timed, 1), (others, wanted.workers)):
            for _ in range(_ATTEMPTS):
                await _make(trials.missing(together), workers, log, note)
    rows = [row_of(cell, trials.of[cell], wanted.trials) for cell in applying]
    return {
        "what": "matrix",
        "facts": facts(),
        "seconds": round(time.monotonic() - began, 1),
        "stolen": stolen.share(),
        "trials": sum(row["trials"] for row in rows),
        "undisturbed": sum(row["undisturbed"] for row in rows),
        "hangs": sum(row["hangs"] for row in rows),
        "bare_exceptions": sum(row["bare"] for row in rows),
        "cells": rows,
        "not_applicable": {
            str(cell): due.why for cell in cells if isinstance(due := documented(cell), NotHere)
        },
        "wrong": [f"{row['cell']}: {wrong}" for row in rows for wrong in row["wrong"]],
    }


async def _make(
    queue: list[tuple[Cell, int]], workers: int, log: Path, note: Callable[[Cell, Trial], None]
) -> None:
    """Make the trials of these cells and numbers."""

    async def work() -> None:
        async with Worker(log) as worker:
            while queue:
                cell, number = queue.pop(0)
                note(cell, await worker.make(cell, number))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(workers, len(queue))):
            group.create_task(work())


def row_of(cell: Cell, trials: Sequence[Trial], wanted: int) -> dict[str, Any]:
    """What came of the trials of a cell, held against its limits where *wanted* are enough to tell."""
    wrong = [f"{trial.flavour}: {each}" for trial in trials for each in trial.wrong]
    quiet = [trial for trial in trials if is_undisturbed(trial)]
    detection = quantiles([trial.detection for trial in quiet if trial.detection is not None])
    recovery = quantiles([trial.recovery for trial in quiet if trial.recovery is not None])
    known_within, again_within = detection_limit(cell), recovery_limit(cell)
    if known_within is not None and detection is not None and detection["max"] > known_within:
        wrong.append(f"known after {detection['max']:.2f} s, not {known_within:g} s")
    if again_within is not None and recovery is not None and recovery["p95"] > again_within:
        wrong.append(f"works again after {recovery['p95']:.2f} s (p95), not {again_within:g} s")
    if is_timed(cell) and 2 * len(quiet) < wanted:
        wrong.append(f"the machine had its processors in {len(quiet)} trials: its times cannot be told")
    return {
        "cell": str(cell),
        **cell.to_dict(),
        "documented": str(documented(cell)),
        "trials": len(trials),
        "undisturbed": len(quiet),
        "as_documented": sum(not trial.wrong for trial in trials),
        "hangs": sum(trial.hung for trial in trials),
        "bare": sum(trial.bare for trial in trials),
        "detection": detection,
        "recovery": recovery,
        "wrong": wrong,
    }


def print_report(report: dict[str, Any]) -> None:
    """Print the table."""
    columns = ("victim", "fault", "during", "mode", "documented", "ok", "timed", "known", "p50", "p95", "max")
    rows = []
    for row in report["cells"]:
        known, again = row["detection"] or {}, row["recovery"] or {}
        rows.append(
            (
                *(row[name] for name in columns[:5]),
                f"{row['as_documented']}/{row['trials']}",
                row["undisturbed"],
                known.get("max"),
                *(again.get(name) for name in columns[8:]),
                not row["wrong"],
            )
        )
    show("matrix: seconds until a fault is known (max), and until a call works again", columns, rows)
    whys: dict[str, set[str]] = defaultdict(set)
    for cell, why in report["not_applicable"].items():
        whys[why].add(" ".join(cell.split()[:2]))
    for why, which in whys.items():
        console.print(f"[dim]does not apply: {', '.join(sorted(which))}: {why}[/]")
