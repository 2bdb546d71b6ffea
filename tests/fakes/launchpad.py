"""Where a test starts agents by way of clients, and finds their processes again."""

from __future__ import annotations

import contextlib
import functools
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from agent_bridge.supervision.processes import wait_until_ended
from cmdop_browser import _spawn
from cmdop_browser._sync import launcher
from cmdop_browser.wire.rendezvous import AgentPaths
from tests.agents import end_at_once
from tests.fakes import minimal_agent

if TYPE_CHECKING:
    import pytest

    from cmdop_browser.settings import Settings


@dataclass
class Launchpad:
    """Where a test starts agents."""

    settings: Settings
    monkeypatch: pytest.MonkeyPatch
    clients: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def paths(self) -> AgentPaths:
        return AgentPaths.of("default", self.settings.runtime_dir)

    def stand_in(self, behaviour: str) -> None:
        """Start minimal agents in place of real ones from now on."""
        self.monkeypatch.setattr(_spawn, "program", functools.partial(minimal_agent.program, behaviour))

    def until_waiting(self, count: int) -> threading.Event:
        """Is set when so many clients of this process wait for their turn, or for an agent."""
        waiting, all_wait = set(), threading.Event()

        def sleep(seconds: float) -> None:
            waiting.add(threading.get_ident())
            if len(waiting) == count:
                all_wait.set()
            time.sleep(seconds)

        self.monkeypatch.setattr(launcher, "sleep", sleep)
        return all_wait

    def starts(self) -> list[int]:
        """The pids of the minimal agents that were started."""
        assert self.settings.runtime_dir is not None
        with contextlib.suppress(FileNotFoundError):
            return [int(pid) for pid in (self.settings.runtime_dir / "starts").read_text().split()]
        return []

    def agents(self) -> list[psutil.Process]:
        """The processes of agents that run here."""
        return [process for process in psutil.process_iter() if self._is_agent(process)]

    def _is_agent(self, process: psutil.Process) -> bool:
        try:
            return (
                process.environ().get("CMDOP_RUNTIME_DIR") == str(self.settings.runtime_dir)
                and "serve" in process.cmdline()
            )
        except psutil.Error:
            return False

    def client_process(self, behaviour: str, threads: int = 1) -> subprocess.Popen[str]:
        """A process that waits for a line, then asks for the agent from many threads."""
        client = subprocess.Popen(
            [sys.executable, "-c", _CLIENTS, behaviour, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.clients.append(client)
        return client

    def close(self) -> None:
        for client in self.clients:
            client.kill()
            client.communicate()
        agents = self.agents()
        for agent in agents:
            end_at_once(agent)
        alive = wait_until_ended(agents, 10)
        for agent in alive:
            agent.kill()
        wait_until_ended(alive, 10)


_CLIENTS = """
import functools, json, sys
from concurrent.futures import ThreadPoolExecutor
from cmdop_browser import _spawn
from cmdop_browser._sync import launcher
from cmdop_browser._sync.launcher import ensure_agent
from cmdop_browser.settings import Settings
from tests.fakes import minimal_agent

behaviour, threads = sys.argv[1], int(sys.argv[2])
if behaviour != "real":
    _spawn.program = functools.partial(minimal_agent.program, behaviour)
settings = Settings.load()
print("waiting", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(threads) as pool:
    asked = [pool.submit(ensure_agent, "default", settings, timeout=60) for _ in range(threads)]
    print(json.dumps([asking.result().to_dict() for asking in asked]))
"""
