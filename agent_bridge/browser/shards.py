"""All browsers of the agent, with sessions spread over them, and replaced when they are worn."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Final

from agent_bridge.browser.shard import Shard
from agent_bridge.browser.starting import Drivers
from agent_bridge.browser.starts import Starts
from agent_bridge.browser.vigil import HANG_SECONDS
from agent_bridge.periodic import every
from agent_bridge.supervision import memory
from cmdop_browser.exceptions import CloseReason, CMDOPError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from agent_bridge.browser.grace import Grace
    from agent_bridge.browser.options import ContextOptions
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.browser.recycling import Limits
    from agent_bridge.deadline import Deadline

log = logging.getLogger(__name__)

# Measuring takes 6 ms of a core for each browser. A page cannot fill a machine in this
# time: it fills some two GiB a second at the most.
_MEASURED_EVERY: Final = 0.5
# A browser that did not start, because it was removed for example, would not half a second later.
_REPLACED_AGAIN_AFTER: Final = 60.0
# Ends of a page that somebody meant: nothing was lost.
_WANTED: Final = frozenset(
    {
        CloseReason.CLOSED_BY_CALLER,
        CloseReason.CLIENT_GONE,
        CloseReason.IDLE_TIMEOUT,
        CloseReason.EVICTED,
        CloseReason.SHUTDOWN,
    }
)


class Shards:
    """A fixed number of places, each with a shard that starts its browser when first used.

    Attributes:
        restarts: How often something took the place of what was lost: ``page``, ``context``,
            ``browser``, ``driver``.
        losses: How often a page was lost, by reason.
        recycled: How many worn browsers were replaced, by what they were worn by.
        starts: How the starts of browsers went.
        largest_page: Bytes that the largest renderer took when it was last measured.
    """

    def __init__(
        self,
        count: int,
        executable: str,
        arguments: Sequence[str],
        *,
        sandboxed: bool,
        limits: Limits | None = None,
        grace: Grace | None = None,
        patience: float = HANG_SECONDS,
        drivers: Drivers | None = None,
    ) -> None:
        """Make the shards; nothing is started yet.

        Args:
            count: How many browsers there are.
            executable: The browser.
            arguments: For the browser.
            sandboxed: Whether the browser's sandbox is on.
            limits: What a browser and its pages may take; None for all they want.
            grace: How long a page may take after a call has failed to find out why.
            patience: Seconds that a browser which is not at work may not answer.
            drivers: Where they get their drivers; None for a place of their own.
        """
        self._arguments = list(arguments)
        self._drivers = drivers or Drivers()
        self._limits = limits
        self._grace = grace
        self._patience = patience
        self._home: dict[ManagedPage, Shard] = {}
        self._retired: set[Shard] = set()
        self._chores: set[asyncio.Task[None]] = set()
        self._replacing: set[Shard] = set()
        self.restarts: Counter[str] = Counter()
        self.losses: Counter[str] = Counter()
        self.recycled: Counter[str] = Counter()
        self.starts = Starts()
        self.largest_page = 0
        self.executable = executable
        self.sandboxed = sandboxed
        self._shards = [self._new_shard() for _ in range(count)]

    @property
    def version(self) -> str:
        """The browser's version, empty before the first one runs."""
        return next((shard.version for shard in self._shards if shard.version), "")

    @property
    def size(self) -> int:
        """Bytes that all browsers took when they were last measured."""
        return sum(shard.size for shard in self._all())

    @property
    def memory_limits(self) -> tuple[int, int]:
        """Bytes that all browsers, and that one page may take; 0 for all they want."""
        return (0, 0) if self._limits is None else (self._limits.agent, self._limits.session)

    async def warm_up(self) -> None:
        """Start the first browser ahead of need.

        Raises:
            BrowserNotInstalledError: It cannot be started.
        """
        await self._shards[0].start()

    async def open(self, options: ContextOptions, deadline: Deadline) -> ManagedPage:
        """Return a page in a fresh context of the least loaded browser; raises as `Shard.open`."""
        shard = min(self._shards, key=lambda candidate: candidate.load)
        self._replace_if_worn(shard)
        page = await shard.open(options, deadline)
        self._take_in(page, shard)
        return page

    async def reopen(self, lost: ManagedPage, deadline: Deadline) -> ManagedPage | None:
        """Return another page in the context of *lost*, in its place; None when there is none in time."""
        shard = self._home[lost]
        page = await shard.reopen(lost, deadline)
        if page is not None:
            self._take_in(page, self._home.pop(lost))
            self.restarts["page"] += 1
        return page

    async def open_beside(
        self, lost: ManagedPage, options: ContextOptions, deadline: Deadline
    ) -> ManagedPage:
        """Return a page in a fresh context of the browser that *lost* is in; raises as `Shard.open`."""
        shard = self._home[lost]
        page = await shard.open(options, deadline)
        self._take_in(page, shard)
        self.restarts["context"] += 1
        return page

    async def close(self, page: ManagedPage, reason: CloseReason) -> None:
        """Close *page*; once is enough, more does no harm."""
        shard = self._home.pop(page, None)
        if shard is not None:
            await shard.close(page, reason)
            self._stop_if_retired(shard)

    async def stop(self) -> None:
        """End all browsers."""
        chores = list(self._chores)
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await asyncio.gather(*(shard.stop() for shard in self._all()))

    def _take_in(self, page: ManagedPage, shard: Shard) -> None:
        self._home[page] = shard
        page.lost.add_done_callback(self._note_loss)

    def _note_loss(self, lost: asyncio.Future[CloseReason]) -> None:
        if lost.result() not in _WANTED:
            self.losses[lost.result().value] += 1

    # -- memory ----------------------------------------------------------------

    async def watch_memory(self) -> None:
        """Measure the browsers for as long as it is awaited, and end the pages that take too much."""
        if (limits := self._limits) is not None:
            await every(_MEASURED_EVERY, lambda: self._limit_memory(limits), "the measuring of memory")

    async def _limit_memory(self, limits: Limits) -> None:
        owners = {}
        usages = []
        for shard in self._all():
            for usage in await shard.measure():
                owners[usage.process] = shard
                usages.append(usage)
        self.largest_page = max((usage.size for usage in usages if usage.is_renderer), default=0)
        for usage in memory.too_large(usages, each=limits.session, together=limits.agent):
            log.warning("a page takes %d MiB and is ended", usage.size // memory.MIB)
            owners[usage.process].end_for_memory(usage.process)
        for shard in list(self._shards):
            self._replace_if_worn(shard)

    # -- recycling -------------------------------------------------------------

    def _new_shard(self) -> Shard:
        return Shard(
            self.executable,
            self._arguments,
            sandboxed=self.sandboxed,
            drivers=self._drivers,
            grace=self._grace,
            patience=self._patience,
            restarts=self.restarts,
            starts=self.starts,
        )

    def _all(self) -> list[Shard]:
        return [*self._shards, *self._retired]

    def _replace_if_worn(self, shard: Shard) -> None:
        if self._limits is None or shard in self._replacing or not self._may_start:
            return
        wear = shard.wear
        if why := self._limits.why_worn(wear):
            self._replacing.add(shard)
            self._chore(self._replace(shard, self._limits.worn_by(wear), why))

    @property
    def _may_start(self) -> bool:
        return self.starts.failure is None or self.starts.since_failure >= _REPLACED_AGAIN_AFTER

    async def _replace(self, worn: Shard, cause: str, why: str) -> None:
        """Put a new shard in the place of *worn*, which goes on until its pages are closed."""
        fresh = self._new_shard()
        try:
            await fresh.start()
        except CMDOPError as error:
            log.warning("a worn browser is kept, no other starts: %s", error)
            return
        except asyncio.CancelledError:
            await asyncio.shield(fresh.stop())
            raise
        finally:
            self._replacing.discard(worn)
        log.info("a browser is replaced: %s; %d sessions are still in it", why, worn.load)
        self.recycled[cause] += 1
        self._shards[self._shards.index(worn)] = fresh
        self._retired.add(worn)
        worn.retire()
        self._stop_if_retired(worn)

    def _stop_if_retired(self, shard: Shard) -> None:
        if shard in self._retired and not shard.load:
            self._chore(self._stop_retired(shard))

    async def _stop_retired(self, shard: Shard) -> None:
        await shard.stop()
        self._retired.discard(shard)

    def _chore(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
