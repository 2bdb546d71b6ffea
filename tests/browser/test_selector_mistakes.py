"""Selectors that can match nothing, or do not parse, on a page that has what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import async_playwright

from agent_bridge.browser.diagnose import element_error
from agent_bridge.browser.executable import find_browser
from agent_bridge.browser.grace import Grace
from agent_bridge.browser.page import ManagedPage
from agent_bridge.diagnosis.facts import FailedCall
from cmdop_browser.exceptions import BrowserElementNotFoundError, CloseReason, ElementCause
from cmdop_browser.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PAGE = """<title>T</title><h1>Hello</h1><h2>Sub</h2><form><input id="email" name="email"></form>
<button class="buy">Buy</button><b id="123start">one</b>"""


@pytest.fixture(scope="module")
async def page() -> AsyncIterator[ManagedPage]:
    async with async_playwright() as driver:
        program = find_browser(Settings()).path
        browser = await driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = await browser.new_context()
        tab = await context.new_page()
        managed = ManagedPage(context, tab, await context.new_cdp_session(tab), grace=Grace(5.0))
        await tab.set_content(PAGE)
        yield managed
        await managed.close(CloseReason.CLOSED_BY_CALLER)
        await browser.close()


async def _error(page: ManagedPage, selector: str) -> BrowserElementNotFoundError:
    error = await element_error(page, FailedCall("click", selector, waited=0.5))
    assert isinstance(error, BrowserElementNotFoundError)
    return error


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        ("//h2/text()", "//h2"),
        ("//input/@id", "//input"),
        ("\"'h1'\"", "h1"),
        ("“#email”", "#email"),
        ("h1 >> nth=x", "h1 >> nth=0"),
        ("h1 >> visible=maybe", "h1 >> visible=true"),
        ("role=button[name=]", "role=button"),
        ("role=buton", "role=button"),
        ("h1::text", "h1"),
        ("getElementById('email')", "#email"),
        ("name=email", '[name="email"]'),
        # Corrected, it matches nothing, and something near is there.
        ("#123strat", '[id="123start"]'),
        ("role=buton[name='Buyy']", "role=button[name='Buy']"),
        ("h1:has-txt('Helo')", "h1:has-text('Hello')"),
    ],
)
async def test_what_was_meant_is_there(page: ManagedPage, selector: str, meant: str) -> None:
    error = await _error(page, selector)

    assert error.cause is ElementCause.INVALID_SELECTOR
    assert [(each.selector, each.count) for each in error.candidates] == [(meant, 1)]
    assert error.tips[0] == f"did you mean {meant!r}? (1 match)"


@pytest.mark.parametrize("selector", ["div:nth-child(0)", "nth=0", "foo=bar"])
async def test_what_is_wrong_is_said_though_nothing_is_near(page: ManagedPage, selector: str) -> None:
    error = await _error(page, selector)

    assert error.cause is ElementCause.INVALID_SELECTOR
    assert error.tips
    assert "busy" not in str(error)


@pytest.mark.parametrize("selector", ["'main'", "data-testid=x", "//h2[text()='Other']"])
async def test_what_may_match_elsewhere_is_no_mistake(page: ManagedPage, selector: str) -> None:
    error = await _error(page, selector)

    assert error.cause is ElementCause.NO_MATCH
    assert not any("the page is" in tip for tip in error.tips)
