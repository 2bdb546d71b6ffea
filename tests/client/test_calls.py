"""What each call of a session sends, and what it makes of the reply."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from bs4 import BeautifulSoup

from cmdop_browser import _methods as methods
from cmdop_browser.exceptions import (
    BadRequestError,
    BrowserTimeoutError,
    FileError,
    FileNotFoundError,
    InternalError,
    Outcome,
)
from cmdop_browser.models import Cookie, Element, Image
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire import values
from cmdop_browser.wire.v1 import (
    actions_pb2,
    capture_pb2,
    common_pb2,
    dom_pb2,
    identity_pb2,
    navigation_pb2,
    script_pb2,
    waits_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from cmdop_browser._methods import Method
    from tests.fakes.agent import FakeAgent

# Every kind of character that breaks out of somebody's quotes.
HOSTILE = "\"'`\\ ${x} </script> \r\n\t é 😀 \u2028"

NAMED: dict[str, tuple[Callable[[Any], Awaitable[Any]], Method[Any, Any], dict[str, Any]]] = {
    "click": (
        lambda s: s.click(
            HOSTILE, button="right", count=2, position=(1, 2.5), modifiers=["Alt", "Alt"], force=True
        ),
        methods.CLICK,
        {"selector": HOSTILE, "button": "right", "count": 2, "modifiers": ["Alt"], "force": True},
    ),
    "fill": (lambda s: s.fill("#a", HOSTILE), methods.FILL, {"selector": "#a", "value": HOSTILE}),
    "fill-nothing": (lambda s: s.fill("#a", ""), methods.FILL, {"value": ""}),
    "type": (
        lambda s: s.type("#a", HOSTILE, delay=0.05, clear=False),
        methods.TYPE,
        {"text": HOSTILE, "delay_seconds": 0.05, "clear": False},
    ),
    "press": (lambda s: s.press("Control+A"), methods.PRESS, {"key": "Control+A"}),
    "press-space": (lambda s: s.press(" ", selector="#a"), methods.PRESS, {"key": " ", "selector": "#a"}),
    "hover": (lambda s: s.hover("#a"), methods.HOVER, {"selector": "#a"}),
    "check": (lambda s: s.check("#a"), methods.SET_CHECKED, {"checked": True}),
    "uncheck": (lambda s: s.uncheck("#a"), methods.SET_CHECKED, {"checked": False}),
    "navigate": (
        lambda s: s.navigate(HOSTILE, wait_until="commit", referer="http://from.test/"),
        methods.NAVIGATE,
        {"url": HOSTILE, "wait_until": navigation_pb2.WAIT_UNTIL_COMMIT, "referer": "http://from.test/"},
    ),
    "navigate-nowhere": (lambda s: s.navigate(""), methods.NAVIGATE, {"url": ""}),
    "back": (lambda s: s.back(), methods.TRAVERSE, {"direction": navigation_pb2.DIRECTION_BACK}),
    "forward": (lambda s: s.forward(), methods.TRAVERSE, {"direction": navigation_pb2.DIRECTION_FORWARD}),
    "reload": (
        lambda s: s.reload(wait_until="networkidle"),
        methods.TRAVERSE,
        {"direction": navigation_pb2.DIRECTION_RELOAD, "wait_until": navigation_pb2.WAIT_UNTIL_NETWORKIDLE},
    ),
    "wait_for": (
        lambda s: s.wait_for("#a", state="detached"),
        methods.FOR_SELECTOR,
        {"selector": "#a", "state": waits_pb2.ELEMENT_STATE_DETACHED},
    ),
    "wait_for_url": (lambda s: s.wait_for_url("**/done"), methods.FOR_URL, {"glob": "**/done"}),
    "wait_for_url-regex": (
        lambda s: s.wait_for_url(re.compile("done$|^$", re.IGNORECASE)),
        methods.FOR_URL,
        {"other_than": ""},
    ),
    "wait_for_idle": (lambda s: s.wait_for_idle(), methods.FOR_IDLE, {}),
    "screenshot": (
        lambda s: s.screenshot(full_page=True, format="jpeg"),
        methods.SCREENSHOT,
        {"full_page": True, "format": capture_pb2.IMAGE_FORMAT_JPEG},
    ),
    "cookies": (lambda s: s.cookies("http://a.test/"), methods.GET_COOKIES, {"urls": ["http://a.test/"]}),
    "clear_cookies": (lambda s: s.clear_cookies(), methods.CLEAR_COOKIES, {}),
    "count": (lambda s: s.dom.count("text=a"), methods.COUNT, {"selector": "text=a"}),
    "html": (lambda s: s.dom.html("#a", shadow=True), methods.HTML, {"selector": "#a", "shadow": True}),
}


@pytest.mark.parametrize("name", NAMED)
async def test_arguments_arrive_as_they_were_given(session: Any, fake_agent: FakeAgent, name: str) -> None:
    call, method, expected = NAMED[name]
    await call(session)
    (sent,) = fake_agent.of(method)
    assert {field: getattr(sent.request, field) for field in expected} == expected


async def test_a_click_position_may_be_a_pair(session: Any, fake_agent: FakeAgent) -> None:
    await session.click("a", position=(1, 2.5))
    await session.click("a")
    with_position, without = (call.request for call in fake_agent.of(methods.CLICK))
    assert (with_position.position.x, with_position.position.y) == (1, 2.5)
    assert not without.HasField("position")


async def test_options_are_selected_by_one_of_three(session: Any, fake_agent: FakeAgent) -> None:
    fake_agent.answers[methods.SELECT_OPTION] = lambda _: actions_pb2.SelectOptionReply(selected=["a", "b"])
    assert await session.select_option("select", value=["a", "b"]) == ["a", "b"]
    await session.select_option("select", label="A")
    await session.select_option("select", index=0)
    await session.select_option("select", value=[])
    kinds = [call.request.WhichOneof("by") for call in fake_agent.of(methods.SELECT_OPTION)]
    assert kinds == ["values", "labels", "indexes", "values"]


REFUSED: dict[str, tuple[Callable[[Any], Awaitable[Any]], str]] = {
    "empty selector": (lambda s: s.click(""), "selector"),
    "blank selector": (lambda s: s.wait_for("  \n"), "selector"),
    "no selector": (lambda s: s.fill(None, "x"), "selector"),
    "selector of bytes": (lambda s: s.dom.count(b"a"), "selector"),
    "NUL": (lambda s: s.fill("#a", "a\0b"), "value"),
    "lone surrogate": (lambda s: s.type("#a", "\ud83d"), "text"),
    "number as text": (lambda s: s.fill("#a", 5), "value"),
    "button": (lambda s: s.click("#a", button="middel"), "button"),
    "count": (lambda s: s.click("#a", count=0), "count"),
    "count of bool": (lambda s: s.click("#a", count=True), "count"),
    "position": (lambda s: s.click("#a", position=(1,)), "position"),
    "position of text": (lambda s: s.click("#a", position="12"), "position"),
    "modifier": (lambda s: s.click("#a", modifiers=["Ctrl"]), "modifiers"),
    "modifiers as text": (lambda s: s.click("#a", modifiers="Alt"), "modifiers"),
    "force": (lambda s: s.click("#a", force=1), "force"),
    "delay": (lambda s: s.type("#a", "x", delay=-0.1), "delay"),
    "key": (lambda s: s.press(""), "key"),
    "no option": (lambda s: s.select_option("#a"), "value"),
    "two options": (lambda s: s.select_option("#a", value="x", index=1), "index"),
    "option index": (lambda s: s.select_option("#a", index=-1), "index"),
    "url of None": (lambda s: s.navigate(None), "url"),
    "wait_until": (lambda s: s.navigate("http://a.test/", wait_until="idle"), "wait_until"),
    "referer": (lambda s: s.navigate("http://a.test/", referer=""), "referer"),
    "state": (lambda s: s.wait_for("#a", state="gone"), "state"),
    "pattern": (lambda s: s.wait_for_url(""), "pattern"),
    "pattern of bytes": (lambda s: s.wait_for_url(re.compile(b"x")), "pattern"),
    "wild pattern": (lambda s: s.wait_for_url("**a*" * 12), "pattern"),
    "script": (lambda s: s.evaluate(" "), "js"),
    "argument": (lambda s: s.evaluate("x => x", {"a": [object()]}), "arg"),
    "format": (lambda s: s.screenshot(format="gif"), "format"),
    "full page of an element": (lambda s: s.screenshot("#a", full_page=True), "full_page"),
    "path": (lambda s: s.screenshot(path=5), "path"),
    "files": (lambda s: s.upload("#a", 5), "files"),
    "cookies": (lambda s: s.set_cookies("a=b"), "cookies"),
    "url of cookies": (lambda s: s.cookies("zzz"), "url"),
    "urls of cookies": (lambda s: s.cookies(["http://a.test/", "http://[", "x"]), "url"),
    "attribute": (lambda s: s.dom.attrs("a", ""), "name"),
    "parser": (lambda s: s.dom.soup(parser="lxlm"), "parser"),
    "table": (lambda s: s.dom.table(""), "selector"),
}


def _sent(agent: FakeAgent) -> int:
    # The stream that holds the lease is opened beside the calls, and arrives when it does.
    return sum(call.method is not methods.ATTACH for call in agent.calls)


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_work_is_refused_before_anything_is_sent(
    session: Any, fake_agent: FakeAgent, name: str
) -> None:
    call, field = REFUSED[name]
    sent = _sent(fake_agent)
    with pytest.raises(BadRequestError) as caught:
        await call(session)
    assert caught.value.field == field
    assert isinstance(caught.value, ValueError)
    assert _sent(fake_agent) == sent


async def test_a_refused_option_names_those_that_work(session: Any) -> None:
    with pytest.raises(BadRequestError, match=r"'left', 'right', 'middle'.*'middel'"):
        await session.click("#a", button="middel")


async def test_an_unknown_keyword_is_pythons_own_error(session: Any, client: Any) -> None:
    with pytest.raises(TypeError):
        await session.click("#a", buton="left")
    with pytest.raises(TypeError, match="viewprot"):
        await client.browser.fetch("http://a.test/", viewprot=(1, 1))


async def test_values_go_through_scripts_unchanged(session: Any, fake_agent: FakeAgent) -> None:
    fake_agent.answers[methods.EVALUATE] = lambda request: script_pb2.EvaluateReply(
        value=common_pb2.Payload(inline=request.argument)
    )
    for value in (None, HOSTILE, {"a": [1, 2.5, {"b": None}]}, float("inf"), "\ud83d\0"):
        assert await session.evaluate("x => x", value) == value
    fake_agent.answers[methods.FOR_FUNCTION] = lambda _: waits_pb2.WaitForFunctionReply(
        value=common_pb2.Payload(inline=values.dumps([1]))
    )
    assert await session.wait_for_function("() => [1]") == [1]


def _content(text: str | bytes) -> dom_pb2.ContentReply:
    return dom_pb2.ContentReply(
        content=common_pb2.Payload(inline=text if isinstance(text, bytes) else text.encode())
    )


async def test_the_document_comes_back_in_pythons_types(session: Any, fake_agent: FakeAgent) -> None:
    element = {"tag": "a", "text": "x", "html": "<a href='/'>x</a>", "attrs": {"href": "/"}}
    fake_agent.answers |= {
        methods.HTML: lambda _: _content("<p>é</p>"),
        methods.TEXT: lambda _: _content("\ud83d".encode("utf-8", "surrogatepass")),
        methods.SELECT: lambda _: _content(json.dumps([element])),
        methods.ATTRS: lambda _: _content('["/"]'),
        methods.LINKS: lambda _: _content("[]"),
        methods.TABLE: lambda _: _content('[{"a": "1"}]'),
        methods.COUNT: lambda _: dom_pb2.CountReply(count=3),
    }
    assert await session.dom.html() == "<p>é</p>"
    assert await session.dom.text() == "\ud83d"
    assert await session.dom.select("a") == [Element("a", "x", "<a href='/'>x</a>", {"href": "/"})]
    assert await session.dom.attrs("a", "href") == ["/"]
    assert await session.dom.links() == []
    assert await session.dom.table("table") == [{"a": "1"}]
    assert await session.dom.count("a") == 3
    soup = await session.dom.soup("p", parser="html.parser")
    assert type(soup) is BeautifulSoup
    assert soup.get_text() == "é"


async def test_files_are_sent_before_they_are_used(
    session: Any, fake_agent: FakeAgent, tmp_path: Path
) -> None:
    large, empty = tmp_path / "großer name.bin", tmp_path / "empty"
    large.write_bytes(b"x" * (wire.CHUNK_BYTES + 1))
    empty.touch()
    fake_agent.answers[methods.SEND_FILE] = lambda parts: common_pb2.TransferRef(
        transfer_id=parts[0].header.file_name, size_bytes=sum(len(part.data) for part in parts)
    )
    await session.upload("input", [large, str(empty)])
    first, second = (call.request for call in fake_agent.of(methods.SEND_FILE))
    assert (first[0].header.session_id, first[0].header.size_bytes) == (session.id, wire.CHUNK_BYTES + 1)
    assert b"".join(part.data for part in first) == large.read_bytes()
    assert len(second) == 1
    assert list(fake_agent.of(methods.UPLOAD)[0].request.transfer_ids) == [large.name, empty.name]


async def test_a_file_that_cannot_be_read_is_refused(
    session: Any, fake_agent: FakeAgent, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        await session.upload("input", tmp_path / "none")
    assert caught.value.path == str(tmp_path / "none")
    with pytest.raises(FileError):
        await session.upload("input", tmp_path)
    assert not fake_agent.of(methods.UPLOAD)


async def test_captures_are_written_whole(session: Any, fake_agent: FakeAgent, tmp_path: Path) -> None:
    content = common_pb2.Payload(inline=b"\x89PNG")
    fake_agent.answers[methods.SCREENSHOT] = lambda _: capture_pb2.CaptureReply(content=content)
    fake_agent.answers[methods.PDF] = lambda _: capture_pb2.CaptureReply(content=content)
    (tmp_path / "shot.png").write_text("old")
    image = await session.screenshot(path=tmp_path / "shot.png")
    assert isinstance(image, Image)
    assert (tmp_path / "shot.png").read_bytes() == image == b"\x89PNG"
    assert await session.pdf(str(tmp_path / "page.pdf")) == b"\x89PNG"
    assert {path.name for path in tmp_path.glob("*")} == {"page.pdf", "shot.png"}  # noqa: ASYNC240


async def test_a_target_that_cannot_be_written_is_refused_first(
    session: Any, fake_agent: FakeAgent, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        await session.screenshot(path=tmp_path / "no" / "shot.png")
    with pytest.raises(FileError, match="directory"):
        await session.pdf(path=tmp_path)
    assert not fake_agent.of(methods.SCREENSHOT)
    assert not fake_agent.of(methods.PDF)


async def test_cookies_in_every_form(session: Any, fake_agent: FakeAgent) -> None:
    await session.set_cookies(
        [
            Cookie("a", "1", url="http://a.test/", http_only=True, same_site="Lax"),
            {
                "name": "b",
                "value": "2",
                "domain": "a.test",
                "httpOnly": True,
                "sameSite": "Strict",
                "expires": -1,
            },
            {"name": "c", "value": "3", "domain": ".a.test", "path": "/x", "expires": 2e9, "secure": True},
        ]
    )
    first, second, third = fake_agent.of(methods.SET_COOKIES)[0].request.cookies
    assert (first.url, first.http_only, first.same_site) == ("http://a.test/", True, "Lax")
    assert (second.domain, second.path, second.http_only, second.same_site) == ("a.test", "/", True, "Strict")
    assert not second.HasField("expires")
    assert (third.path, third.expires, third.secure) == ("/x", 2e9, True)
    fake_agent.answers[methods.GET_COOKIES] = lambda _: identity_pb2.GetCookiesReply(cookies=[third])
    (cookie,) = await session.cookies()
    assert cookie == Cookie("c", "3", domain=".a.test", path="/x", expires=2e9, secure=True)
    await session.set_cookies([cookie])
    assert fake_agent.of(methods.SET_COOKIES)[1].request.cookies[0] == third


async def test_storage_state_goes_to_a_file_that_only_the_user_reads(
    session: Any, client: Any, fake_agent: FakeAgent, tmp_path: Path
) -> None:
    state = {"cookies": [{"name": "a", "value": "s3cret"}], "origins": []}
    fake_agent.answers[methods.GET_STORAGE_STATE] = lambda _: identity_pb2.StorageStateReply(
        state=common_pb2.Payload(inline=json.dumps(state).encode())
    )
    path = tmp_path / "state.json"
    read = await session.storage_state(path)
    assert read == state == json.loads(path.read_text())
    assert "s3cret" not in repr(read)
    assert path.stat().st_mode & 0o777 == 0o600
    for given in (read, path, str(path)):
        await client.browser.create_session(storage_state=given)
        assert json.loads(fake_agent.of(methods.CREATE)[-1].request.options.storage_state) == state


async def test_a_page_in_one_call(client: Any, fake_agent: FakeAgent) -> None:
    fake_agent.answers[methods.FETCH] = lambda _: navigation_pb2.FetchReply(
        navigation=navigation_pb2.NavigationReply(
            url="http://a.test/", status=404, headers=[common_pb2.Header(name="X-A", value="1")]
        ),
        html=common_pb2.Payload(inline=b"<p>no</p>"),
    )
    page = await client.browser.fetch(
        "http://a.test/", selector="p", wait_for="p", locale="de-DE", timeout=4.0, queue_timeout=0
    )
    assert (page.status, page.ok, page.html, page.headers["x-a"]) == (404, False, "<p>no</p>", "1")
    assert page.soup().p.text == "no"
    request = fake_agent.of(methods.FETCH)[0].request
    assert (request.timeout_seconds, request.queue_timeout_seconds) == (4.0, 0.0)
    assert (request.selector, request.wait_for, request.options.locale) == ("p", "p", "de-DE")


async def test_no_files_clear_the_input(session: Any, fake_agent: FakeAgent) -> None:
    await session.upload("input", [])
    assert not fake_agent.of(methods.UPLOAD)[0].request.transfer_ids


@pytest.mark.parametrize("content", [b"", b"{", b"5", b"\xff", b'[{"a": 1}]'], ids=repr)
async def test_a_reply_that_cannot_be_read_is_the_agents_fault(
    session: Any, fake_agent: FakeAgent, content: bytes
) -> None:
    fake_agent.answers[methods.SELECT] = lambda _: _content(content)
    with pytest.raises(InternalError, match="cannot be read"):
        await session.dom.select("a")


async def test_a_page_that_moves_on_faster_than_it_is_asked_ends_a_wait_in_time(
    session: Any, fake_agent: FakeAgent
) -> None:
    # A wait that never ends would meet the same URL twice, and say so.
    urls = itertools.chain((f"http://a.test/{number}" for number in range(20_000)), itertools.repeat(""))
    fake_agent.answers[methods.FOR_URL] = lambda _: common_pb2.PageState(url=next(urls))
    with pytest.raises(BrowserTimeoutError, match=r"'never' timed out after 0\.3") as caught:
        await session.wait_for_url(re.compile("never"), timeout=0.3)
    error = caught.value
    assert (error.action, error.session_id, error.timeout_seconds) == ("wait_for_url", session.id, 0.3)
    assert (error.outcome, error.safe_to_repeat) == (Outcome.NOT_EXECUTED, True)
    assert "http://a.test/" in error.tips[0]
