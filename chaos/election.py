"""Fifty clients that find no agent, again and again, while whoever starts one is killed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from agent_bridge.supervision.processes import wait_until_ended
from chaos.facts import facts, quantiles
from chaos.report import progress, show

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

_THREADS: Final = 5
_ROUND_SECONDS: Final = 60.0
_GONE_SECONDS: Final = 10.0
_POLL: Final = 0.002
# What an agent says that finds another one's lock.
_BEATEN: Final = "agent.lock is held"
# Each round of the clients' processes: all threads at once ask for the agent, then for a sign of life.
_CLIENTS: Final = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from cmdop_browser import CMDOPClient

def ask(_):
    with CMDOPClient.local(start=True, timeout=50.0) as client:
        client.ping(timeout=20.0)
        return client.agent_info.instance_id

threads = int(sys.argv[1])
with ThreadPoolExecutor(threads) as pool:
    for _ in sys.stdin:
        try:
            came = list(pool.map(ask, range(threads)))
        except Exception as exc:
            came = [repr(exc)]
        print(json.dumps(came), flush=True)
"""


def run(arguments: argparse.Namespace, log: Path) -> dict[str, Any]:
    """Make the rounds; returns the report."""
    return elect(arguments.rounds, arguments.clients, arguments.seed, log)


def elect(rounds: int, clients: int, seed: int, log: Path) -> dict[str, Any]:
    """Have so many clients find or start one agent, so many times."""
    began = time.monotonic()
    place = Path(tempfile.mkdtemp(prefix="cmdop-election-"))
    wrong: list[str] = []
    took: list[float] = []
    killed = 0
    with log.open("ab") as said:
        crowd = _Crowd(place, max(1, clients // _THREADS), said.fileno())
        chance = random.Random(seed)
        try:
            for number in range(rounds):
                at = time.monotonic()
                crowd.go()
                if number % 3 == 2:
                    killed += crowd.kill_whoever_starts(chance.uniform(0.0, 0.8))
                found = crowd.answers()
                took.append(time.monotonic() - at)
                wrong += [f"round {number}: {each}" for each in _judge(found, crowd)]
                wrong += [f"round {number}: {each}" for each in crowd.end_agents()]
                progress(f"round {number + 1} of {rounds}: {took[-1]:.1f} s")
        finally:
            crowd.close()
    shutil.rmtree(place, ignore_errors=True)
    figures = quantiles(took)
    show(
        f"{rounds} rounds of {clients} clients",
        ("rounds", "starters killed", "wrong", "p50", "p95", "max"),
        [(rounds, killed, len(wrong), *(figures or {}).values(), not wrong)],
    )
    return {
        "what": "election",
        "facts": facts(),
        "seconds": round(time.monotonic() - began, 1),
        "seed": seed,
        "rounds": rounds,
        "clients": clients,
        "killed": killed,
        "until_all_are_connected": figures,
        "wrong": wrong,
    }


def _judge(found: list[str], crowd: _Crowd) -> Iterable[str]:
    agents = len(crowd.agents())
    if agents != 1:
        yield f"{agents} agents run"
    # One that finds another there has ended by now, and has said so.
    if beaten := crowd.beaten():
        yield f"{beaten} agents were started beside another"
    if len(set(found)) != 1:
        yield f"clients are connected to {sorted(set(found))}"


class _Crowd:
    """Processes of clients, in a place of their own."""

    def __init__(self, place: Path, count: int, log: int) -> None:
        self._log = log
        self._logs = place / "log"
        self._told = 0
        self._environment = {
            **os.environ,
            "CMDOP_RUNTIME_DIR": str(place / "run"),
            "CMDOP_LOG_DIR": str(place / "log"),
            "CMDOP_CONFIG": str(place / "config.toml"),
            "TMPDIR": str(place),
        }
        (place / "config.toml").touch()
        self._processes = [self._start() for _ in range(count)]

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", _CLIENTS, str(_THREADS)],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def go(self) -> None:
        """Begin a round; who was killed in the last one has a successor."""
        for index, process in enumerate(self._processes):
            if process.poll() is not None:
                process.communicate()
                self._processes[index] = self._start()
        for process in self._processes:
            print("go", file=process.stdin, flush=True)

    def kill_whoever_starts(self, after: float) -> int:
        """Kill the client that starts an agent, so many seconds after it has begun."""
        deadline = time.monotonic() + _ROUND_SECONDS
        while not (agents := self.agents()):
            if time.monotonic() > deadline:
                return 0
            time.sleep(_POLL)
        time.sleep(after)
        for process in self._processes:
            with contextlib.suppress(psutil.Error):
                if process.pid == agents[0].ppid():
                    process.kill()
                    process.wait()
                    return 1
        return 0

    def answers(self) -> list[str]:
        """What the clients that live were connected to; a text of what failed in place of it."""
        found: list[str] = []
        for process in self._processes:
            if process.poll() is not None:
                continue
            stdout = process.stdout
            if stdout is None or not select.select([stdout], [], [], _ROUND_SECONDS)[0]:
                found.append("no answer")
            else:
                found += json.loads(stdout.readline())
        return found

    def agents(self) -> list[psutil.Process]:
        """The agents that run here."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                mine = process.environ().get("CMDOP_RUNTIME_DIR") == self._environment["CMDOP_RUNTIME_DIR"]
                if mine and "serve" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def beaten(self) -> int:
        """How many agents were started in this round although there was one, or one was starting."""
        told = sum(each.read_text().count(_BEATEN) for each in self._logs.glob("*.log*"))
        new, self._told = told - self._told, told
        return new

    def end_agents(self) -> list[str]:
        """Kill the agent, so that the next round finds what a killed one leaves; tells what stays."""
        family = []
        for agent in self.agents():
            with contextlib.suppress(psutil.NoSuchProcess):
                family += [agent, *agent.children(recursive=True)]
                agent.kill()
        left = wait_until_ended(family, _GONE_SECONDS)
        return [f"{len(left)} processes of a killed agent are left"] if left else []

    def close(self) -> None:
        """End everybody."""
        for process in self._processes:
            process.kill()
            process.communicate()
        self.end_agents()
