"""Sessions that go on after a crash: what comes back, what is made again, and what never is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import (
    Outcome,
    SessionInterruptedError,
)
from tests.flavours import Flavour
from tests.process.faults import faults
from tests.process.faults.bench import LONG, Bench
from tests.site import WebSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


@pytest.fixture(scope="module", params=["async", "sync"])
async def shared_bench(request: pytest.FixtureRequest, site: WebSite) -> AsyncIterator[Bench]:
    with pytest.MonkeyPatch.context() as patch:
        bench = Bench(Flavour(request.param), site)
        patch.setenv("CMDOP_RUNTIME_DIR", str(bench.runtime_dir))
        async with bench:
            yield bench


@pytest.fixture
async def bench(shared_bench: Bench) -> AsyncIterator[Bench]:
    yield shared_bench
    await shared_bench.repair()
    for info in await shared_bench.client.browser.list_sessions():
        await (await shared_bench.client.browser.get_session(info.id)).close()


@pytest.fixture
async def session(bench: Bench) -> Any:
    return await bench.client.browser.create_session(on_crash="restore", timeout=LONG)


async def lose_page(bench: Bench, session: Any, is_wanted: Callable[[list[str]], bool]) -> None:
    """Kill what the session's page needs, and wait until the agent has seen it."""
    epoch = (await session.info()).epoch
    for process in bench.processes(is_wanted):
        process.kill()
    async with asyncio.timeout(LONG):
        while True:
            for info in await bench.client.browser.list_sessions():
                if info.id == session.id and info.epoch > epoch:
                    return
            await asyncio.sleep(0.01)


async def strike(bench: Bench, session: Any, what: str) -> None:
    """Take away what the session lives on."""
    if what == "agent":
        await session.info()
        bench.agent.kill()
        bench.start_agent()
    else:
        await lose_page(bench, session, getattr(faults, f"is_{what}"))


FAULTS = ("renderer", "browser", "driver", "agent")


@pytest.mark.parametrize("what", FAULTS)
async def test_the_same_handle_goes_on_with_cookies_storage_and_page(
    bench: Bench, session: Any, what: str
) -> None:
    await session.navigate(bench.site.elsewhere("/plain.html"))
    await session.evaluate("localStorage.there = 'kept elsewhere'")
    await session.navigate(bench.site.at("/cookies/set", name="ada", next="/links.html"))
    await session.evaluate("localStorage.place = 'kept'; sessionStorage.basket = 'full'")
    await session.set_cookies([{"name": "own", "value": "set", "url": bench.site.url}])
    before = await session.info()

    await strike(bench, session, what)

    assert await session.dom.count("a") > 0
    assert await session.url() == bench.site.at("/links.html")
    assert {cookie.name: cookie.value for cookie in await session.cookies()} == {"name": "ada", "own": "set"}
    assert await session.evaluate("[localStorage.place, sessionStorage.basket]") == ["kept", "full"]
    info = await session.info()
    assert (info.id, info.epoch, info.on_crash) == (before.id, before.epoch + 1, "restore")
    assert {"form contents", "history"} <= set(info.not_restored)
    state = await session.storage_state()
    assert len(state["origins"]) == 2
    await session.navigate(bench.site.elsewhere("/plain.html"))
    assert await session.evaluate("localStorage.there") == "kept elsewhere"
    assert not session.is_closed


# Calls that are under way when the page goes


DURING = [("renderer", faults.is_renderer), ("browser", faults.is_browser), ("driver", faults.is_driver)]


async def lose_under(bench: Bench, call: asyncio.Future[Any], arrived: str, what: str) -> None:
    """Take away what *call* runs on, as soon as the site is asked for *arrived*."""
    await bench.site.records.arrival(arrived)
    if what == "agent":
        bench.agent.kill()
        bench.start_agent()
        return
    for process in bench.processes(getattr(faults, f"is_{what}")):
        process.kill()


