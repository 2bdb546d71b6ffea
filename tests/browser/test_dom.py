from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bs4 import BeautifulSoup

from cmdop_browser.exceptions import BrowserElementNotFoundError
from tests.site.responses import PANGRAM

if TYPE_CHECKING:
    from tests.site import WebSite


async def test_html_and_text(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/texts.html"))
    assert (await session.dom.html()).startswith("<!DOCTYPE html>")
    assert "Awkward texts" in await session.dom.text()
    assert await session.dom.text("#quotes") == "\"double\" 'single' `back` \\backslash\\ ${not a template}"
    assert (
        await session.dom.html("#markup") == '<p id="markup">&lt;/script&gt;&lt;b&gt;&amp;amp;&nbsp;nbsp</p>'
    )
    assert "😀" not in await session.dom.text("#emoji")
    assert "👩‍👩‍👧" in await session.dom.text("#emoji")


async def test_a_lone_surrogate_does_no_harm(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/texts.html"))
    assert "lone" in await session.dom.text("#surrogate")
    assert "lone" in await session.dom.html()


async def test_selected_elements(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/texts.html"))
    (element,) = await session.dom.select("button")
    assert (element.tag, element.text) == ("button", "odd attributes")
    assert element["data-test"] == 'say "hi"'
    assert element.get("none") is None
    assert element.html.startswith("<button data-test=")
    assert await session.dom.select(".nope") == []
    assert await session.dom.count("p[id]") == 7


async def test_attributes_and_links(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/links.html"))
    links = await session.dom.links()
    assert site.at("/echo/absolute-path") in links
    assert len(links) == len(set(links))
    assert all(
        "://" in link or link.startswith(("mailto:", "tel:", "javascript:", "data:")) for link in links
    )
    hrefs = await session.dom.attrs("a", "href")
    assert hrefs[0] == "/echo/absolute-path"
    assert await session.dom.attrs("a", "nope") == []


async def test_tables(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/tables.html"))
    rows = await session.dom.table("#plain")
    assert rows[0]["Name"] == "Tea"
    assert rows[0]["Price"] == "3.20"
    assert rows[1] == {"Name": "Cake & cream", "Price": "4.50", "Note": ""}


async def test_soup_is_beautiful_soup(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/tables.html"))
    whole = await session.dom.soup()
    part = await session.dom.soup("#plain", parser="html.parser")
    assert type(whole) is type(part) is BeautifulSoup
    assert len(whole.select("table")) > 5
    assert len(part.select("table")) == 1


async def test_reads_do_not_wait(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/late.html", after=5000))
    for read in (session.dom.html, session.dom.text, session.dom.soup, session.dom.table):
        with pytest.raises(BrowserElementNotFoundError):
            await read("#arrived")
    assert await session.dom.count("#arrived") == 0


async def test_shadow_roots_are_written_out_when_asked_for(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/shadow.html"))
    assert "in-open" not in (await session.dom.html("#open-host"))
    whole = await session.dom.html(shadow=True)
    assert 'id="in-open"' in whole


async def test_broken_encoding_is_readable(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/bad-utf8"))
    assert "caf\ufffd" in await session.dom.text("#text")
    await session.navigate(site.at("/charset/iso-8859-1"))
    assert await session.dom.text("#text") == PANGRAM


# How large replies are put together in each flavour shows with smaller ones, in tests/client: here it
# is the agent that has to bring them, and it does not know the flavours.
@pytest.mark.parametrize("flavour", ["async"], indirect=True)
async def test_a_page_of_twenty_megabytes_comes_through(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/huge/text", mb=20), timeout=60.0)
    html = await session.dom.html(timeout=60.0)
    assert len(html) > 20_000_000
    assert '<p id="end">end</p>' in html


@pytest.mark.parametrize("flavour", ["sync"], indirect=True)
async def test_a_page_of_a_hundred_thousand_elements_comes_through(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/huge/elements", n=100_000), timeout=60.0)
    assert await session.dom.count("li.item") == 50_000
    assert len(await session.dom.select("li.item", timeout=60.0)) == 50_000
    assert len(await session.dom.links(timeout=60.0)) == 50_000
