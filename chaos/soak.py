"""Many pages in many sessions while something is killed now and then: nothing is lost, nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from agent_bridge.supervision.processes import lives
from chaos.bench import PATIENCE, Bench
from chaos.cells import Victim
from chaos.facts import facts, quantiles
from chaos.growth import Growth, Sample
from chaos.killer import Killer
from chaos.report import progress, show
from cmdop_browser import AsyncCMDOPClient, with_auto_restart
from cmdop_browser.exceptions import CMDOPError

if TYPE_CHECKING:
    import argparse

    from cmdop_browser import CMDOPClient

_WEIGHTS: Final = {Victim.RENDERER: 4, Victim.BROWSER: 3, Victim.DRIVER: 2, Victim.AGENT: 1, Victim.CLIENT: 2}
_RESTARTS: Final = 50
_SAMPLE_SECONDS: Final = 1.0
# At the end one agent is left alone by whoever kills, or its lives might all be too short.
_LAST_LIFE_PAGES: Final = 1500
# An agent that leaks a kilobyte a page is at a gigabyte after a million of them.
_MIB_A_THOUSAND_PAGES: Final = 3.0
_MIB: Final = 2**20
_TEMPORARY_MIB: Final = 1.0
_GONE_SECONDS: Final = 10.0
_ZOMBIE_SECONDS: Final = 10.0
# A page takes a tenth of a second; all that is killed has to be started again.
_SECONDS_A_PAGE: Final = 3.0


def run(arguments: argparse.Namespace, _log: Path) -> dict[str, Any]:
    """Make the soak; returns the report."""
    return asyncio.run(
        soak(arguments.pages, arguments.sessions, arguments.jobs, arguments.every, arguments.seed)
    )


async def soak(pages: int, sessions: int, jobs: int, every: float, seed: int) -> dict[str, Any]:
    """Load so many pages in so many sessions.

    Args:
        pages: In all.
        sessions: Over which they are spread evenly.
        jobs: How many sessions are at work at once.
        every: Seconds between two kills, on average.
        seed: Of what is killed, and when.
    """
    began = time.monotonic()
    place = Path(tempfile.mkdtemp(prefix="cmdop-soak-"))
    each = pages // sessions
    wrong: list[str] = []
    results: dict[int, list[str]] = {}
    async with Bench(place, CMDOP_MAX_SESSIONS=str(jobs + 2)) as bench:
        before = _size(place)
        work = _Work(bench, each, results, wrong)
        killer = Killer(
            bench,
            random.Random(seed),
            every=every,
            weights=_WEIGHTS,
            done=lambda: work.pages,
            clients=work.clients,
            spared=lambda: {Victim.AGENT} if pages - work.pages < _LAST_LIFE_PAGES < pages else set(),
        )
        watch = _Watch(bench, work)
        async with asyncio.timeout(60 + pages * _SECONDS_A_PAGE):
            beside = [asyncio.ensure_future(task) for task in (killer.work(), watch.work())]
            queue = list(range(sessions))
            try:
                await asyncio.gather(*(work.take(queue, number) for number in range(jobs)))
            finally:
                for task in beside:
                    task.cancel()
        wrong += await _sessions_left()
        orphans = await _end(bench)
        left = _size(place) - before
    shutil.rmtree(place, ignore_errors=True)
    expected = [f"session {number}, page {page}" for number in range(sessions) for page in range(each)]
    lost = set(expected) - {row for rows in results.values() for row in rows}
    growth = Growth.over(watch.lives.values())
    wrong += [f"{len(lost)} results are lost, such as {sorted(lost)[:3]}"] if lost else []
    wrong += [f"{orphans} processes are left of the agents"] if orphans else []
    wrong += [f"{left / _MIB:.1f} MiB of temporary files are left"] if left > _TEMPORARY_MIB * _MIB else []
    wrong += [f"zombies: {watch.zombies}"] if watch.zombies else []
    if growth is not None and growth.mib_per_1000_pages > _MIB_A_THOUSAND_PAGES:
        wrong.append(f"the agent grows by {growth.mib_per_1000_pages:.1f} MiB in a thousand pages")
    if growth is None and pages > _LAST_LIFE_PAGES:
        wrong.append("no agent lived for long enough to tell whether it grows")
    figures = {
        "pages": work.pages,
        "sessions": sessions,
        "restarts": work.restarts,
        "killed": dict(killer.killed),
        "lost": len(lost),
        "orphans": orphans,
        "zombies": len(watch.zombies),
        "temporary_mib_left": round(left / _MIB, 2),
        "agent_mib_per_1000_pages": round(growth.mib_per_1000_pages, 2) if growth else None,
        "measured_over_pages": growth.pages if growth else 0,
        "agent_mib": quantiles([sample.rss / _MIB for life in watch.lives.values() for sample in life]),
        "session_seconds": quantiles(work.seconds),
    }
    show("soak", ("what", "figure"), [(name, str(value), True) for name, value in figures.items()])
    return {
        "what": "soak",
        "facts": facts(),
        "seconds": round(time.monotonic() - began, 1),
        "seed": seed,
        **figures,
        "wrong": wrong,
    }


class _Work:
    """Jobs as people write them: async, blocking, and in processes of their own.

    Attributes:
        clients: The processes of the last kind, which may be killed: they are started again.
        pages: Loaded so far.
        restarts: Of jobs.
        seconds: That each session took, restarts included.
    """

    def __init__(self, bench: Bench, pages: int, results: dict[int, list[str]], wrong: list[str]) -> None:
        self.clients: set[psutil.Process] = set()
        self.pages = 0
        self.restarts = 0
        self.seconds: list[float] = []
        self._bench = bench
        self._each = pages
        self._results = results
        self._wrong = wrong

    async def take(self, queue: list[int], job: int) -> None:
        """Do sessions from the queue until there are none."""
        while queue:
            number = queue.pop(0)
            began = time.monotonic()
            try:
                if job % 3 == 2:
                    self._results[number] = await self._in_process(number)
                elif job % 3:
                    self._results[number] = await asyncio.to_thread(self._blocking(), number)
                else:
                    self._results[number] = await self._async()(number)
            except Exception as exc:  # noqa: BLE001 -- that it came out is what is told
                self._wrong.append(f"session {number}: {exc!r}")
            self.seconds.append(time.monotonic() - began)
            progress(f"{self.pages} pages, {self.restarts} restarts")

    def _address(self, number: int, page: int) -> str:
        return self._bench.site.at("/plain.html", session=number, page=page)

    async def _in_process(self, number: int) -> list[str]:
        words = ["-m", "chaos.soak_client", str(self._each), self._bench.site.at("/plain.html"), str(number)]
        while True:
            client = await asyncio.create_subprocess_exec(
                sys.executable,
                *words,
                stdout=asyncio.subprocess.PIPE,
                cwd=Path(__file__).parents[1],
            )
            process = psutil.Process(client.pid)
            self.clients.add(process)
            said, _ = await client.communicate()
            self.clients.discard(process)
            if client.returncode == -signal.SIGKILL:
                self.restarts += 1
                continue
            self.pages += self._each
            return said.decode().splitlines()

    def _restarted(self, _error: BaseException, _number: int) -> None:
        self.restarts += 1

    def _blocking(self) -> Any:
        @with_auto_restart(max_restarts=_RESTARTS, max_delay=1.0, on_restart=self._restarted)
        def job(client: CMDOPClient, number: int) -> list[str]:
            with client.browser.create_session(timeout=PATIENCE) as session:
                return [self._read_blocking(session, number, page) for page in range(self._each)]

        return job

    def _async(self) -> Any:
        @with_auto_restart(max_restarts=_RESTARTS, max_delay=1.0, on_restart=self._restarted)
        async def job(client: AsyncCMDOPClient, number: int) -> list[str]:
            async with client.browser.create_session(timeout=PATIENCE) as session:
                return [await self._read(session, number, page) for page in range(self._each)]

        return job

    def _read_blocking(self, session: Any, number: int, page: int) -> str:
        session.navigate(self._address(number, page), timeout=PATIENCE)
        return self._row(session.dom.soup(timeout=PATIENCE), session.url(), number, page)

    async def _read(self, session: Any, number: int, page: int) -> str:
        await session.navigate(self._address(number, page), timeout=PATIENCE)
        return self._row(await session.dom.soup(timeout=PATIENCE), await session.url(), number, page)

    def _row(self, soup: Any, url: str, number: int, page: int) -> str:
        self.pages += 1
        if soup.find("body") is None or not url.endswith(f"?session={number}&page={page}"):
            self._wrong.append(f"session {number}, page {page} was read at {url}")
        return f"session {number}, page {page}"


@dataclass
class _Watch:
    """Looks at the agent's memory, and for zombies that nobody collects."""

    bench: Bench
    work_done: _Work
    lives: dict[int, list[Sample]] = field(default_factory=dict)
    zombies: list[int] = field(default_factory=list)
    _seen: dict[int, float] = field(default_factory=dict)

    async def work(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(_SAMPLE_SECONDS)
            try:
                agent = self.bench.agent
                self._look_for_zombies(agent)
                sample = Sample(self.work_done.pages, agent.memory_info().rss)
                self.lives.setdefault(agent.pid, []).append(sample)
            except (CMDOPError, psutil.Error):  # it was killed just now
                continue

    def _look_for_zombies(self, agent: psutil.Process) -> None:
        now = time.monotonic()
        dead = {
            child.pid for child in agent.children(recursive=True) if child.status() == psutil.STATUS_ZOMBIE
        }
        self._seen = {pid: self._seen.get(pid, now) for pid in dead}
        old = [pid for pid, since in self._seen.items() if now - since > _ZOMBIE_SECONDS]
        self.zombies += [pid for pid in old if pid not in self.zombies]


async def _sessions_left() -> list[str]:
    """What killed clients have left in the agent; their sessions end after the lease's grace."""
    deadline = time.monotonic() + _GONE_SECONDS
    while True:
        try:
            async with AsyncCMDOPClient.local(timeout=PATIENCE) as client:
                left = client.agent_info.pressure.active
        except CMDOPError:  # it was killed just now, and the sessions with it
            return []
        if not left:
            return []
        if time.monotonic() > deadline:
            return [f"{left} sessions are left of {_GONE_SECONDS:g} s ago"]
        await asyncio.sleep(_SAMPLE_SECONDS)


async def _end(bench: Bench) -> int:
    """Kill the last agent, and count what its watchdog leaves within the promised time."""
    family: list[psutil.Process] = []
    with contextlib.suppress(CMDOPError, psutil.Error):  # there may be none: it was killed just now
        agent = bench.agent
        family = [agent, *agent.children(recursive=True)]
        agent.kill()
    deadline = time.monotonic() + _GONE_SECONDS
    while True:
        left = {each for each in [*family, *bench.processes()] if lives(each)}
        if not left or time.monotonic() > deadline:
            return len(left)
        await asyncio.sleep(0.1)


def _size(place: Path) -> int:
    """Bytes of all files below, logs aside, which are not temporary."""
    total = 0
    for directory, _, names in os.walk(place):
        if Path(directory).name == "log":
            continue
        for name in names:
            try:
                total += (Path(directory) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total
