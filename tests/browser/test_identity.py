from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import BadRequestError
from cmdop_browser.models import Cookie

if TYPE_CHECKING:
    from pathlib import Path

    from tests.site import WebSite

HOSTILE = "'a' ${b} </script> %22 é"


async def test_cookies_that_a_site_sets(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/cookies/kinds"))
    cookies = {cookie.name: cookie for cookie in await session.cookies()}
    assert cookies["session"].value == "1"
    assert cookies["session"].expires is None
    assert cookies["lasting"].expires is not None
    assert cookies["http_only"].http_only
    assert cookies["strict"].same_site == "Strict"
    assert cookies["below_cookies"].path == "/cookies"
    assert not any(cookie.name == "session" for cookie in await session.cookies("http://other.test/"))


async def test_cookies_that_the_caller_sets(session: Any, site: WebSite) -> None:
    await session.set_cookies(
        [
            Cookie("one", "1", url=site.at("/")),
            {"name": "two", "value": "2", "domain": "127.0.0.1", "path": "/"},
        ]
    )
    await session.navigate(site.at("/cookies"))
    assert json.loads(await session.dom.text("#cookies")) == {"one": "1", "two": "2"}
    await session.clear_cookies()
    assert await session.cookies() == []


async def test_cookies_travel_to_another_session_unchanged(client: Any, session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/cookies/kinds"))
    before = await session.cookies()
    async with client.browser.create_session() as other:
        await other.set_cookies(before)
        assert sorted(await other.cookies(), key=lambda cookie: cookie.name) == sorted(
            before, key=lambda cookie: cookie.name
        )


async def test_a_cookie_that_the_browser_refuses(session: Any) -> None:
    with pytest.raises(BadRequestError):
        await session.set_cookies([Cookie("a", "b\x01;c", url="http://a.test/")])
    with pytest.raises(BadRequestError):
        await session.set_cookies([Cookie("a", "b", url="no url")])


async def test_a_login_is_carried_over_by_storage_state(
    client: Any, session: Any, site: WebSite, tmp_path: Path
) -> None:
    await session.navigate(site.at("/storage.html"))
    await session.click("#save")
    state = await session.storage_state(tmp_path / "state.json")
    assert "locally" not in repr(state)
    for given in (state, tmp_path / "state.json"):
        async with client.browser.create_session(storage_state=given) as other:
            await other.navigate(site.at("/storage.html"))
            stored = json.loads(await other.dom.text("#stored"))
            assert stored["local"] == {"saved": 'locally "quoted" ☂'}
            assert [cookie.name for cookie in await other.cookies()] == ["saved"]
