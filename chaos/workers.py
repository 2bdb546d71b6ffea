"""Processes that make trials, each on a bench of its own, and what is done with one that hangs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import psutil

from chaos.trial import Trial

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from chaos.cells import Cell

# Everything within a trial has its own limit; a worker that passes this one hangs itself.
_TRIAL_SECONDS: Final = 150.0
_DUMP_SECONDS: Final = 1.0
_END_SECONDS: Final = 30.0


class Worker:
    """One such process, replaced when it hangs: an async context manager."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: Process | None = None
        self._place = Path()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def make(self, cell: Cell, number: int) -> Trial:
        """Have a trial made; one that does not come back is a hang."""
        process = self._process or await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"cell": cell.to_dict(), "number": number}).encode() + b"\n")
        try:
            async with asyncio.timeout(_TRIAL_SECONDS):
                line = await process.stdout.readline()
            trial = Trial(**json.loads(line))
        except (TimeoutError, ValueError) as exc:
            if isinstance(exc, TimeoutError):
                process.send_signal(signal.SIGUSR1)  # it writes down where each thread is
                await asyncio.sleep(_DUMP_SECONDS)
            await self._end()
            why = "the trial hung" if isinstance(exc, TimeoutError) else "the process of the trial ended"
            return Trial(str(cell), "", [f"{why}; see {self._log}"], hung=isinstance(exc, TimeoutError))
        if trial.wrong:
            self._keep_logs(f"{cell} {number}")
        return trial

    def _keep_logs(self, name: str) -> None:
        """Copy what the agents of this place have said so far to where the reports go."""
        kept = self._log.parent / "failed" / name.replace(" ", "-")
        shutil.copytree(self._place / "log", kept, dirs_exist_ok=True)

    async def _start(self) -> Process:
        self._place = Path(tempfile.mkdtemp(prefix="cmdop-chaos-"))
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "chaos.worker", str(self._place),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
                cwd=Path(__file__).parents[1], limit=2**20,
            )  # fmt: skip
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        _kill_all_of(self._place)
        shutil.rmtree(self._place, ignore_errors=True)


def _kill_all_of(place: Path) -> None:
    """End what a worker that was killed has left."""
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("CMDOP_RUNTIME_DIR", "").startswith(str(place))
        except (psutil.Error, OSError):
            continue
        if mine and process.pid != os.getpid():
            process.kill()
