"""``python -m chaos.worker PLACE``: makes trials on a bench of its own, one for each line it is given."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import logging
import signal
import sys
import time
from pathlib import Path

from chaos import client_trial, trial
from chaos.bench import Bench
from chaos.cells import Cell, Victim
from chaos.facts import Stolen


async def main(place: Path) -> None:
    """Read cells, write what came of each trial."""
    async with Bench(place) as bench:
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(line)
            cell = Cell.from_dict(asked["cell"])
            began, stolen = time.monotonic(), Stolen()
            module = client_trial if cell.victim is Victim.CLIENT else trial
            try:
                result = await module.run(bench, cell, asked["number"])
            except Exception as exc:
                logging.getLogger(__name__).exception("a trial of %s failed", cell)
                result = trial.Trial(str(cell), "", [f"the harness failed: {exc!r}"])
            result.seconds, result.stolen = round(time.monotonic() - began, 2), stolen.share()
            sys.stdout.write(json.dumps(result.to_dict()) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)
    asyncio.run(main(Path(sys.argv[1])))
