"""All browsers of the agent, with sessions spread over them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agent_bridge.browser.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_bridge.browser.options import ContextOptions
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline
    from cmdop_browser.exceptions import CloseReason


class Shards:
    """A fixed number of shards; each starts its browser when first used."""

    def __init__(self, count: int, executable: str, arguments: Sequence[str], *, sandboxed: bool) -> None:
        spawning = asyncio.Lock()
        self._shards = [
            Shard(executable, arguments, sandboxed=sandboxed, spawning=spawning) for _ in range(count)
        ]
        self._home: dict[ManagedPage, Shard] = {}
        self.executable = executable
        self.sandboxed = sandboxed

    @property
    def version(self) -> str:
        """The browser's version, empty before the first one runs."""
        return next((shard.version for shard in self._shards if shard.version), "")

    async def warm_up(self) -> None:
        """Start the first browser ahead of need.

        Raises:
            BrowserNotInstalledError: It cannot be started.
        """
        await self._shards[0].start()

    async def open(self, options: ContextOptions, deadline: Deadline) -> ManagedPage:
        """Return a page in a fresh context of the least loaded browser; raises as `Shard.open`."""
        shard = min(self._shards, key=lambda candidate: candidate.load)
        page = await shard.open(options, deadline)
        self._home[page] = shard
        return page

    async def reopen(self, lost: ManagedPage, deadline: Deadline) -> ManagedPage | None:
        """Return another page in the context of *lost*, in its place; None when there is none in time."""
        shard = self._home[lost]
        page = await shard.reopen(lost, deadline)
        if page is not None:
            self._home[page] = self._home.pop(lost)
        return page

    async def open_beside(
        self, lost: ManagedPage, options: ContextOptions, deadline: Deadline
    ) -> ManagedPage:
        """Return a page in a fresh context of the browser that *lost* is in; raises as `Shard.open`."""
        shard = self._home[lost]
        page = await shard.open(options, deadline)
        self._home[page] = shard
        return page

    async def close(self, page: ManagedPage, reason: CloseReason) -> None:
        """Close *page*; once is enough, more does no harm."""
        shard = self._home.pop(page, None)
        if shard is not None:
            await shard.close(page, reason)

    async def stop(self) -> None:
        """End all browsers."""
        await asyncio.gather(*(shard.stop() for shard in self._shards))
