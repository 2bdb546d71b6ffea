"""What an error carries of the page that it happened on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import AsyncCMDOPClient
from cmdop_browser.exceptions import (
    AgentOfflineError,
    BrowserElementNotFoundError,
    BrowserError,
    BrowserTimeoutError,
    ElementCause,
)
from cmdop_browser.models import Image
from cmdop_browser.retry import exponential, retry
from tests.agents import RunningAgent

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flavours import Flavour
    from tests.site import WebSite

TWICE = exponential(attempts=2, initial=0.001)


async def _failure(session: Any, selector: str = "#nope") -> BrowserError:
    with pytest.raises(BrowserError) as caught:
        await session.click(selector, timeout=0.3)
    return caught.value


async def _pictured(session: Any) -> BrowserError:
    """A failure with its pictures, which are left out where the machine is too busy for them."""
    for _ in range(10):
        error = await _failure(session)
        if error.evidence.screenshot is not None and error.evidence.html is not None:
            break
    return error


async def test_a_token_of_the_url_stays_out_of_the_console_too(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html") + "?token=correct-horse-battery&q=staple")
    await session.evaluate("console.log(...new URLSearchParams(location.search).values())")
    evidence = (await _pictured(session)).evidence
    assert any("log: *** staple" in line for line in evidence.console), evidence.console
    assert evidence.html is not None
    assert "correct-horse-battery" not in str(evidence)


async def test_a_failure_is_pictured(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    await session.evaluate(
        """async () => {
            console.log('a plain word', 7);
            console.error(new Error('it went wrong'));
            setTimeout(() => { throw new TypeError('nobody caught this') });
            await fetch('/there/is/none?q=1');
            await new Promise(later => setTimeout(later, 20));
        }"""
    )
    evidence = (await _pictured(session)).evidence
    assert evidence.page is not None
    assert (evidence.page.url, evidence.page.status, evidence.page.ready_state) == (
        site.at("/plain.html"),
        200,
        "complete",
    )
    assert evidence.call_log[0] == 'waiting for locator("#nope")'
    said = "\n".join(evidence.console)
    assert "log: a plain word 7" in said
    assert "error: Error: it went wrong" in said
    assert "uncaught: TypeError: nobody caught this" in said
    assert evidence.failed_requests == (f"GET {site.at('/there/is/none')}?q=1 404 Not Found",)
    assert evidence.screenshot is not None
    assert evidence.html is not None
    image = await asyncio.to_thread(evidence.screenshot.read)
    assert isinstance(image, Image)
    assert image.startswith(b"\xff\xd8")
    assert image.format == "jpeg"
    html = (await asyncio.to_thread(evidence.html.read)).decode()
    assert html.startswith("<!DOCTYPE html>\n<html")
    assert await session.dom.text("h1") in html


async def test_the_page_goes_on_as_before(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    first = await _failure(session)
    await session.evaluate("console.log('between')")
    second = await _failure(session)
    assert "log: between" not in " ".join(first.evidence.console)
    assert [line for line in second.evidence.console if "between" in line] == ["log: between"]
    assert await session.evaluate("1 + 1") == 2


async def test_an_error_of_the_page_is_not_lost_among_what_it_chats_of(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    await session.evaluate("console.error('the cause')")
    await session.evaluate("for (let n = 0; n < 200; n++) console.log(n)")
    console = (await _failure(session)).evidence.console
    assert (console[0], console[-1], len(console)) == ("error: the cause", "log: 199", 30)


async def test_failed_requests_are_those_of_the_document(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    await session.evaluate("fetch('/none/before').then(reply => reply.status)")
    await session.navigate(site.at("/plain.html"))
    assert not (await _failure(session)).evidence.failed_requests


async def test_what_does_not_fit_in_the_reply_is_fetched(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    await session.evaluate("for (let n = 0; n < 25; n++) console.error(`message ${n} ${'x'.repeat(250)}`)")
    error = await _pictured(session)
    assert len(error.evidence.console) < 25
    assert error.details["truncated"] is True
    assert error.evidence.screenshot is not None
    evidence = await asyncio.to_thread(error.fetch_evidence)
    assert [line.split()[2] for line in evidence.console] == [str(n) for n in range(25)]
    assert "message 24" in error.error_detail
    assert "truncated" not in error.details


async def test_a_report_of_a_real_failure(session: Any, site: WebSite, tmp_path: Path) -> None:
    await session.navigate(site.at("/plain.html"))
    error = await _pictured(session)
    path = await asyncio.to_thread(error.save, tmp_path)
    text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    assert "data:image/jpeg;base64," in text
    assert "&lt;html" in text
    assert str(error.request_id) in text
    assert "browser version" in text


async def test_pages_that_fail_at_once_do_not_mix(client: Any, site: WebSite) -> None:
    async def fail(number: int) -> BrowserError:
        async with client.browser.create_session() as session:
            await session.navigate(site.at("/plain.html"))
            await session.evaluate("n => console.log('page', n)", number)
            return await _failure(session, f"#no{number}")

    for number, error in enumerate(await asyncio.gather(fail(0), fail(1))):
        # A busy machine may have left them out, but never puts in another page's.
        assert set(error.evidence.console) <= {f"log: page {number}"}
        assert error.evidence.call_log[0] == f'waiting for locator("#no{number}")'


async def test_a_page_that_hangs_has_what_it_has(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    with pytest.raises(BrowserTimeoutError) as caught:
        await session.evaluate("for (;;);", timeout=0.3)
    assert caught.value.evidence.page is not None
    assert caught.value.evidence.page.url == site.at("/plain.html")
    assert await session.evaluate("1") == 1


async def test_an_attempt_that_is_repeated_takes_no_picture(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    errors: list[BrowserError] = []

    @retry(TWICE, by_cause=dict.fromkeys(ElementCause, TWICE))
    async def job() -> None:
        errors.append(await _failure(session))
        raise errors[-1]

    with pytest.raises(BrowserError):
        await job()
    early, last = (error.evidence for error in errors)
    assert (early.screenshot, early.html) == (None, None)
    assert early.call_log == last.call_log
    assert early.page == last.page
    assert last.screenshot is not None
    assert last.html is not None


@pytest.mark.parametrize("asked", [False, True])
async def test_a_first_attempt_that_is_the_last_has_its_picture(
    session: Any, site: WebSite, asked: bool
) -> None:
    await session.navigate(site.at("/plain.html"))

    @retry(exponential(attempts=3, initial=0.001), evidence=asked)
    async def job() -> None:
        await session.click("#nope", timeout=0.3)

    with pytest.raises(BrowserElementNotFoundError) as caught:
        await job()
    assert not caught.value.retryable
    assert caught.value.evidence.screenshot is not None
    assert caught.value.evidence.html is not None


async def test_off_in_the_client(
    flavour: Flavour, agent: RunningAgent, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDOP_EVIDENCE", "off")
    async with flavour.local() as client, client.browser.create_session() as session:
        await session.navigate(site.at("/plain.html"))
        _has_texts_only(await _failure(session))


def _has_texts_only(error: BrowserError) -> None:
    assert (error.evidence.screenshot, error.evidence.html) == (None, None)
    assert error.evidence.call_log
    assert error.evidence.page is not None


async def test_off_in_the_agent(site: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunningAgent(evidence="off") as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        async with AsyncCMDOPClient.local() as client, client.browser.create_session() as session:
            await session.navigate(site.at("/plain.html"))
            _has_texts_only(await _failure(session))


async def test_what_an_agent_kept_goes_with_it(
    site: WebSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        agent = stack.enter_context(RunningAgent())
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        async with AsyncCMDOPClient.local() as client, client.browser.create_session() as session:
            await session.navigate(site.at("/plain.html"))
            error, seen = await _pictured(session), await _pictured(session)
            assert seen.evidence.screenshot is not None
            await asyncio.to_thread(seen.evidence.screenshot.read)
        kept = await asyncio.to_thread(lambda: [*agent.runtime_dir.rglob("artifacts/*")])
        assert len(kept) >= 4
        stack.close()
        assert not await asyncio.to_thread(lambda: [path for path in kept if path.exists()])
    assert error.evidence.screenshot is not None
    with pytest.raises(AgentOfflineError) as caught:
        await asyncio.to_thread(error.evidence.screenshot.read)
    assert caught.value.tips
    path = await asyncio.to_thread(error.save, tmp_path)
    assert "There is no picture" in await asyncio.to_thread(path.read_text, encoding="utf-8")
    assert await asyncio.to_thread(seen.evidence.screenshot.read)
