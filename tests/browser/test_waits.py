from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import (
    BadRequestError,
    BrowserElementNotFoundError,
    BrowserError,
    BrowserScriptError,
    BrowserTimeoutError,
)

if TYPE_CHECKING:
    from tests.site import WebSite


async def test_waiting_for_what_comes_goes_and_is_there(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/late.html", after=10**6))
    await session.wait_for("#leaving", state="attached")
    await session.evaluate("void setTimeout(change, 300)")
    assert await session.wait_for("#arrived") is None
    await session.wait_for("#leaving", state="detached")
    await session.wait_for("#leaving", state="hidden")


async def test_waiting_in_vain(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    with pytest.raises(BrowserElementNotFoundError) as missing:
        await session.wait_for("#never", timeout=0.4)
    assert missing.value.action == "wait_for"
    with pytest.raises(BrowserTimeoutError) as staying:
        await session.wait_for("body", state="hidden", timeout=0.4)
    assert staying.value.timeout_seconds == pytest.approx(0.4)
    assert isinstance(staying.value, TimeoutError)


async def test_waiting_for_a_url(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/late.html", after=200))
    await session.wait_for_url("**/late.html*")
    await session.wait_for_url(re.compile(r"#CHANGED$", re.IGNORECASE))
    with pytest.raises(BrowserTimeoutError):
        await session.wait_for_url("**/elsewhere", timeout=0.4)


async def test_a_regular_expression_that_never_ends_is_the_callers_own_trouble(
    session: Any, client: Any, site: WebSite
) -> None:
    await session.navigate(site.at("/plain.html"))
    with pytest.raises(BrowserTimeoutError, match=r"timed out after 0\.40 s|timed out after 0\.4 s") as late:
        await session.wait_for_url(re.compile("(x+)+y"), timeout=0.4)
    assert late.value.timeout_seconds == 0.4
    with pytest.raises(BadRequestError, match="wildcards"):
        await session.wait_for_url("**a*" * 12 + "b")
    with pytest.raises(BadRequestError):
        await session.wait_for_url(re.compile(b"bytes"))
    await client.ping()


async def test_waiting_for_a_function(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/late.html", after=200))
    assert await session.wait_for_function("() => window.changed") is True
    assert await session.wait_for_function("(x) => x + 1", 41) == 42
    assert await session.wait_for_function("1 + 1") == 2
    with pytest.raises(BrowserTimeoutError):
        await session.wait_for_function("() => false", timeout=0.4)
    with pytest.raises(BrowserScriptError):
        await session.wait_for_function("() => { throw new Error('no') }", timeout=2.0)


async def test_waiting_for_a_function_goes_on_in_each_document_that_comes(
    session: Any, site: WebSite
) -> None:
    for _ in range(3):
        await session.navigate(site.at("/redirect/script-chain/20"), wait_until="commit")
        assert await session.wait_for_function("document.querySelector('#end')?.id") == "end"


async def test_waiting_for_rest(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    assert await session.wait_for_idle() is None


async def test_a_page_that_never_rests(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/polling.html"))
    with pytest.raises(BrowserTimeoutError):
        await session.wait_for_idle(timeout=1.0)


async def test_the_session_survives_a_wait_that_failed(session: Any, site: WebSite) -> None:
    with pytest.raises(BrowserError):
        await session.wait_for("#never", timeout=0.2)
    assert (await session.navigate(site.at("/plain.html"))).ok
