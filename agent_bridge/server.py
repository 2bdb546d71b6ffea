"""The agent: built, started, served, drained, ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from typing import TYPE_CHECKING, Final

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from agent_bridge import __version__, limits
from agent_bridge.artifacts import Artifacts
from agent_bridge.browser.executable import launch_arguments
from agent_bridge.browser.grace import Grace
from agent_bridge.browser.recycling import Limits
from agent_bridge.browser.shards import Shards
from agent_bridge.interceptors import CallInterceptor
from agent_bridge.keepsakes import RENEWED_EVERY, Keepsakes
from agent_bridge.observation import storage, tracing
from agent_bridge.observation.calls import CallObserver
from agent_bridge.observation.figures import Figures
from agent_bridge.observation.lag import LoopLag
from agent_bridge.observation.log import current_handler
from agent_bridge.observation.metrics import Metrics
from agent_bridge.observation.storage import Place
from agent_bridge.periodic import every
from agent_bridge.pool.admission import Admission
from agent_bridge.pool.leases import Leases
from agent_bridge.pool.pool import Pool
from agent_bridge.services.agent import AgentServicer
from agent_bridge.services.registration import register
from agent_bridge.transfers import Transfers
from cmdop_browser.exceptions import CloseReason, CMDOPError
from cmdop_browser.wire.channel import server_options, unix_target
from cmdop_browser.wire.rendezvous import kept

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from agent_bridge.browser.executable import InstalledBrowser
    from agent_bridge.browser.starting import Drivers
    from agent_bridge.lifecycle import Publication
    from agent_bridge.observation.history import History
    from cmdop_browser.settings import Settings
    from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord

log = logging.getLogger(__name__)

# Names of the health service: alive as long as it answers, accepting while new
# sessions are taken. A full agent is accepting; a draining one is not.
HEALTH_ALIVE: Final = "alive"
HEALTH_ACCEPTING: Final = "accepting"

# After the drain's limit, calls that still run end with a typed error; this long
# they have for that before the connection is cut.
_LAST_WORDS_SECONDS = 2.0
# Whoever is between two calls of a session that was ended is told so, if it comes this soon.
_FAREWELL_SECONDS = 0.3
_QUIET_CHECK_SECONDS = 0.02
# A page takes up to 0.1 s to close, a stuck one for ever; its browser is ended anyway.
_AT_ONCE_SECONDS = 1.0
_IDLE_CHECK_SECONDS = 0.5
# How often what is kept of sessions that nobody came for is removed.
_SWEEP_SECONDS = 60.0


class AgentServer:
    """The parts of an agent, and how they are joined."""

    def __init__(
        self,
        paths: AgentPaths,
        record: DiscoveryRecord,
        settings: Settings,
        *,
        browser: InstalledBrowser,
        directory: Path,
        history: History,
        drivers: Drivers,
    ) -> None:
        """Build everything; nothing is started yet.

        Args:
            paths: Where the agent keeps its files.
            record: What it will publish.
            settings: Of this process.
            browser: What its sessions run in.
            directory: For temporary files of this instance.
            history: Of the instances before it.
            drivers: Where its browsers get their drivers.

        Raises:
            ConfigurationError: Metrics are wanted, and what serves them is not installed.
        """
        agent = paths.agent
        self._paths = paths
        self._settings = settings
        self._history = history
        self._record = record
        arguments = launch_arguments(browser, settings)
        shards = limits.shards(settings)
        self._shards = Shards(
            shards,
            str(browser.path),
            arguments.flags,
            sandboxed=arguments.sandboxed,
            limits=Limits.of(settings, shards),
            grace=Grace(settings.diagnosis_time),
            patience=settings.hang_time,
            drivers=drivers,
        )
        self._temporary = Place("temporary", directory)
        self._kept = Place("runtime", paths.directory)
        self._artifacts = Artifacts(directory / "artifacts", self._temporary)
        self._transfers = Transfers(directory / "uploads", self._temporary)
        admission = Admission(limits.max_sessions(settings), settings.max_queue)
        self._keepsakes = Keepsakes(paths.kept, self._kept)
        self._pool = Pool(admission, self._shards, self._keepsakes, on_end=self._transfers.forget)
        self._leases = Leases(settings.lease_grace, self._lease_expired)
        admission.is_away, self._leases.on_return = self._leases.is_away, admission.hand_out
        self._lag = LoopLag()
        self._figures = Figures(
            self._pool,
            self._shards,
            self._leases,
            self._artifacts,
            self._lag,
            history,
            (self._temporary, self._kept),
            current_handler(),
        )
        self._agent = AgentServicer(
            agent=agent,
            instance_id=record.instance_id,
            version=__version__,
            figures=self._figures,
            diagnosis_time=settings.diagnosis_time,
        )
        self._observer = CallObserver()
        self._metrics = Metrics.of(settings, self._figures, self._observer, agent, record.instance_id)
        self._health = health.aio.HealthServicer()
        self._server = self._build()
        self._stop = asyncio.Event()
        self._at_once = asyncio.Event()
        self._ending = False
        self._chores: set[asyncio.Task[None]] = set()

    def _build(self) -> grpc.aio.Server:
        self._calls = CallInterceptor(
            self._record.token,
            self._record.instance_id,
            self._artifacts,
            pictures=self._settings.evidence == "on",
            observer=self._observer,
        )
        server = grpc.aio.server(interceptors=(self._calls,), options=server_options())
        register(
            server,
            agent=self._agent,
            pool=self._pool,
            transfers=self._transfers,
            leases=self._leases,
            artifacts=self._artifacts,
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        return server

    async def start(self, *, supervised: bool) -> None:
        """Listen, and start the browser meanwhile."""
        if self._metrics is not None:
            self._metrics.serve()
        # Before anybody can find the agent and tell it to end.
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._told_to_end)
        # Handled either way, as what it starts would inherit it if it were ignored.
        loop.add_signal_handler(signal.SIGINT, _nothing if supervised else self._told_to_end)
        # Only the owner may connect; the directory sees to that as well.
        umask = os.umask(0o077)
        try:
            self._server.add_insecure_port(unix_target(self._record.socket))
            await self._server.start()
        finally:
            os.umask(umask)
        for name in ("", HEALTH_ALIVE, HEALTH_ACCEPTING):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        self._chore(self._warm_up())
        self._chore(self._shards.watch_memory())
        self._chore(every(_SWEEP_SECONDS, self._sweep_keepsakes, "the removal of what was kept"))
        self._chore(every(RENEWED_EVERY, self._pool.renew_keepsakes, "the renewal of what is kept"))
        self._chore(self._lag.watch())
        self._chore(storage.watch((self._temporary, self._kept)))
        self._chore(self._leases.watch())

    async def wait(self, publication: Publication, idle_exit: float | None) -> None:
        """Return when the agent is to stop: by signal, by idleness, or since it can be found no more."""
        waits: list[asyncio.Future[object]] = [
            asyncio.ensure_future(self._stop.wait()),
            asyncio.ensure_future(publication.lost.wait()),
        ]
        if idle_exit is not None:
            waits.append(asyncio.ensure_future(self._idle(idle_exit)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in waits:
                waiting.cancel()

    def give_way(self) -> None:
        """Leave to another agent what only one can have; the name comes after it."""
        if self._metrics is not None:
            self._metrics.close()
        self._history.farewell()

    async def drain(self) -> None:
        """Take no new sessions, let those there are go on until they are closed, end everything.

        What is left of them at the limit, or when the agent is told to end once more, is
        closed; the calls of these sessions say so.
        """
        log.info("draining: %d sessions, %d at work", len(self._pool), self._pool.busy)
        await self._health.set(HEALTH_ACCEPTING, health_pb2.HealthCheckResponse.NOT_SERVING)
        self._pool.admission.close()
        self._agent.drain()
        is_quiet = await self._quiet(self._settings.drain_timeout)
        self._ending = True
        if not is_quiet:
            await self._cut()
        self._agent.end()
        await self._server.stop(_LAST_WORDS_SECONDS)
        for chore in self._chores:
            chore.cancel()
        await self._shards.stop()
        tracing.shut_down()
        log.info("ended")

    async def _quiet(self, limit: float) -> bool:
        """Wait until nothing is left to be done; returns whether it came to that.

        Nothing is left when there is no session, no call and no reply that waits to be
        fetched: a client may need several calls for what its user calls one.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + limit
        while self._pool.admission.active or self._calls.running or self._transfers.waiting:
            left = until - loop.time()
            if left <= 0 or self._at_once.is_set():
                return False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._at_once.wait(), min(left, _QUIET_CHECK_SECONDS))
        return True

    async def _cut(self) -> None:
        """Close the sessions that are left; a page that is closed under a call ends the call."""
        log.info("ending %d sessions, %d at work", len(self._pool), self._pool.busy)
        closing = asyncio.ensure_future(self._pool.close_all(CloseReason.SHUTDOWN))
        await asyncio.wait({closing}, timeout=_AT_ONCE_SECONDS if self._at_once.is_set() else None)
        await asyncio.sleep(_FAREWELL_SECONDS)

    def _told_to_end(self) -> None:
        if self._stop.is_set():
            self._at_once.set()
        self._stop.set()

    async def _idle(self, limit: float) -> None:
        """Return after *limit* seconds without clients and sessions."""
        loop = asyncio.get_running_loop()
        idle_since = loop.time()
        while loop.time() - idle_since < limit:
            await asyncio.sleep(min(_IDLE_CHECK_SECONDS, limit / 4))
            if self._leases.attached or len(self._pool):
                idle_since = loop.time()
        log.info("no client for %g s", limit)

    async def _warm_up(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await self._shards.warm_up()
            except CMDOPError as error:
                # The first session will meet the same error and report it to its caller.
                log.error("%s", error)  # noqa: TRY400 -- the error explains itself; a traceback would bury it

    async def _sweep_keepsakes(self) -> None:
        kept.sweep(self._paths, self._pool)
        # Also of agents that were killed and that nobody has started again.
        for others in await asyncio.to_thread(self._paths.others):
            await asyncio.to_thread(kept.sweep_after, others)

    def _lease_expired(self, client_id: str) -> None:
        if self._ending:  # the agent ended the client's stream itself
            return
        log.info("client %s is gone", client_id)
        self._chore(self._close_owned_by(client_id))

    async def _close_owned_by(self, client_id: str) -> None:
        await self._pool.close_owned_by(client_id, CloseReason.CLIENT_GONE)

    def _chore(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


def _nothing() -> None:
    pass
