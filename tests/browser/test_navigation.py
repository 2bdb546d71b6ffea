from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import BrowserNavigationError, NavigationCause

if TYPE_CHECKING:
    from tests.site import WebSite


# A hanging page is left in less than a second.
AMPLE = 12.0


async def test_a_page_and_what_came_with_it(session: Any, site: WebSite) -> None:
    result = await session.navigate(site.at("/plain.html"))
    assert result.ok
    assert result.status == 200
    assert result.url == result.requested_url == site.at("/plain.html") == await session.url()
    assert result.title == await session.title()
    assert result.headers["Content-Type"].startswith("text/html")
    assert 0 < result.elapsed < 30
    assert result.raise_for_status() is result


async def test_a_redirect_names_its_stations(session: Any, site: WebSite) -> None:
    result = await session.navigate(site.at("/redirect/chain/2"))
    assert result.url == site.at("/redirect/chain/0")
    assert result.requested_url == site.at("/redirect/chain/2")
    assert result.redirects == (site.at("/redirect/chain/2"), site.at("/redirect/chain/1"))


@pytest.mark.parametrize("status", [401, 404, 418, 500, 503])
async def test_an_error_page_is_a_result(session: Any, site: WebSite, status: int) -> None:
    result = await session.navigate(site.at(f"/status/{status}"))
    assert (result.status, result.ok) == (status, False)
    assert await session.dom.text("#status") == str(status)
    with pytest.raises(BrowserNavigationError, match=str(status)) as caught:
        result.raise_for_status()
    assert caught.value.url == result.url


@pytest.mark.parametrize("wait_until", ["load", "domcontentloaded", "networkidle", "commit"])
async def test_every_way_to_wait(session: Any, site: WebSite, wait_until: str) -> None:
    assert (await session.navigate(site.at("/plain.html"), wait_until=wait_until)).ok


async def test_a_hanging_resource_holds_up_load_only(session: Any, site: WebSite) -> None:
    url = site.at("/hanging/image")
    assert (await session.navigate(url, wait_until="domcontentloaded")).ok
    with pytest.raises(BrowserNavigationError) as caught:
        await session.navigate(url, timeout=2.0)
    assert caught.value.cause is NavigationCause.TIMEOUT_LOAD
    assert await session.dom.text("#after") == "after"


async def test_back_forward_and_reload(session: Any, site: WebSite) -> None:
    first, second = site.at("/plain.html"), site.at("/links.html")
    await session.navigate(first)
    await session.navigate(second)
    assert (await session.back()).url == first
    assert (await session.forward()).url == second
    reloaded = await session.reload()
    assert (reloaded.url, reloaded.status) == (second, 200)


async def test_the_referer_is_sent(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/headers"), referer="http://from.test/page")
    assert "http://from.test/page" in await session.dom.text("#headers")


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("", NavigationCause.INVALID_URL),
        ("not a url", NavigationCause.INVALID_URL),
        ("http://a b/", NavigationCause.INVALID_URL),
        ("http://a.test:99999/", NavigationCause.INVALID_URL),
        ("http://a.test:port/", NavigationCause.INVALID_URL),
        ("file:///etc/passwd", NavigationCause.UNSUPPORTED_SCHEME),
        ("javascript:alert(1)", NavigationCause.UNSUPPORTED_SCHEME),
        ("ftp://a.test/", NavigationCause.UNSUPPORTED_SCHEME),
        ("chrome://version", NavigationCause.UNSUPPORTED_SCHEME),
        ("view-source:http://a.test/", NavigationCause.UNSUPPORTED_SCHEME),
        ("data:text/html,x", NavigationCause.UNSUPPORTED_SCHEME),
        ("about:config", NavigationCause.UNSUPPORTED_SCHEME),
    ],
)
async def test_a_url_that_cannot_be_loaded(session: Any, url: str, cause: NavigationCause) -> None:
    with pytest.raises(BrowserNavigationError) as caught:
        await session.navigate(url, timeout=5.0)
    assert caught.value.cause is cause


async def test_nobody_is_there(session: Any, site: WebSite) -> None:
    with pytest.raises(BrowserNavigationError) as caught:
        await session.navigate(site.refused)
    assert caught.value.cause is NavigationCause.REFUSED
    assert caught.value.retryable
    assert (await session.navigate(site.at("/plain.html"))).ok


async def test_a_server_that_does_not_answer(session: Any, site: WebSite) -> None:
    with pytest.raises(BrowserNavigationError) as caught:
        await session.navigate(site.at("/hang/page"), timeout=1.0)
    assert caught.value.cause is NavigationCause.TIMEOUT_RESPONSE
    assert isinstance(caught.value.url, str)
    assert (await session.navigate(site.at("/plain.html"))).ok


