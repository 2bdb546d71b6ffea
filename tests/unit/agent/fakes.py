"""Pages that live and die as they are told, without a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from agent_bridge.keepsakes import Keepsakes
from agent_bridge.pool.admission import Admission
from agent_bridge.pool.pool import Pool

if TYPE_CHECKING:
    from agent_bridge.browser.options import ContextOptions
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline
    from cmdop_browser.exceptions import CloseReason


class FakePage:
    """What the pool needs of a page."""

    def __init__(self) -> None:
        self.lost: asyncio.Future[CloseReason] = asyncio.get_running_loop().create_future()
        self.url = "about:blank"
        self.documents = 0

    def lose(self, reason: CloseReason) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)


class FakePages:
    """A source of fake pages that counts what is open and can be made to fail or to wait."""

    def __init__(self) -> None:
        self.open_pages: set[FakePage] = set()
        self.fail_with: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.turns = 0  # of the event loop, that it takes to open or close a page

    async def open(self, options: ContextOptions, deadline: Deadline) -> ManagedPage:
        await self.gate.wait()
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if self.fail_with is not None:
            raise self.fail_with
        page = FakePage()
        self.open_pages.add(page)
        return cast("ManagedPage", page)

    async def open_beside(
        self, lost: ManagedPage, options: ContextOptions, deadline: Deadline
    ) -> ManagedPage:
        return await self.open(options, deadline)

    async def reopen(self, lost: ManagedPage, deadline: Deadline) -> ManagedPage | None:
        return None

    async def close(self, page: ManagedPage, reason: CloseReason) -> None:
        fake = cast("FakePage", page)
        for _ in range(1 + self.turns):
            await asyncio.sleep(0)
        fake.lose(reason)
        self.open_pages.discard(fake)


def make_pool(limit: int = 4, **admission: Any) -> tuple[Pool, FakePages, list[str]]:
    """Return a pool on fake pages, its pages, and the ids of the sessions that ended."""
    pages, ended = FakePages(), list[str]()
    keepsakes = Keepsakes(Path("/nonexistent"))  # only sessions that are restored are kept
    pool = Pool(Admission(limit, admission.pop("max_queue", 10)), pages, keepsakes, on_end=ended.append)
    return pool, pages, ended
