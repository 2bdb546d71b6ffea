"""Each cause of a failed navigation, from a real server that brings it about."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import Proxy
from cmdop_browser.exceptions import BrowserNavigationError, NavigationCause
from cmdop_browser.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.flavours import Flavour
    from tests.site import WebSite

C = NavigationCause
# What a loaded machine may take to begin with, before a fault that has to time out.
_SHORT = 2.0
# After its timeout a failing call has the time for the diagnosis; the client's hop comes on top.
_LATE = Settings.load().diagnosis_time + 0.25
# Navigations mostly wait for the browser, which does several at once.
_LANES = 3


@dataclass(frozen=True)
class Case:
    """An address that cannot be loaded.

    Attributes:
        says: A pattern that the message matches.
        advises: A pattern that one of the tips matches.
    """

    name: str
    url: Callable[[WebSite], str]
    cause: NavigationCause
    says: str
    advises: str = ""
    wait_until: str = "load"

    @property
    def spoils(self) -> bool:
        """Whether it leaves something that might get in the way of the next navigation."""
        return self.cause in {
            C.REFUSED,
            C.NO_CONTENT,
            C.BODY_CORRUPT,
            C.DOWNLOAD,
            C.REDIRECT_LOOP,
            *_TIMEOUTS,
        }


_TIMEOUTS = (C.TIMEOUT_CONNECT, C.TIMEOUT_RESPONSE, C.TIMEOUT_LOAD)


def _fault(name: str, cause: NavigationCause, says: str, advises: str = "") -> Case:
    return Case(name, lambda site: site.fault(name), cause, says, advises)


def _tls(name: str, cause: NavigationCause, says: str, advises: str) -> Case:
    return Case(name, lambda site: site.tls(name), cause, says, advises)


def _redirect(target: str, cause: NavigationCause, says: str) -> Case:
    return Case(f"to {target}", lambda site: site.at("/redirect/to", url=target), cause, says)


def _path(path: str, cause: NavigationCause, says: str, advises: str = "", **options: str) -> Case:
    return Case(path, lambda site: site.at(path), cause, says, advises, **options)


# Faults that the browser tells at once.
AT_ONCE = (
    Case("closed port", lambda site: site.refused, C.REFUSED, r"127\.0\.0\.1:\d+ refused", "the server runs"),
    Case(
        "unsafe port", lambda _: "http://127.0.0.1:1/", C.BLOCKED_BY_POLICY, "refuse the port of .*:1,", "80"
    ),
    Case(
        "label too long",
        lambda _: f"http://{'a' * 64}.test/",
        C.DNS,
        "'a{64}.test' does not resolve",
        "typing",
    ),
    Case("plain", lambda site: site.tls_to_plain, C.TLS_OTHER, "does not speak TLS", "http://127"),
    Case("old TLS", lambda site: site.tls_old, C.TLS_OTHER, r"nothing newer than TLSv1\.1", "updated"),
    _tls("expired", C.TLS_EXPIRED, "expired on 2021-01-01", "clock"),
    _tls("expired_by_ca", C.TLS_EXPIRED, r"expired on 20\d\d-\d\d-\d\d", "clock"),
    _tls("expired_wrong_host", C.TLS_EXPIRED, "expired on", "clock"),
    _tls("not_yet_valid", C.TLS_EXPIRED, r"not valid before 20\d\d-\d\d-\d\d", "clock"),
    _tls(
        "wrong_host",
        C.TLS_WRONG_HOST,
        r"is for elsewhere\.example, not for 127\.0\.0\.1",
        "elsewhere.example",
    ),
    _tls("wrong_host_by_ca", C.TLS_WRONG_HOST, r"elsewhere\.example, \*\.elsewhere", "elsewhere.example"),
    _tls("self_signed", C.TLS_SELF_SIGNED, "is self-signed", "ignore_https_errors"),
    _tls("private_ca", C.TLS_OTHER, "'tests site private CA', who signed it, is not trusted", "private CA"),
    _fault("empty", C.EMPTY_RESPONSE, "closed the connection without an answer"),
    _fault("continue-only", C.EMPTY_RESPONSE, "without an answer"),
    _fault("reset", C.RESET, "reset the connection"),
    _fault("reset-in-head", C.RESET, "reset the connection"),
    _fault("garbage", C.BAD_RESPONSE, "not valid HTTP"),
    _fault("old-http", C.BAD_RESPONSE, "not valid HTTP"),
    _fault("two-lengths", C.BAD_RESPONSE, "not valid HTTP .*CONTENT_LENGTH"),
    _fault("huge-head", C.BAD_RESPONSE, "not valid HTTP .*TOO_BIG"),
    _fault("bad-location", C.BAD_REDIRECT, "redirects to what is no URL"),
    _fault("status-407", C.AUTH_REQUIRED, "407 Proxy Authentication Required", "no proxy is set"),
    _fault("status-401", C.AUTH_REQUIRED, "401 Unauthorized, without a page", "Authorization"),
    _path("/bare-status/401", C.AUTH_REQUIRED, "401 Unauthorized"),
    _path("/status/204", C.NO_CONTENT, "204 No Content", "nothing to show"),
    _path("/status/205", C.NO_CONTENT, "205 Reset Content"),
    _path("/status/304", C.NO_CONTENT, "304 Not Modified", "If-"),
    _path("/attachment?name=q3.csv", C.DOWNLOAD, r"a file, not a page: q3\.csv \(text/csv, 8 bytes\)"),
    _path("/type/octets", C.DOWNLOAD, r"octets \(application/octet-stream, 3 bytes\)"),
    _path("/redirect/loop", C.REDIRECT_LOOP, "/redirect/loop → .*/redirect/loop$", "cookie"),
    _path("/redirect/pair/a", C.REDIRECT_LOOP, "pair/a → .*pair/b → .*pair/a$"),
    _redirect("mailto:a@b.test", C.UNSUPPORTED_SCHEME, "the scheme mailto:"),
    _redirect("ftp://a.test/", C.UNSUPPORTED_SCHEME, "the scheme ftp:"),
    _redirect("javascript:alert(1)", C.UNSUPPORTED_SCHEME, "the scheme javascript:"),
    _redirect("view-source:http://a.test/", C.UNSUPPORTED_SCHEME, "the scheme view-source:"),
    _redirect("file:///etc/passwd", C.UNSUPPORTED_SCHEME, "neither http nor https"),
    _redirect("data:text/html,x", C.UNSUPPORTED_SCHEME, "neither http nor https"),
    _redirect("chrome://version", C.UNSUPPORTED_SCHEME, "neither http nor https"),
)

# Bodies that break: told by the break, long before the timeout.
BROKEN = (
    _fault("reset-in-body", C.BODY_CORRUPT, "the body broke off", "try again"),
    _fault("short-body", C.BODY_CORRUPT, r"before its \d\d,\d\d\d bytes were there", "commit"),
    _fault("short-chunk", C.BODY_CORRUPT, "the body broke off"),
    _fault("bad-chunk", C.BODY_CORRUPT, "chunks are malformed"),
    _fault("bad-gzip", C.BODY_CORRUPT, "is not valid gzip", "compressed"),
    _fault("bad-brotli", C.BODY_CORRUPT, "is not valid br"),
    _fault("broken-gzip", C.BODY_CORRUPT, "before its"),
)

# Faults that only the caller's timeout ends.
IN_TIME = (
    Case("silent TLS", lambda site: site.tls_silent, C.TIMEOUT_CONNECT, "does not answer the TLS", "https"),
    _fault("silent", C.TIMEOUT_RESPONSE, "took the connection but has not answered", "timeout="),
    _fault("drip-head", C.TIMEOUT_RESPONSE, "has not answered"),
    _fault("silent-in-body", C.TIMEOUT_LOAD, "document itself stopped half-way", "commit"),
    _fault("drip-body", C.TIMEOUT_LOAD, "document itself stopped half-way"),
    _path(
        "/hanging/image", C.TIMEOUT_LOAD, "1 request hangs: image .*/hang/image", 'until="domcontentloaded"'
    ),
    _path("/hanging/image", C.TIMEOUT_LOAD, "1 request hangs", r"block=\('image',\)"),
    _path("/hanging/iframe", C.TIMEOUT_LOAD, "iframe .*/hang/frame", 'until="domcontentloaded"'),
    _path("/hanging/script", C.TIMEOUT_LOAD, "script .*/hang/script", 'until="commit"'),
    _path("/hanging/deferred", C.TIMEOUT_LOAD, "script", "commit", wait_until="domcontentloaded"),
    _path("/hanging/stylesheet", C.TIMEOUT_LOAD, "stylesheet .*/hang/stylesheet"),
    _path("/hanging/fetch", C.TIMEOUT_LOAD, "fetch .*/hang/fetch", "never idle", wait_until="networkidle"),
    _path("/greedy/restless", C.TIMEOUT_LOAD, "image .*/hang/image"),
)


async def _problem(session: Any, site: WebSite, case: Case, timeout: float) -> str:
    """Return what is not as it should be, "" for nothing."""
    began = time.monotonic()
    try:
        result = await session.navigate(case.url(site), timeout=timeout, wait_until=case.wait_until)
    except BrowserNavigationError as error:
        if time.monotonic() - began > timeout + _LATE:
            return f"{case.name}: took {time.monotonic() - began:.2f} s"
        if error.cause is not case.cause or not re.search(case.says, error.message):
            return f"{case.name}: {error.cause}, {error.message}"
        if case.advises and not any(re.search(case.advises, tip) for tip in error.tips):
            return f"{case.name}: {error.tips}"
        return ""
    return f"{case.name}: loaded, {result.status}"


async def _problems(client: Any, site: WebSite, cases: Sequence[Case], timeout: float) -> list[str]:
    """Return what is not as it should be; what fails must not spoil what is loaded after it."""
    found = []
    async with client.browser.create_session() as session:
        for case in cases:
            found.append(await _problem(session, site, case, timeout))
            if case is cases[-1] or case.spoils:
                after = site.at("/echo/after", case=case.name)
                if (await session.navigate(after, timeout=20)).url != after:
                    found.append(f"{case.name}: the next navigation went elsewhere")
    return [problem for problem in found if problem]


async def _side_by_side(client: Any, site: WebSite, cases: Sequence[Case], timeout: float) -> list[str]:
    lanes = [_problems(client, site, cases[lane::_LANES], timeout) for lane in range(_LANES)]
    return [problem for problems in await asyncio.gather(*lanes) for problem in problems]


async def test_what_the_browser_tells_at_once(client: Any, site: WebSite) -> None:
    assert await _side_by_side(client, site, AT_ONCE, 20) == []


async def test_a_broken_body_is_told_by_the_break(client: Any, site: WebSite) -> None:
    assert await _side_by_side(client, site, BROKEN, 20) == []


async def test_what_only_the_timeout_ends(client: Any, site: WebSite) -> None:
    assert await _side_by_side(client, site, IN_TIME, _SHORT) == []


@pytest.mark.parametrize("loop", ["script-loop", "reload-loop"])
async def test_a_page_that_replaces_itself_for_ever(session: Any, site: WebSite, loop: str) -> None:
    with pytest.raises(BrowserNavigationError, match=r"without end, \d+ times") as caught:
        await session.navigate(site.at(f"/redirect/{loop}"), timeout=3.0)
    assert caught.value.cause is C.RELOADING
    for number in range(3):
        url = site.at("/echo/then", number=number)
        assert (await session.navigate(url)).url == url


async def test_scripts_run_again_after_a_page_that_replaced_itself(session: Any, site: WebSite) -> None:
    with pytest.raises(BrowserNavigationError):
        await session.navigate(site.at("/redirect/reload-loop"), timeout=1.0)
    await session.navigate(site.at("/late.html", after=50))
    await session.wait_for("#arrived")


async def test_a_script_that_blocks_is_stopped(session: Any, site: WebSite) -> None:
    with pytest.raises(BrowserNavigationError, match="a script blocked the page, and was stopped") as caught:
        await session.navigate(site.at("/hang.html?at-once"), timeout=_SHORT)
    assert caught.value.cause is C.HUNG
    assert await session.dom.text("#before") == "before"
    assert (await session.navigate(site.at("/plain.html"))).ok


async def test_an_answer_with_a_page_is_a_result(session: Any, site: WebSite) -> None:
    for path, status in (("/status/401", 401), ("/bare-status/404", 404), ("/bare-status/500", 500)):
        assert (await session.navigate(site.at(path))).status == status


# Kinds of proxies, what they are asked for, and what comes of it.
BY_PROXY = (
    (
        "refusing",
        "tls",
        C.PROXY,
        r"the proxy http://127\.0\.0\.1:\d+ refused to connect .*: 403 Forbidden",
    ),
    ("bad-gateway", "tls", C.PROXY, "502 Bad Gateway"),
    ("wants-credentials", "tls", C.PROXY, "credentials .407.: it was given none"),
    ("wants-credentials", "http", C.PROXY, "credentials .407.: it was given none"),
    ("closing", "tls", C.PROXY, "the proxy .* failed: "),
    ("closing", "http", C.PROXY, "closed the connection without an answer"),
    ("socks-refusing", "tls", C.PROXY, "the proxy socks5://.*: not allowed by its rules"),
    ("silent", "tls", C.TIMEOUT_CONNECT, "the proxy .* has not connected to"),
    ("silent", "http", C.TIMEOUT_RESPONSE, "the proxy .* took the request"),
    ("working", "tls", C.TLS_SELF_SIGNED, "self-signed"),
    ("working", "tls_silent", C.TIMEOUT_CONNECT, "does not answer the TLS handshake"),
)


async def test_by_a_proxy(client: Any, site: WebSite) -> None:
    targets = {"tls": site.tls("self_signed"), "tls_silent": site.tls_silent, "http": site.at("/plain.html")}
    at_once = asyncio.Semaphore(_LANES)

    async def problem(kind: str, url: str, cause: NavigationCause, says: str) -> str:
        async with at_once, client.browser.create_session(proxy=site.proxy(kind)) as session:
            case = Case(f"{kind}, {url}", lambda _: targets[url], cause, says)
            return await _problem(session, site, case, _SHORT if cause in _TIMEOUTS else 20)

    problems = await asyncio.gather(*(problem(*case) for case in BY_PROXY))
    assert [problem for problem in problems if problem] == []


async def test_credentials_that_a_proxy_refuses_do_not_show(client: Any, site: WebSite) -> None:
    proxy = Proxy(site.proxy("wants-credentials"), username="ada", password="s3cr3t-word")
    async with client.browser.create_session(proxy=proxy) as session:
        with pytest.raises(BrowserNavigationError, match="refused those that it was given") as caught:
            await session.navigate(site.tls("self_signed"))
    assert "s3cr3t-word" not in f"{caught.value!r} {caught.value} {caught.value.to_dict()}"


async def test_no_request_is_made_twice(session: Any, site: WebSite, flavour: Flavour) -> None:
    """Diagnosis connects, and asks nothing; only an answer that nobody saw is fetched again."""
    with pytest.raises(BrowserNavigationError):
        await session.navigate(site.at(f"/hang/once/{flavour.name}"), timeout=_SHORT)
    with pytest.raises(BrowserNavigationError):
        await session.navigate(site.tls("expired", "/echo/never"))
    assert len(site.records.paths(f"/hang/once/{flavour.name}")) == 1
    assert site.records.paths("/echo/never") == []


@pytest.mark.parametrize(
    "script",
    [
        "open('file:///etc/passwd')",
        "open('data:text/html,inside')",
        "open('view-source:' + location)",
        "open('chrome://version')",
        "location = 'file:///etc/passwd'",
        "location = 'data:text/html,inside'",
        "location = 'chrome://version'",
        "open('about:blank').location = 'file:///etc/passwd'",
    ],
)
async def test_a_page_cannot_lead_to_another_scheme(session: Any, site: WebSite, script: str) -> None:
    await session.navigate(site.at("/plain.html"))
    await session.evaluate(f"() => {{ {script}; return new Promise(done => setTimeout(done, 30)); }}")
    assert await session.url() == site.at("/plain.html")
