"""Reads while the page is on its way elsewhere, or only just there."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import BrowserElementNotFoundError, ElementCause

if TYPE_CHECKING:
    from tests.site import WebSite

LATER = """
seconds => setTimeout(() => {
    document.body.innerHTML = '<table id="late"><tr><th>a</th></tr><tr><td>1</td></tr></table>';
}, seconds * 1000)
"""
READS = ("html", "text", "soup", "table")
# About as long as it takes to find out why a read found nothing.
DELAYS = (0.0, 0.005, 0.01, 0.03, 0.1)
# Of what is not there yet.
CAUSES = {ElementCause.PAGE_LOADING, ElementCause.NO_MATCH}
# Reads that need no element: before the first one has come they find nothing.
OF_THE_DOCUMENT = {"whole", "with shadow roots", "title"}


@pytest.mark.parametrize("selector", ["#late", "table:visible"], ids=["CSS", "Playwright's"])
@pytest.mark.parametrize("read", READS)
async def test_what_comes_while_a_failure_is_looked_into_is_read_or_was_not_there(
    session: Any, site: WebSite, read: str, selector: str
) -> None:
    for delay in DELAYS:
        await session.navigate(site.at("/plain.html"))
        await session.evaluate(LATER, delay)
        try:
            assert await getattr(session.dom, read)(selector)
        except BrowserElementNotFoundError as exc:
            if exc.cause not in CAUSES:
                raise


@pytest.mark.parametrize("selector", ["#passed", "p:visible"], ids=["CSS", "Playwright's"])
@pytest.mark.parametrize("read", ["html", "text", "soup"])
async def test_a_read_of_a_page_that_is_on_its_way_is_of_the_one_that_comes(
    session: Any, site: WebSite, read: str, selector: str
) -> None:
    gate = uuid.uuid4().hex
    await session.navigate(site.at("/plain.html"))
    await session.evaluate("url => setTimeout(() => location.href = url)", site.at(f"/gate/{gate}"))
    await site.records.arrival(f"/gate/{gate}")
    reading = asyncio.ensure_future(getattr(session.dom, read)(selector))
    await asyncio.sleep(0)  # it is sent
    site.open_gate(gate)
    assert "You are through." in str(await reading)


async def test_reads_right_after_a_form_was_sent_fail_for_no_other_reason(
    session: Any, site: WebSite
) -> None:
    """The document is replaced before, under or after them; one that has just begun has nothing in it."""
    reads = {
        "html": lambda: session.dom.html("#count"),
        "by Playwright": lambda: session.dom.text("#count:visible"),
        "whole": session.dom.html,
        "with shadow roots": lambda: session.dom.html(shadow=True),
        "title": session.title,
        "pdf": session.pdf,
        "screenshot": session.screenshot,
    }
    for name, read in reads.items():
        for _ in range(4):
            await session.navigate(site.at(f"/count/{uuid.uuid4().hex}"))
            await session.click("#go")
            try:
                found = await read()
                assert found or name in OF_THE_DOCUMENT, name
            except BrowserElementNotFoundError as exc:
                if exc.cause not in CAUSES:
                    raise