@pytest.mark.parametrize("what", ["renderer", "browser", "driver"])
async def test_a_navigation_is_made_again(bench: Bench, session: Any, what: str) -> None:
    gate = f"again-{bench.flavour.name}-{what}"
    await session.navigate(bench.site.at("/links.html"))
    running = asyncio.ensure_future(session.navigate(bench.site.at(f"/gate/{gate}")))
    await lose_under(bench, running, f"/gate/{gate}", what)
    await bench.site.records.arrival(f"/gate/{gate}", times=2)
    bench.site.open_gate(gate)
    assert (await running).ok
    assert await session.dom.text("#passed") == "You are through."
    # The page before was not asked for again: nobody needed it.
    assert (await session.info()).epoch == 2


@pytest.mark.parametrize("what", FAULTS)
async def test_a_submit_is_never_made_twice(bench: Bench, session: Any, what: str) -> None:
    gate = f"once-{bench.flavour.name}-{what}"
    form = bench.site.at(f"/gate/{gate}/form")
    await session.navigate(form)
    # Its answer does not come, so what became of it cannot be known.
    running = asyncio.ensure_future(session.click("#go"))
    await bench.site.records.arrival(f"/gate/{gate}")
    if what == "agent":
        bench.agent.kill()
        bench.start_agent()
    else:
        for process in bench.processes(getattr(faults, f"is_{what}")):
            process.kill()
    with pytest.raises(SessionInterruptedError) as caught:
        await running
    error = caught.value
    assert (error.outcome, error.last_action, error.session_id) == (Outcome.UNKNOWN, "click", session.id)
    assert not error.retryable
    bench.site.open_gate(gate)
    assert await session.url() == form
    assert [request.method for request in bench.site.records.requests(f"/gate/{gate}")].count("POST") == 1
    await session.click("#go")
    await session.wait_for("#count")
    assert [request.method for request in bench.site.records.requests(f"/gate/{gate}")].count("POST") == 2


@pytest.mark.parametrize("what", FAULTS)
async def test_an_act_on_a_session_that_was_lost_before_is_made(
    bench: Bench, session: Any, what: str
) -> None:
    name = f"before-{bench.flavour.name}-{what}"
    await session.navigate(bench.site.at(f"/count/{name}"))
    await strike(bench, session, what)
    await session.click("#go")
    await session.wait_for("#count")
    assert bench.site.records.counts()[name] == 1


async def test_calls_in_line_are_made_on_the_new_page(bench: Bench, session: Any) -> None:
    name = f"line-{bench.flavour.name}"
    await session.navigate(bench.site.at(f"/count/{name}"))
    waiting = asyncio.ensure_future(session.wait_for("#never", timeout=3.0))
    await bench.until_running({session.id: waiting})
    # It waits for its turn, and so has certainly not run.
    clicking = asyncio.ensure_future(session.click("#go"))
    for process in bench.processes(faults.is_renderer):
        process.kill()
    await clicking
    await session.wait_for("#count", timeout=LONG)
    assert bench.site.records.counts()[name] == 1
    await asyncio.wait({waiting})


@pytest.mark.parametrize("what", ["renderer", "browser", "driver"])
async def test_a_read_is_made_again(bench: Bench, session: Any, what: str) -> None:
    await session.navigate(bench.site.at("/links.html"))
    with faults.stopped(bench.processes(faults.is_browser if what != "driver" else faults.is_driver)):
        running = asyncio.ensure_future(session.dom.soup())
        await bench.until_running({session.id: running})
        for process in bench.processes(getattr(faults, f"is_{what}")):
            process.kill()
    assert (await running).find("a")


async def test_a_read_under_way_goes_on_in_the_next_agent(bench: Bench, session: Any) -> None:
    await session.navigate(bench.site.at("/links.html"))
    await session.info()
    with faults.stopped(bench.processes(faults.is_browser)):
        running = asyncio.ensure_future(session.dom.soup())
        await bench.until_running({session.id: running})
        bench.agent.kill()
        bench.start_agent()
    assert (await running).find("a")
