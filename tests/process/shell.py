"""The command line as people and cron run it: where commands run, and what they leave behind."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import psutil
import pytest

from agent_bridge.supervision.processes import wait_until_ended
from cmdop_browser.wire.rendezvous import AgentPaths
from tests.agents import end_at_once

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
COMMAND: Final = [sys.executable, "-m", "cmdop_browser.cli"]
RECIPE: Final = """
def recipe(client, *, url: str, times: int = 1):
    with client.browser.create_session() as session:
        for number in range(times):
            yield {"n": number, "status": session.navigate(url).status}
"""
_END_SECONDS: Final = 20.0


@dataclass
class Shell:
    """Where commands run: a directory and a runtime directory of their own."""

    directory: Path
    runtime: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def below(cls, place: Path) -> Shell:
        """A shell whose every file is below *place*."""
        for name in ("work", "tmp"):
            (place / name).mkdir()
        (place / "config.toml").touch()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CMDOP_")}
        return cls(
            place / "work",
            place / "run",
            environment
            | {
                "CMDOP_RUNTIME_DIR": str(place / "run"),
                "CMDOP_LOG_DIR": str(place / "log"),
                "CMDOP_CONFIG": str(place / "config.toml"),
                "TMPDIR": str(place / "tmp"),
                "PYTHONPATH": str(ROOT),
            },
        )

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*COMMAND, *words],
            cwd=self.directory,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    def json(self, *words: str, code: int = 0, **environment: str) -> Any:
        """Run a command that prints JSON, and ends with *code*."""
        done = self.run(*words, "--json", **environment)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return self._start([*COMMAND, *words])

    def start_python(self, script: str, *, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Start a script and leave it running."""
        return self._start([sys.executable, "-c", script], stdin)

    def _start(self, words: list[str], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            words,
            cwd=self.directory,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def recipe(self, source: str = RECIPE) -> str:
        """Write a recipe; returns the file's name."""
        path = self.directory / "some_recipe.py"
        path.write_text(source)
        return path.name

    def record(self, agent: str = "default") -> Path:
        """Where an agent of this place says that it is there."""
        return AgentPaths.of(agent, self.runtime).record

    def processes(self) -> list[psutil.Process]:
        """All that belongs to this place, by its environment."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return (
                process.pid != os.getpid() and process.environ().get("TMPDIR") == self.environment["TMPDIR"]
            )
        except psutil.Error:
            return False

    def sockets(self) -> list[Path]:
        """The sockets that lie about."""
        places = [self.runtime, Path(self.environment["TMPDIR"])]
        return [path for place in places for path in place.rglob("*") if path.is_socket()]

    def close(self) -> None:
        """End what was started here; it is wrong that anything is left then."""
        for record in self.runtime.glob("*/agent.json"):
            with contextlib.suppress(psutil.NoSuchProcess):
                agent = psutil.Process(json.loads(record.read_text())["pid"])
                end_at_once(agent)
                assert wait_until_ended([agent], _END_SECONDS) == []
        for process in self.started:
            process.kill()
            process.communicate()
        left = self.processes()
        for stray in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                stray.kill()
        assert left == []


@contextlib.contextmanager
def open_shell(place: Path) -> Iterator[Shell]:
    """A shell below *place*, closed at the end."""
    shell = Shell.below(place)
    yield shell
    shell.close()


def wait_until_line(stream: IO[str] | None, text: str) -> None:
    """Read lines until one has *text* in it."""
    assert stream is not None
    for line in stream:
        if text in line:
            return
    pytest.fail(f"no line with {text!r}")
