"""What callers have filled in, which a page that is loaded again has not got."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import (
    BrowserNavigationError,
    NavigationCause,
    Outcome,
    SessionInterruptedError,
)
from tests.process.faults import faults
from tests.process.faults.bench import Bench, on_both_benches
from tests.process.faults.losses import FAULTS, lose_page, lose_under, restored, strike, under_way

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def filled_in(bench: Bench, url: str) -> Any:
    """A session that goes on after a crash, on the form at *url*, which it has filled in."""
    session = await restored(bench)
    await session.navigate(url)
    await session.fill("#note", "mine")
    return session


async def send(session: Any) -> None:
    """Send the form."""
    await session.click("#go")
    await session.wait_for("#count")


async def is_refused(session: Any) -> None:
    """Try to send the form, which is told to be empty."""
    with pytest.raises(SessionInterruptedError, match="what had been filled in"):
        await session.click("#go")


@pytest.mark.parametrize("what", FAULTS)
@on_both_benches
async def test_a_form_that_was_emptied_is_not_sent(bench: Bench, what: str) -> None:
    name = f"emptied-{bench.flavour.name}-{what}"
    session = await filled_in(bench, bench.site.at(f"/count/{name}"))
    await strike(bench, session, what)
    assert await session.dom.text("#go") == "Count"  # it is loaded again, and reads go on
    with pytest.raises(SessionInterruptedError, match="what had been filled in") as caught:
        await session.click("#go")
    error = caught.value
    assert (error.outcome, error.last_action, error.retryable) == (Outcome.NOT_EXECUTED, "click", False)
    assert error.tips[0] == "fill in the form again, then make the call again"
    with pytest.raises(SessionInterruptedError):  # whoever just repeats it does not send half a form
        await session.press("Enter", selector="#note")
    assert name not in bench.site.records.counts()
    await session.fill("#note", "mine")
    await send(session)
    assert bench.site.records.counts()[name] == 1


async def type_in(session: Any) -> None:
    """Fill in a form by other means than `fill`."""
    await session.type("#note", "mine")


async def look_about(session: Any) -> None:
    """Fill in a form, and then do something else there."""
    await session.fill("#note", "mine")
    await session.hover("#go")


async def put_cookie(session: Any) -> None:
    """Fill in a form, and then do something that the agent remembers before it answers."""
    await session.fill("#note", "mine")
    await session.set_cookies([{"name": "seen", "value": "1", "domain": "127.0.0.1", "path": "/"}])


@pytest.mark.parametrize("act", [type_in, look_about, put_cookie])
@on_both_benches
async def test_a_form_is_not_sent_whose_agent_was_killed_in_the_moment_it_was_filled_in(
    bench: Bench, act: Callable[[Any], Awaitable[None]]
) -> None:
    name = f"moment-{bench.flavour.name}-{act.__name__}"
    session = await restored(bench)
    await session.navigate(bench.site.at(f"/count/{name}"))
    await act(session)
    await bench.once(bench.place.replace_agent)  # before it is asked for anything else
    await session.title()
    await is_refused(session)
    assert name not in bench.site.records.counts()


@pytest.mark.parametrize("is_kept", [True, False])
@on_both_benches
async def test_a_form_that_was_still_empty_is_filled_in_after_a_loss(bench: Bench, *, is_kept: bool) -> None:
    name = f"empty-{bench.flavour.name}-{is_kept}"
    session = await restored(bench)
    await session.navigate(bench.site.at(f"/count/{name}"))
    if is_kept:
        await session.info()
    await bench.once(bench.place.replace_agent)
    await session.fill("#note", "mine")
    await send(session)
    assert bench.site.records.counts()[name] == 1


@pytest.mark.parametrize("what", ["renderer", "agent"])
@on_both_benches
async def test_it_is_told_where_the_form_came_while_it_was_filled_in(bench: Bench, what: str) -> None:
    name = f"came-{bench.flavour.name}-{what}"
    session = await restored(bench)
    await session.navigate(bench.site.at("/plain.html"))
    await session.evaluate(
        "([gate, next]) => { fetch(gate).then(() => location = next) }",
        [bench.site.at(f"/gate/{name}"), bench.site.at(f"/count/{name}")],
    )
    filling = asyncio.ensure_future(session.fill("#note", "mine"))
    await under_way(bench, session)  # it waits on the page before
    bench.site.open_gate(name)
    await filling
    await strike(bench, session, what)
    await is_refused(session)
    assert name not in bench.site.records.counts()


@on_both_benches
async def test_it_is_told_where_the_form_came_back_as_it_was_left(bench: Bench) -> None:
    name = f"back-{bench.flavour.name}"
    session = await filled_in(bench, bench.site.at(f"/count/{name}"))
    await session.navigate(bench.site.at("/plain.html"))
    await session.back()
    assert await session.evaluate("document.querySelector('#note').value") == "mine"
    await lose_page(bench, session, faults.is_renderer)
    await is_refused(session)
    assert name not in bench.site.records.counts()


@on_both_benches
async def test_a_form_that_was_sent_is_not_missed_on_the_next_page(bench: Bench) -> None:
    name = f"next-{bench.flavour.name}"
    session = await filled_in(bench, bench.site.at(f"/count/{name}"))
    await send(session)
    await session.navigate(bench.site.at(f"/count/{name}-2"))
    await bench.once(bench.place.replace_agent)
    await send(session)
    assert bench.site.records.counts()[f"{name}-2"] == 1


@on_both_benches
async def test_what_is_filled_in_goes_with_its_page(bench: Bench) -> None:
    name = f"left-{bench.flavour.name}"
    session = await filled_in(bench, bench.site.at(f"/count/{name}"))
    await session.navigate(bench.site.at(f"/count/{name}"))  # another document, nothing is in it
    await lose_page(bench, session, faults.is_renderer)
    await send(session)
    assert bench.site.records.counts()[name] == 1


@pytest.mark.parametrize("what", ["renderer", "agent"])
@on_both_benches
async def test_it_is_told_after_a_second_loss_too(bench: Bench, what: str) -> None:
    name = f"twice-{bench.flavour.name}-{what}"
    session = await filled_in(bench, bench.site.at(f"/count/{name}"))
    for _ in range(2):
        await strike(bench, session, what)
        await session.title()
    with pytest.raises(SessionInterruptedError):
        await session.fill("#note", "mine")
    await session.fill("#note", "mine")
    await session.press("Enter", selector="#note")
    await session.wait_for("#count")
    assert bench.site.records.counts()[name] == 1


@pytest.mark.parametrize("what", ["renderer", "browser"])
@on_both_benches
async def test_it_is_told_where_the_page_is_lost_again_while_it_comes(bench: Bench, what: str) -> None:
    name = f"coming-{bench.flavour.name}-{what}"
    bench.site.open_gate(f"{name}-1")
    bench.site.open_gate(f"{name}-3")
    session = await filled_in(bench, bench.site.at(f"/count/{name}", gate=name))
    await lose_page(bench, session, faults.is_renderer)
    reading = asyncio.ensure_future(session.dom.text("#go"))
    await lose_under(bench, f"/gate/{name}-2", what)
    assert await reading == "Count"
    await is_refused(session)


@on_both_benches
async def test_it_is_told_where_not_all_of_the_page_comes(bench: Bench) -> None:
    name = f"part-{bench.flavour.name}"
    bench.site.open_gate(f"{name}-1")
    session = await filled_in(bench, bench.site.at(f"/count/{name}", gate=name))
    await lose_page(bench, session, faults.is_renderer)
    await session.info()  # the new page is there, and empty: all of the call's time is for loading it
    with pytest.raises(BrowserNavigationError) as caught:
        await session.dom.text("#go", timeout=4.0)
    assert caught.value.cause is NavigationCause.TIMEOUT_LOAD
    await is_refused(session)


@on_both_benches
async def test_it_is_not_sent_after_an_act_that_was_cut_off_either(bench: Bench) -> None:
    name = f"cut-{bench.flavour.name}"
    session = await filled_in(bench, bench.site.at(f"/count/{name}"))
    gate = bench.site.at(f"/gate/{name}")
    acting = asyncio.ensure_future(session.evaluate("url => fetch(url, {method: 'POST'})", gate))
    await lose_under(bench, f"/gate/{name}", "renderer")
    with pytest.raises(SessionInterruptedError) as caught:
        await acting
    assert caught.value.outcome is Outcome.UNKNOWN
    await is_refused(session)
    await session.fill("#note", "mine")  # that it is gone was told
    await send(session)


@on_both_benches
async def test_it_is_told_where_the_first_call_goes_to_another_part_of_the_page(bench: Bench) -> None:
    url = bench.site.at(f"/count/within-{bench.flavour.name}")
    session = await filled_in(bench, url)
    await lose_page(bench, session, faults.is_renderer)
    await session.navigate(f"{url}#note")
    await is_refused(session)


@on_both_benches
async def test_one_who_navigates_is_not_told(bench: Bench) -> None:
    url = bench.site.at(f"/count/anew-{bench.flavour.name}")
    session = await filled_in(bench, url)
    await lose_page(bench, session, faults.is_browser)
    await session.navigate(url)
    await send(session)


@on_both_benches
async def test_a_navigation_that_leaves_the_page_where_it_is_leaves_it_filled(bench: Bench) -> None:
    url = bench.site.at(f"/count/stays-{bench.flavour.name}")
    session = await filled_in(bench, url)
    await session.navigate(f"{url}#note")
    with pytest.raises(BrowserNavigationError):
        await session.navigate(bench.site.at("/status/204"))
    await lose_page(bench, session, faults.is_renderer)
    await is_refused(session)


@on_both_benches
async def test_a_page_that_came_back_and_went_on_takes_acts(bench: Bench) -> None:
    url = bench.site.at(f"/count/on-{bench.flavour.name}")
    session = await filled_in(bench, url)
    await lose_page(bench, session, faults.is_renderer)
    await session.title()
    await session.reload()
    await send(session)


async def test_what_an_act_had_set_going_is_told(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.at("/plain.html"))
    await session.info()
    await session.evaluate("1")
    await bench.kill(faults.is_renderer)
    await session.title()
    assert "what evaluate had set going just before" in (await session.info()).not_restored