async def test_a_redirect_without_end(session: Any, site: WebSite) -> None:
    with pytest.raises(BrowserNavigationError) as caught:
        await session.navigate(site.at("/redirect/loop"))
    assert caught.value.cause is NavigationCause.REDIRECT_LOOP


async def test_a_page_in_one_call(client: Any, site: WebSite) -> None:
    page = await client.browser.fetch(site.at("/plain.html"))
    assert (page.status, page.title) == (200, page.soup().title.get_text())
    late = await client.browser.fetch(
        site.at("/late.html", after=100), wait_for="#arrived", selector="#arrived"
    )
    assert late.html == '<p id="arrived">Here I am.</p>'
    assert await client.browser.list_sessions() == []


async def test_a_failure_does_not_spoil_the_next_navigation(session: Any, site: WebSite) -> None:
    for number in range(8):
        with pytest.raises(BrowserNavigationError):
            await session.navigate(site.refused, timeout=5.0)
        result = await session.navigate(site.at(f"/echo/{number}"))
        assert result.url == site.at(f"/echo/{number}")


async def test_credentials_of_a_url_without_scheme_do_not_show(session: Any) -> None:
    with pytest.raises(BrowserNavigationError) as caught:
        await session.navigate("user:S3CR3T@host.test/")
    assert "S3CR3T" not in f"{caught.value!r} {caught.value} {caught.value.error_detail}"


async def test_a_page_that_loads_itself_again_does_not_take_the_place_of_the_next(
    client: Any, site: WebSite
) -> None:
    """What it has asked for last may be begun after the next page has come; on a busy machine, mostly."""

    async def leave_often(number: int) -> None:
        async with client.browser.create_session() as session:
            for turn in range(12):
                await session.navigate(
                    site.at(f"/redirect/reload-later/{(0, 5, 30)[turn % 3]}"), wait_until="commit"
                )
                wanted = site.at("/plain.html", asked=f"{number}-{turn}")
                assert (await session.navigate(wanted)).url == wanted
                assert await session.evaluate("location.href") == wanted

    await asyncio.gather(*map(leave_often, range(4)))


@pytest.mark.parametrize("policy", ["", "no-referrer", "origin"])
async def test_a_page_that_leads_back_to_where_one_came_from_may_do_so(
    session: Any, site: WebSite, policy: str
) -> None:
    mark = uuid.uuid4().hex
    left = site.at("/plain.html", mark=mark)
    await session.navigate(left)
    page = await session.navigate(site.at("/redirect/by-script", url=left, policy=policy))
    assert page.url == left
    # An address may work once only.
    assert len([sent for sent in site.records.requests("/redirect/by-script") if mark in sent.query]) == 1


async def test_a_page_that_goes_back_by_itself_does(session: Any, site: WebSite) -> None:
    first, second = site.at("/links.html"), site.at("/plain.html")
    await session.navigate(first)
    await session.navigate(second)
    await session.navigate(site.at("/redirect/back"))
    await session.wait_for_url(second)
    assert (await session.back()).url == first


@pytest.mark.parametrize("way", ["at once", "when it has loaded", "by meta"])
async def test_the_result_is_of_the_page_that_a_script_has_led_to(
    session: Any, site: WebSite, way: str
) -> None:
    there = site.at("/status/404", way=way)
    result = await session.navigate(site.at("/redirect/on", url=there, way=way))
    if result.url == there:  # as may be when it leads on only after it has loaded, or has not yet
        assert (result.status, result.ok) == (404, False)
        assert await session.evaluate("document.readyState") == "complete"
    else:
        assert result.status == 200
    assert result.url == there or way != "at once"


@pytest.mark.parametrize("way", ["navigate", "navigate to another site", "reload", "back"])
async def test_a_page_whose_script_hangs_is_left_at_once(session: Any, site: WebSite, way: str) -> None:
    before, now = site.at("/plain.html"), site.at("/plain.html", again=1)
    await session.navigate(before)
    await session.navigate(now)
    await session.evaluate("() => { setTimeout(() => { while (true); }, 0); }")
    # Left only when its time is over, it would be lost.
    match way:
        case "reload":
            assert (await session.reload(timeout=AMPLE)).url == now
        case "back":
            assert (await session.back(timeout=AMPLE)).url == before
        case _:
            there = site.elsewhere("/plain.html") if "site" in way else before
            assert (await session.navigate(there, timeout=AMPLE)).url == there
    assert await session.evaluate("() => 1 + 1") == 2
