from __future__ import annotations

import asyncio
import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import pytest

from cmdop_browser import AsyncCMDOPClient
from cmdop_browser.exceptions import BadRequestError, BrowserScriptError, BrowserTimeoutError, ElementCause

if TYPE_CHECKING:
    from tests.site import WebSite

HOSTILE = "\"'`\\ ${x} </script> \r\n\t é 😀 \u2028 \0"

RESULTS: dict[str, object] = {
    "1 + 1": 2,
    "undefined": None,
    "null": None,
    "() => [1, 'a', null, {b: [true]}]": [1, "a", None, {"b": [True]}],
    "async () => { await new Promise((done) => setTimeout(done, 10)); return 7 }": 7,
    "Infinity": math.inf,
    "-Infinity": -math.inf,
    "'\\ud83d'": "\ud83d",
    "'a\\0b'": "a\0b",
    "new Date(0)": dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
    "12345678901234567890n": 12345678901234567890,
}


@pytest.mark.parametrize("js", RESULTS)
async def test_results(session: Any, js: str) -> None:
    assert await session.evaluate(js) == RESULTS[js]


async def test_results_that_equal_nothing(session: Any) -> None:
    assert math.isnan(await session.evaluate("NaN"))
    assert math.copysign(1, await session.evaluate("-0")) == -1


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1.5,
        2**53,
        HOSTILE,
        [],
        {},
        {"a": [1, {"b": None}]},
        {"$cmdop": "date"},
        [[[]]],
        dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC),
    ],
    ids=repr,
)
async def test_arguments_come_back_as_they_went(session: Any, value: object) -> None:
    assert await session.evaluate("(x) => x", value) == value


async def test_arguments_of_other_kinds(session: Any) -> None:
    assert await session.evaluate("(x) => x.length", (1, 2)) == 2
    assert await session.evaluate("(u) => u.hostname", urlparse("http://a.test/x")) == "a.test"
    assert await session.evaluate("(r) => r.test('ABC')", re.compile("b", re.IGNORECASE)) is True


async def test_what_cannot_be_passed_is_named(session: Any) -> None:
    with pytest.raises(BadRequestError, match=r"\$\.a\[0\].*set") as caught:
        await session.evaluate("(x) => x", {"a": [{1}]})
    assert caught.value.field == "arg"


async def test_a_script_that_fails(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    with pytest.raises(BrowserScriptError) as caught:
        await session.evaluate("() => { throw new TypeError('no \"such\" luck') }")
    assert 'no "such" luck' in (caught.value.script_message or "")
    with pytest.raises(BrowserScriptError):
        await session.evaluate("() => {")
    with pytest.raises(BrowserScriptError):
        await session.evaluate("nowhere.defined")


async def test_a_script_that_the_page_leaves_behind(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    with pytest.raises(
        BrowserScriptError, match="the page went elsewhere before it came to its end"
    ) as caught:
        await session.evaluate(
            "url => { location.href = url; return new Promise(() => {}); }", site.at("/links.html")
        )
    assert "wait_for_url" in caught.value.tips[1]


async def test_a_promise_that_is_never_kept(session: Any) -> None:
    with pytest.raises(BrowserTimeoutError) as caught:
        await session.evaluate("() => new Promise(() => {})", timeout=0.5)
    assert caught.value.timeout_seconds == pytest.approx(0.5)
    assert await session.evaluate("1") == 1


@pytest.mark.usefixtures("agent")
async def test_a_script_without_end_that_was_cancelled_does_not_hold_up_the_next_call() -> None:
    async with AsyncCMDOPClient.local() as client, client.browser.create_session() as session:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(session.evaluate("for (;;) {}"), 0.2)
            assert await session.evaluate("1 + 1", timeout=20.0) == 2


async def test_a_result_of_twenty_megabytes(session: Any) -> None:
    assert len(await session.evaluate("'x'.repeat(20_000_000)")) == 20_000_000


async def test_a_title_is_never_made_up(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    await session.evaluate("() => { setTimeout(() => { while (true); }, 0) }")
    with pytest.raises(BrowserTimeoutError) as caught:
        await session.title(timeout=1.0)
    assert caught.value.cause is ElementCause.PAGE_HUNG
    assert await session.url() == site.at("/plain.html")
    assert await session.title() == "Plain page"


async def test_an_argument_nested_too_deeply_is_refused(session: Any) -> None:
    argument: list[Any] = []
    for _ in range(230):
        argument = [argument]
    with pytest.raises(BadRequestError) as caught:
        await session.evaluate("x => 1", argument)
    assert caught.value.field == "arg"
