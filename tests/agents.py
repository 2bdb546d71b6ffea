"""Real agents for tests: each a process in a runtime directory of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

_STOP_SECONDS = 20.0


def end_at_once(agent: psutil.Process) -> None:
    """Tell an agent to end, whatever sessions are open.

    Told once it would wait for them. Told by two signals, since the same one sent again may
    arrive as one.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        agent.send_signal(signal.SIGTERM)
        agent.send_signal(signal.SIGINT)


class RunningAgent:
    """An agent that runs while the block lasts.

    Attributes:
        runtime_dir: Where clients find it.
        record: What it published when it was ready.

    Args:
        inside: The words of a command that runs the agent in its own place.
    """

    def __init__(
        self,
        runtime_dir: Path | None = None,
        *,
        module: str = "agent_bridge",
        inside: Sequence[str] = (),
        **settings: object,
    ) -> None:
        self.runtime_dir = runtime_dir or Path(tempfile.mkdtemp(prefix="cmdop-agent-"))
        self._owns_directory = runtime_dir is None
        self._module = module
        self._inside = inside
        self._settings = settings
        self.record: Mapping[str, Any] = {}

    def __enter__(self) -> Self:
        ready, report = os.pipe()
        variables = {f"CMDOP_{name.upper()}": str(value) for name, value in self._settings.items()}
        self._log = (self.runtime_dir / "agent.log").open("a")
        self._output = (self.runtime_dir / "agent.out").open("w")
        self.process = subprocess.Popen(
            [
                *self._inside,
                sys.executable,
                "-m",
                *self._module.split(),
                "serve",
                "--ready-fd",
                str(report),
            ],
            env={**os.environ, "CMDOP_RUNTIME_DIR": str(self.runtime_dir), **variables},
            pass_fds=[report],
            stdout=self._output,
            stderr=self._log,
        )
        os.close(report)
        with os.fdopen(ready) as pipe:
            said = pipe.readline()
        if not said or "ready" not in (told := json.loads(said)):
            self._end()
            raise AssertionError(f"the agent did not start: {said}\n{self.log()}")
        self.record = told["ready"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        failed = [line for line in self.log().splitlines() if "never retrieved" in line]
        if self._owns_directory:
            shutil.rmtree(self.runtime_dir)
        if error is None:
            assert failed == []  # of tasks that nobody awaits, a test would not hear otherwise

    def log(self) -> str:
        """What it has logged so far."""
        return (self.runtime_dir / "agent.log").read_text()

    def said(self) -> str:
        """What it has written to stdout so far."""
        return (self.runtime_dir / "agent.out").read_text()

    def kill(self) -> None:
        """End it at once, as the system would when memory runs out."""
        self.process.kill()
        self.process.wait()

    def _end(self) -> None:
        if self.process.poll() is None:
            end_at_once(psutil.Process(self.process.pid))
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()
        self._output.close()
