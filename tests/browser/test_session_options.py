from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import (
    BadRequestError,
    BrowserNavigationError,
    FileNotFoundError,
    NavigationCause,
    SessionExistsError,
    SessionNotFoundError,
)
from cmdop_browser.models import Proxy

if TYPE_CHECKING:
    from tests.site import WebSite


async def _environment(client: Any, site: WebSite, **options: Any) -> dict[str, Any]:
    async with client.browser.create_session(**options) as session:
        await session.navigate(site.at("/environment.html"))
        return dict(json.loads(await session.dom.text("#environment")))


async def test_the_page_sees_what_was_asked_for(client: Any, site: WebSite) -> None:
    seen = await _environment(
        client,
        site,
        viewport=(640, 480),
        locale="de-DE",
        timezone="Asia/Tokyo",
        user_agent='Probe/1.0 ("quoted")',
    )
    assert (seen["width"], seen["height"]) == (640, 480)
    assert (seen["language"], seen["number"]) == ("de-DE", "1.234,5")
    assert (seen["timezone"], seen["noon"]) == ("Asia/Tokyo", 21)
    assert seen["userAgent"] == 'Probe/1.0 ("quoted")'


async def test_headers_are_sent_with_each_request(client: Any, site: WebSite) -> None:
    async with client.browser.create_session(headers={"X-Probe": "a \"b\" 'c'"}) as session:
        await session.navigate(site.at("/headers"))
        assert json.loads(await session.dom.text("#headers"))["x-probe"] == "a \"b\" 'c'"


async def test_scripts_can_be_off(client: Any, site: WebSite) -> None:
    async with client.browser.create_session(javascript=False) as session:
        await session.navigate(site.at("/environment.html"))
        assert await session.dom.text("#no-script") == "Scripts are off."


@pytest.mark.parametrize("kind", ["image", "font", "media", "stylesheet"])
async def test_what_is_blocked_is_not_asked_for(client: Any, site: WebSite, flavour: Any, kind: str) -> None:
    run = f"{flavour.name}-{kind}"
    async with client.browser.create_session(block=[kind]) as session:
        await session.navigate(site.at(f"/resources/{run}"))
        await session.wait_for_idle()
    asked_for = {
        path.rpartition("/")[2].partition(".")[0] for path in site.records.paths(f"/resources/{run}/")
    }
    blocked = {"image", "background", "ad"} if kind == "image" else {kind}
    assert not asked_for & blocked
    assert {"script", "fetch", "iframe"} <= asked_for


async def test_a_proxy_that_is_not_there(client: Any, site: WebSite) -> None:
    proxy = Proxy(site.refused.rstrip("/"), username="ada", password="s3cret")
    async with client.browser.create_session(proxy=proxy) as session:
        with pytest.raises(BrowserNavigationError) as caught:
            await session.navigate("http://a.test/")
    assert caught.value.cause is NavigationCause.PROXY
    assert "s3cret" not in str(caught.value) + repr(caught.value) + caught.value.error_detail


async def test_certificates_can_be_ignored(client: Any, site: WebSite) -> None:
    url = site.tls("self_signed", "/plain.html")
    async with client.browser.create_session(ignore_https_errors=True) as session:
        assert (await session.navigate(url)).ok
    async with client.browser.create_session() as session:
        with pytest.raises(BrowserNavigationError) as caught:
            await session.navigate(url)
    assert caught.value.cause is not None
    assert caught.value.cause.startswith("TLS_")


async def test_sessions_share_nothing(client: Any, site: WebSite) -> None:
    async with client.browser.create_session() as one, client.browser.create_session() as other:
        await one.navigate(site.at("/cookies/set", a=1))
        await other.navigate(site.at("/cookies"))
        assert json.loads(await other.dom.text("#cookies")) == {}


async def test_a_name_leads_to_the_session(client: Any, site: WebSite) -> None:
    async with client.browser.create_session(name="cart \"'é") as session:
        await session.navigate(site.at("/plain.html"))
        found = await client.browser.get_session("cart \"'é")
        assert found.id == session.id
        assert await found.url() == site.at("/plain.html")
        assert [info.name for info in await client.browser.list_sessions()] == [session.name]
        with pytest.raises(SessionExistsError):
            await client.browser.create_session(name=session.name)
    with pytest.raises(SessionNotFoundError):
        await client.browser.get_session("cart \"'é")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"viewport": (0, 10)}, "viewport"),
        ({"viewport": (10.5, 10)}, "viewport"),
        ({"viewport": 5}, "viewport"),
        ({"locale": ""}, "locale"),
        ({"locale": "no locale"}, "locale"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"headers": {"a b": "c"}}, "headers"),
        ({"headers": {"a": "b\r\nc: d"}}, "headers['a']"),
        ({"headers": "a: b"}, "headers"),
        ({"proxy": "no proxy"}, "proxy"),
        ({"proxy": {"host": "a"}}, "proxy"),
        ({"storage_state": {"cookies": 5}}, "storage_state"),
        ({"block": ["images"]}, "block"),
        ({"block": "image"}, "block"),
        ({"javascript": None}, "javascript"),
        ({"on_crash": "ignore"}, "on_crash"),
        ({"idle_timeout": 0}, "idle_timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"queue_timeout": -1}, "queue_timeout"),
        ({"name": "x" * 1000}, "name"),
        ({"user_agent": "a\nb"}, "user_agent"),
        ({"user_agent": "é"}, "user_agent"),
        ({"headers": {"a": "é"}}, "headers['a']"),
    ],
    ids=repr,
)
async def test_options_that_cannot_work(client: Any, options: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        await client.browser.create_session(**options)
    assert caught.value.field == field
    assert await client.browser.list_sessions() == []


async def test_a_storage_state_that_is_not_there(client: Any) -> None:
    with pytest.raises(FileNotFoundError):
        await client.browser.create_session(storage_state="/no/such/file")
