"""Sessions that a client takes back by the key that it asked with."""

from __future__ import annotations

import asyncio

import pytest

from agent_bridge.creations import Creations
from cmdop_browser.exceptions import Outcome, SessionInterruptedError

KEY = ("client", "key")


async def make(creations: Creations, page: asyncio.Event, key: tuple[str, str] = KEY) -> str:
    with creations.under_way(key) as made:
        await page.wait()
        made("s-1")
        return "s-1"


@pytest.fixture
def page() -> asyncio.Event:
    """Set when a session has its page."""
    return asyncio.Event()


async def test_one_that_was_made_is_told_once(page: asyncio.Event) -> None:
    creations = Creations()
    page.set()
    await make(creations, page)
    assert await creations.given_up(KEY) == "s-1"
    assert await creations.given_up(KEY) == ""


async def test_one_that_is_being_made_is_stopped(page: asyncio.Event) -> None:
    creations = Creations()
    making = asyncio.ensure_future(make(creations, page))
    await asyncio.sleep(0)
    assert await creations.given_up(KEY) == ""
    assert making.cancelled()


async def test_one_that_has_not_been_begun_is_refused_once(page: asyncio.Event) -> None:
    creations = Creations()
    page.set()
    assert await creations.given_up(KEY) == ""
    with pytest.raises(SessionInterruptedError) as caught:
        await make(creations, page)
    assert caught.value.outcome is Outcome.NOT_EXECUTED
    assert await make(creations, page) == "s-1"


async def test_another_client_cannot_take_it_back(page: asyncio.Event) -> None:
    creations = Creations()
    page.set()
    await make(creations, page)
    assert await creations.given_up(("other", "key")) == ""
    assert await creations.given_up(KEY) == "s-1"


async def test_calls_without_a_key_are_none_of_its_business(page: asyncio.Event) -> None:
    creations = Creations()
    page.set()
    assert await make(creations, page, ("client", "")) == "s-1"
    assert await creations.given_up(("client", "")) == ""
