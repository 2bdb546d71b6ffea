"""Sessions that go on after a crash: what comes back, what is made again, and what never is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cmdop_browser.exceptions import (
    BrowserNavigationError,
    BrowserSessionClosedError,
    CloseReason,
    NavigationCause,
    Outcome,
    SessionInterruptedError,
)
from tests.process.faults import faults
from tests.process.faults.bench import LONG, Bench, on_both_benches
from tests.process.faults.losses import FAULTS, lose_page, lose_under, restored, strike


@pytest.mark.parametrize("what", FAULTS)
@on_both_benches
async def test_the_same_handle_goes_on_with_cookies_storage_and_page(bench: Bench, what: str) -> None:
    session = await restored(bench)
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
    # It is given back once: what the site removes after that stays removed.
    await session.evaluate("localStorage.clear()")
    await session.reload()
    assert await session.evaluate("localStorage.length") == 0
    assert not session.is_closed


# Calls that are under way when the page goes


@pytest.mark.parametrize("what", ["renderer", "browser", "driver"])
@on_both_benches
async def test_a_navigation_is_made_again(bench: Bench, what: str) -> None:
    session = await restored(bench)
    gate = f"again-{bench.flavour.name}-{what}"
    await session.navigate(bench.site.at("/links.html"))
    running = asyncio.ensure_future(session.navigate(bench.site.at(f"/gate/{gate}")))
    await lose_under(bench, f"/gate/{gate}", what)
    await bench.site.records.arrival(f"/gate/{gate}", times=2)
    bench.site.open_gate(gate)
    assert (await running).ok
    assert await session.dom.text("#passed") == "You are through."
    # The page before was not asked for again: nobody needed it.
    assert (await session.info()).epoch == 2


POST = "url => fetch(url, {method: 'POST'}).then(answer => answer.text())"


@pytest.mark.parametrize("what", ["renderer", "browser", "driver"])
@on_both_benches
async def test_an_act_whose_outcome_is_unknown_is_not_made_again(bench: Bench, what: str) -> None:
    session = await restored(bench)
    gate = f"/gate/once-{bench.flavour.name}-{what}"
    await session.navigate(bench.site.at("/plain.html"))
    # The site has it, and does not answer: what became of it cannot be known.
    running = asyncio.ensure_future(session.evaluate(POST, bench.site.at(gate)))
    await lose_under(bench, gate, what)
    with pytest.raises(SessionInterruptedError) as caught:
        await running
    error = caught.value
    assert (error.outcome, error.last_action, error.session_id) == (Outcome.UNKNOWN, "evaluate", session.id)
    assert not error.retryable
    assert error.tips
    bench.site.open_gate(gate.rpartition("/")[2])
    assert await session.url() == bench.site.at("/plain.html")
    assert len(bench.site.records.requests(gate)) == 1


@pytest.mark.parametrize("what", ["renderer", "browser", "driver"])
@on_both_benches
async def test_a_form_is_never_sent_twice(bench: Bench, what: str) -> None:
    session = await restored(bench)
    gate = f"/gate/form-{bench.flavour.name}-{what}"
    await session.navigate(bench.site.at(f"{gate}/form"))
    running = asyncio.ensure_future(session.click("#go"))
    await lose_under(bench, gate, what)
    await asyncio.wait({running})
    interruption = running.exception()  # none when the click had come back before
    assert interruption is None or isinstance(interruption, SessionInterruptedError)
    bench.site.open_gate(gate.rpartition("/")[2])
    assert await session.url() == bench.site.at(f"{gate}/form")
    sent = [request.method for request in bench.site.records.requests(gate)]
    assert sent.count("POST") == 1


@pytest.mark.parametrize("what", FAULTS)
@on_both_benches
async def test_an_act_on_a_session_that_was_lost_before_is_made(bench: Bench, what: str) -> None:
    session = await restored(bench)
    name = f"before-{bench.flavour.name}-{what}"
    await session.navigate(bench.site.at(f"/count/{name}"))
    await strike(bench, session, what)
    await session.click("#go")
    await session.wait_for("#count")
    assert bench.site.records.counts()[name] == 1


@on_both_benches
async def test_calls_in_line_are_made_on_the_new_page(bench: Bench) -> None:
    session = await restored(bench)
    name = f"line-{bench.flavour.name}"
    await session.navigate(bench.site.at(f"/count/{name}"))
    waiting = asyncio.ensure_future(session.wait_for("#never", timeout=3.0))
    await bench.until_running({session.id: waiting})
    # It waits for its turn, and so has certainly not run.
    clicking = asyncio.ensure_future(session.click("#go"))
    await bench.kill(faults.is_renderer)
    await clicking
    await session.wait_for("#count", timeout=LONG)
    assert bench.site.records.counts()[name] == 1
    await asyncio.wait({waiting})


@pytest.mark.parametrize("what", ["renderer", "browser", "driver"])
@on_both_benches
async def test_a_read_is_made_again(bench: Bench, what: str) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.at("/links.html"))
    is_held_up = faults.is_driver if what == "driver" else faults.is_browser
    async with bench.during(lambda: faults.held_up(bench.processes(is_held_up))):
        running = asyncio.ensure_future(session.dom.soup())
        await bench.until_running({session.id: running})
        await bench.kill(getattr(faults, f"is_{what}"))
    assert (await running).find("a")


# What cannot come back, and what does not


@on_both_benches
async def test_a_page_that_a_form_made_is_not_asked_for_again(bench: Bench) -> None:
    session = await restored(bench)
    name = f"made-{bench.flavour.name}"
    await session.navigate(bench.site.at(f"/count/{name}"))
    await session.click("#go")
    await session.wait_for("#count")
    await strike(bench, session, "renderer")
    with pytest.raises(BrowserNavigationError) as caught:
        await session.dom.text("#count")
    error = caught.value
    assert (error.cause, error.action) == (NavigationCause.INTERRUPTED, "dom.text")
    assert error.url == bench.site.at(f"/count/{name}")
    info = await session.info()
    assert "the page: what brought it was no plain GET" in info.not_restored
    assert info.url == bench.site.at(f"/count/{name}")
    await session.navigate(bench.site.at("/plain.html"))
    assert await session.url() == bench.site.at("/plain.html")
    assert "the page: what brought it was no plain GET" not in (await session.info()).not_restored
    assert bench.site.records.counts()[name] == 1


@on_both_benches
async def test_the_options_of_a_session_stay(bench: Bench) -> None:
    session = await bench.client.browser.create_session(
        on_crash="restore",
        viewport=(640, 480),
        headers={"x-own": "kept"},
        user_agent="Tester/1.0",
        locale="de-DE",
        timezone="Asia/Tokyo",
        block=("image",),
        timeout=LONG,
    )
    await session.navigate(bench.site.at("/headers.json"))
    before = await facts_of(session)
    assert before["size"] == [640, 480]
    for what in ("renderer", "browser"):
        await lose_page(bench, session, getattr(faults, f"is_{what}"))
        assert await facts_of(session) == before


async def facts_of(session: Any) -> Any:
    sent = await session.dom.text("body")
    seen = await session.evaluate("""() => ({
      size: [innerWidth, innerHeight], agent: navigator.userAgent, language: navigator.language,
      zone: Intl.DateTimeFormat().resolvedOptions().timeZone})""")
    return {**seen, "own": '"x-own":"kept"' in sent}


@on_both_benches
async def test_a_renderer_that_stands_still_is_replaced(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.at("/links.html"))
    gate = f"halted-{bench.flavour.name}"
    acting = asyncio.ensure_future(session.evaluate(POST, arg=bench.site.at(f"/gate/{gate}")))
    await bench.site.records.arrival(f"/gate/{gate}")
    async with bench.during(lambda: faults.stopped(bench.processes(faults.is_renderer))):
        with pytest.raises(SessionInterruptedError) as caught:
            await acting
        assert caught.value.outcome is Outcome.UNKNOWN
        assert caught.value.details["reason"] == "RENDERER_HANG"
        assert await session.dom.count("a") > 0


@on_both_benches
async def test_a_page_that_kills_its_renderer_each_time_costs_its_call(bench: Bench) -> None:
    session = await restored(bench)
    gate = f"poison-{bench.flavour.name}"
    running = asyncio.ensure_future(session.navigate(bench.site.at(f"/gate/{gate}")))
    for times in (1, 2, 3):
        await bench.site.records.arrival(f"/gate/{gate}", times=times)
        await bench.kill(faults.is_renderer)
    with pytest.raises(SessionInterruptedError):
        await running
    assert (await session.navigate(bench.site.at("/plain.html"))).ok


@on_both_benches
async def test_a_session_that_is_lost_again_and_again_ends(bench: Bench) -> None:
    session = await restored(bench)
    for _ in range(5):
        await lose_page(bench, session, faults.is_renderer)
    await session.info()  # it is rebuilt now
    await bench.kill(faults.is_renderer)
    await bench.until_gone(session.id)
    with pytest.raises(BrowserSessionClosedError) as caught:
        await session.title()
    assert caught.value.reason is CloseReason.RENDERER_CRASH
    assert session.is_closed


@on_both_benches
async def test_a_handle_that_was_got_goes_on_too(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.at("/links.html"))
    other = await bench.client.browser.get_session(session.id)
    await lose_page(bench, session, faults.is_renderer)
    assert await other.dom.count("a") > 0
    assert await session.dom.count("a") > 0


@on_both_benches
async def test_the_page_comes_back_that_another_handle_has_led_to(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.at("/plain.html"))
    other = await bench.client.browser.get_session(session.id)
    await other.navigate(bench.site.at("/plain.html", of="other"))
    await strike(bench, session, "agent")
    assert await session.url() == bench.site.at("/plain.html", of="other")


@on_both_benches
async def test_the_page_comes_back_of_which_not_all_came(bench: Bench) -> None:
    gate = f"part-{bench.flavour.name}"
    session = await restored(bench)
    await session.navigate(bench.site.at("/plain.html"))
    with pytest.raises(BrowserNavigationError) as caught:
        await session.navigate(bench.site.at(f"/count/{gate}", gate=gate), timeout=4.0)
    assert caught.value.cause is NavigationCause.TIMEOUT_LOAD
    bench.site.open_gate(f"{gate}-2")
    await strike(bench, session, "agent")
    assert await session.dom.text("#go") == "Count"


@on_both_benches
async def test_a_session_that_raises_still_does_beside_one_that_restores(bench: Bench) -> None:
    session = await restored(bench)
    plain = await bench.client.browser.create_session()
    await plain.navigate(bench.site.at("/links.html"))
    await session.navigate(bench.site.at("/links.html"))
    await lose_page(bench, session, faults.is_browser)
    with pytest.raises(BrowserSessionClosedError) as caught:
        await plain.title()
    assert caught.value.reason is CloseReason.BROWSER_CRASH
    assert await session.dom.count("a") > 0


@on_both_benches
async def test_a_session_whose_caller_is_done_with_it_stays_closed(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.at("/plain.html"))
    await session.info()
    assert list((bench.runtime_dir / "default" / "kept").glob("s-*"))
    await bench.kill(faults.is_browser)
    await session.close()
    with pytest.raises(BrowserSessionClosedError) as caught:
        await session.title()
    assert caught.value.reason is CloseReason.CLOSED_BY_CALLER
    assert session.id not in {info.id for info in await bench.client.browser.list_sessions()}


@on_both_benches
async def test_a_fetch_is_made_again(bench: Bench) -> None:
    gate = f"fetch-{bench.flavour.name}"
    fetching = asyncio.ensure_future(
        bench.client.browser.fetch(bench.site.at(f"/gate/{gate}"), on_crash="restore", timeout=LONG)
    )
    await lose_under(bench, f"/gate/{gate}", "browser")
    await bench.site.records.arrival(f"/gate/{gate}", times=2)
    bench.site.open_gate(gate)
    assert "You are through." in (await fetching).html


@on_both_benches
async def test_without_another_agent_the_session_is_lost(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.at("/plain.html"))
    await bench.once(bench.agent.kill)
    with pytest.raises(BrowserSessionClosedError) as caught:
        await session.title()
    assert caught.value.reason is CloseReason.AGENT_RESTART
    assert session.is_closed
