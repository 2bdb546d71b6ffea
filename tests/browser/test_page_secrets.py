"""Secrets planted wherever a page or a caller can put them, and searched for wherever an error can."""

from __future__ import annotations

import asyncio
import base64
import logging
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import BrowserError, CMDOPError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.agents import RunningAgent
    from tests.site import WebSite

# Each with a word of its own, so that a leak tells where it comes from.
PLANTED = {
    "server cookie": "srvck-7f3a9b2c1d",
    "http-only cookie": "httponlyckABCD",
    "caller's cookie": "setck-1234567890",
    "header": "hdrkey-a1b2c3d4e5",
    "basic password": "basicpw-q9w8e7",
    "filled password": 'fill&ed"pw-55',
    "typed password": "typedpw-771",
    "markup password": "markup-pw-881",
    "hidden input": "hidden-csrf-4411",
    "meta": "meta-csrf-9922",
    "query": "query-tok-3344",
    "fragment": "fragment-tok-5566",
    "inline script": "inline-tok-7788",
    "console": "console-tok-9900",
    "data attribute": "data-tok-1212",
    "failed request": "request-tok-3434",
    "title": "srvck-7f3a9b2c1d",
}

PLANT = """planted => {
    document.title = 'welcome ' + planted['server cookie'];
    document.head.insertAdjacentHTML('beforeend', `<meta name="csrf-token" content="${planted['meta']}">`);
    document.body.insertAdjacentHTML('beforeend', `
        <form><input type="password" id="password"><input type="password" id="second">
        <input type="password" id="third" value="${planted['markup password']}">
        <input type="hidden" name="csrf_token" value="${planted['hidden input']}">
        <button id="covered" disabled data-api-key="${planted['data attribute']}">Buy</button></form>
        <p>${planted['caller\\'s cookie']} ${planted['http-only cookie']}</p>`);
    const script = document.createElement('script');
    script.textContent = `window.state = {"accessToken": "${planted['inline script']}"}`;
    document.body.append(script);
    console.error('login failed, token=' + planted['console'] + ' cookie ' + planted['server cookie']);
    console.error('csrf was ' + planted['meta'] + ' and ' + planted['hidden input']);
    location.hash = 'access_token=' + planted['fragment'];
    return fetch('/none?api_key=' + planted['failed request']).then(reply => reply.status);
}"""


@pytest.fixture
async def planted(client: Any, site: WebSite) -> Any:
    basic = base64.b64encode(f"me:{PLANTED['basic password']}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "X-Api-Key": PLANTED["header"]}
    async with client.browser.create_session(headers=headers) as session:
        await session.navigate(site.at("/cookies/set", sid=PLANTED["server cookie"]))
        await session.set_cookies(
            [
                {"name": "a", "value": PLANTED["caller's cookie"], "url": site.at("/")},
                {"name": "b", "value": PLANTED["http-only cookie"], "url": site.at("/"), "http_only": True},
            ]
        )
        await session.navigate(site.at("/headers", token=PLANTED["query"]))
        await session.evaluate(PLANT, PLANTED)
        await session.fill("#password", PLANTED["filled password"])
        await session.type("#second", PLANTED["typed password"])
        yield session


async def _failures(session: Any) -> list[CMDOPError]:
    secret = PLANTED["filled password"]
    calls: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: session.click("#nope", timeout=0.3),
        lambda: session.click("#covered", timeout=0.3),
        lambda: session.fill("#no-password", secret, timeout=0.3),
        lambda: session.type("#no-password", PLANTED["typed password"], timeout=0.3),
        lambda: session.wait_for("#third[value='nope']", timeout=0.3),
        lambda: session.evaluate("() => { throw new Error(document.title + document.cookie) }"),
        lambda: session.evaluate("() => { throw new Error(document.querySelector('#password').value) }"),
        lambda: session.select_option("#third", value="x", timeout=0.3),
        lambda: session.navigate(f"http://me:{PLANTED['basic password']}@127.0.0.1:1/", timeout=2.0),
    )
    found: list[CMDOPError] = []
    for call in calls:
        with pytest.raises(CMDOPError) as caught:
            await call()
        found.append(caught.value)
    return found


def _leaks(text: str) -> list[str]:
    return [name for name, secret in PLANTED.items() if secret in text]


async def test_no_secret_is_in_anything_that_an_error_shows(
    planted: Any, agent: RunningAgent, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level(logging.DEBUG):
        errors = await _failures(planted)
    for error in errors:
        texts = {
            "str": str(error),
            "repr": repr(error),
            "detail": error.error_detail,
            "dict": str(error.to_dict()),
            "fields": str(error.fields()),
            "user": error.user_message(),
            "args": str(error.args),
            "cause": str(error.__cause__),
        }
        if isinstance(error, BrowserError):
            await asyncio.to_thread(error.fetch_evidence)
            texts["whole detail"] = error.error_detail
            for artifact in (error.evidence.html, error.evidence.record):
                if artifact is not None:
                    texts[artifact.media_type] = (await asyncio.to_thread(artifact.read)).decode()
        report = await asyncio.to_thread(error.save, tmp_path)
        texts["report"] = await asyncio.to_thread(report.read_text, encoding="utf-8")
        texts["report's name"] = report.name
        texts["card"] = error._repr_html_() or ""
        assert texts["card"]
        assert {name: leaks for name, text in texts.items() if (leaks := _leaks(text))} == {}, str(error)
    assert _leaks(agent.log()) == []
    assert _leaks(caplog.text) == []


async def test_what_is_no_secret_stays(planted: Any, site: WebSite) -> None:
    with pytest.raises(BrowserError) as caught:
        await planted.click("#nope", timeout=0.3)
    evidence = caught.value.evidence
    assert evidence.page is not None
    assert evidence.page.title == "welcome ***"
    assert evidence.page.url.startswith(site.at("/headers") + "?token=***")
    assert evidence.html is not None
    html = (await asyncio.to_thread(evidence.html.read)).decode()
    assert "<h1>Headers</h1>" in html
    assert '<button id="covered" disabled="" data-api-key=***' in html
