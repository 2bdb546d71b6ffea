"""``python -m chaos matrix|submits|restored|soak|election``; see docs/resilience.md."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chaos import matrix, report
from chaos.cells import During, Fault, Mode, Victim

if TYPE_CHECKING:
    from enum import StrEnum

_WHAT = ("matrix", "submits", "restored", "soak", "election")


def main(words: list[str] | None = None) -> int:
    """Run what is asked for; returns the exit code: 1 when something is not as documented."""
    arguments = _parser().parse_args(words)
    directory = arguments.output
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / f"{arguments.what}.log"
    if not getattr(arguments, "resume", False):
        log.write_bytes(b"")
    if arguments.what == "matrix":
        wanted = matrix.Wanted(
            victims=arguments.victim or tuple(Victim),
            faults=arguments.fault or tuple(Fault),
            during=arguments.during or tuple(During),
            modes=arguments.mode or tuple(Mode),
            trials=arguments.trials,
            workers=arguments.workers,
        )
        told = asyncio.run(matrix.run(wanted, log, resume=arguments.resume))
        matrix.print_report(told)
    else:
        told = importlib.import_module(f"chaos.{arguments.what}").run(arguments, log)
    return report.finish(told, directory / f"{arguments.what}.json")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description="Faults, and what comes of them.")
    kinds = parser.add_subparsers(dest="what", required=True)
    made = {name: kinds.add_parser(name) for name in _WHAT}
    for each in made.values():
        each.add_argument("--output", type=Path, default=Path("build/chaos"), help="where reports go")
        each.add_argument("--seed", type=int, default=1, help="of what is drawn")
    cells = made["matrix"]
    _choice(cells, "--victim", Victim)
    _choice(cells, "--fault", Fault)
    _choice(cells, "--during", During)
    _choice(cells, "--mode", Mode)
    cells.add_argument("--trials", type=int, default=20, help="of each cell")
    cells.add_argument("--workers", type=int, default=_at_once(), help="agents that are struck at once")
    cells.add_argument("--resume", action="store_true", help="go on with the trials that the output has")
    made["submits"].add_argument("--submits", type=int, default=500)
    made["restored"].add_argument("--calls", type=int, default=3000)
    made["soak"].add_argument("--pages", type=int, default=5000)
    made["soak"].add_argument("--sessions", type=int, default=500)
    made["soak"].add_argument("--every", type=float, default=20.0, help="seconds between kills, on average")
    made["soak"].add_argument("--jobs", type=int, default=4, help="jobs at once")
    made["election"].add_argument("--rounds", type=int, default=100)
    made["election"].add_argument("--clients", type=int, default=50)
    return parser


def _choice(parser: argparse.ArgumentParser, name: str, kind: type[StrEnum]) -> None:
    parser.add_argument(name, type=kind, action="append", choices=list(kind), metavar="|".join(kind))


def _at_once() -> int:
    """As many as a small machine can do; what is held against a limit of recovery is struck alone."""
    return min(2, len(os.sched_getaffinity(0)))


if __name__ == "__main__":
    sys.exit(main())
