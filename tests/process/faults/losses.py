"""Sessions that go on after a crash, and how they come to one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from tests.process.faults import faults
from tests.process.faults.bench import LONG

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmdop_browser.models import SessionInfo
    from tests.process.faults.bench import Bench


async def restored(bench: Bench) -> Any:
    """A session that goes on after a crash."""
    return await bench.client.browser.create_session(on_crash="restore", timeout=LONG)


async def listed(bench: Bench, session: Any) -> SessionInfo:
    """What the list of all sessions tells of one, which is not asked itself."""
    found: list[SessionInfo] = await bench.client.browser.list_sessions()
    return next(info for info in found if info.id == session.id)


async def epoch_of(bench: Bench, session: Any) -> int:
    """How often a session was rebuilt."""
    return (await listed(bench, session)).epoch


async def under_way(bench: Bench, session: Any) -> None:
    """Wait until a call on the session has its turn."""
    async with asyncio.timeout(LONG):
        while True:
            if not (await listed(bench, session)).idle:
                return
            await asyncio.sleep(0.01)


async def lose_page(bench: Bench, session: Any, is_wanted: Callable[[list[str]], bool]) -> None:
    """Kill what the session's page needs, and wait until the agent has seen it."""
    await session.info()  # it has its page again, should it have been lost just now
    await lose_page_untold(bench, session, is_wanted)


async def lose_page_untold(bench: Bench, session: Any, is_wanted: Callable[[list[str]], bool]) -> None:
    """The same without asking the session, which would tell what it had lost before."""
    epoch = await epoch_of(bench, session)
    await bench.kill(is_wanted)
    async with asyncio.timeout(LONG):
        while True:
            if await epoch_of(bench, session) > epoch:
                return
            await asyncio.sleep(0.01)


async def strike(bench: Bench, session: Any, what: str) -> None:
    """Take away what the session lives on."""
    if what == "agent":
        await session.info()
        await bench.once(bench.place.replace_agent)
    else:
        await lose_page(bench, session, getattr(faults, f"is_{what}"))


FAULTS: Final = ("renderer", "browser", "driver", "agent")


async def lose_under(bench: Bench, arrived: str, what: str) -> None:
    """Take away what a call runs on, as soon as the site is asked for *arrived*."""
    await bench.site.records.arrival(arrived)
    await bench.kill(getattr(faults, f"is_{what}"))
