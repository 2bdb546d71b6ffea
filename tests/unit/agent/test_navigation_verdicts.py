"""What is told of a navigation that failed, from facts alone."""

from __future__ import annotations

import datetime as dt
import signal
from typing import Any

import pytest

from agent_bridge.browser.crashes import reason_of
from agent_bridge.diagnosis.certificates import Certificate, fault_of, parse
from agent_bridge.diagnosis.connection import Connection, Stage
from agent_bridge.diagnosis.navigation import file_name, verdict_of, wants_connection
from agent_bridge.diagnosis.navigation_facts import NavigationFacts
from agent_bridge.diagnosis.proxies import Proxy, proxy_for
from agent_bridge.diagnosis.waiting import Pending, PendingRequest
from cmdop_browser.exceptions import CloseReason, NavigationCause

C = NavigationCause
HTTP, HTTPS, PROXY = "http://a.test/x", "https://a.test/x", "http://p.test:3128"
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
YEAR = dt.timedelta(days=365)


def seen(stage: Stage, *, problem: str = "", status: str = "", tls: bool = True) -> Connection:
    return Connection(stage, Stage.TLS if tls else Stage.SERVER, problem=problem, status=status)


@pytest.mark.parametrize(
    ("url", "proxy", "connection", "cause", "says"),
    [
        (HTTP, "", None, C.TIMEOUT_RESPONSE, "a.test has not answered"),
        (HTTP, "", seen(Stage.NOTHING, tls=False), C.TIMEOUT_CONNECT, "no connection to a.test"),
        (HTTP, "", seen(Stage.SERVER, tls=False), C.TIMEOUT_RESPONSE, "took the connection"),
        (HTTPS, "", seen(Stage.NOTHING), C.TIMEOUT_CONNECT, "no connection"),
        (HTTPS, "", seen(Stage.SERVER), C.TIMEOUT_CONNECT, "TLS handshake"),
        (
            HTTPS,
            "",
            seen(Stage.SERVER, problem="EOF"),
            C.TIMEOUT_CONNECT,
            "no TLS handshake with a.test: EOF",
        ),
        (HTTPS, "", seen(Stage.TLS), C.TIMEOUT_RESPONSE, "has not answered"),
        (HTTPS, PROXY, seen(Stage.NOTHING), C.PROXY, "cannot be reached: no connection in time"),
        (HTTPS, PROXY, seen(Stage.NOTHING, problem="refused"), C.PROXY, "cannot be reached: refused"),
        (HTTPS, PROXY, seen(Stage.PROXY), C.TIMEOUT_CONNECT, "has not connected to a.test"),
        (HTTPS, PROXY, seen(Stage.PROXY, problem="x", status="403 No"), C.PROXY, "to a.test: 403 No"),
        (HTTPS, PROXY, seen(Stage.PROXY, problem="x", status="407 Who"), C.PROXY, "credentials"),
        (HTTPS, PROXY, seen(Stage.SERVER), C.TIMEOUT_CONNECT, "TLS handshake"),
        (HTTP, PROXY, seen(Stage.PROXY, tls=False), C.TIMEOUT_RESPONSE, "took the request"),
    ],
)
def test_how_far_a_connection_gets_tells_a_timeout(
    url: str, proxy: str, connection: Connection | None, cause: NavigationCause, says: str
) -> None:
    facts = NavigationFacts("", url=url, timed_out=5.0, proxy=proxy, connection=connection)
    assert wants_connection(facts)
    verdict = verdict_of(facts)
    assert verdict.cause is cause
    assert says in verdict.explanation
    assert verdict.tips


@pytest.mark.parametrize(
    ("text", "url", "proxy", "connection", "cause"),
    [
        ("net::ERR_CONNECTION_RESET", HTTP, "", None, C.RESET),
        ("net::ERR_CONNECTION_RESET", HTTP, PROXY, None, C.PROXY),
        ("net::ERR_EMPTY_RESPONSE", HTTP, PROXY, None, C.PROXY),
        ("net::ERR_CONNECTION_RESET", HTTPS, PROXY, None, C.RESET),
        ("net::ERR_CONNECTION_RESET", HTTPS, PROXY, seen(Stage.PROXY, problem="closed"), C.PROXY),
        ("net::ERR_CONNECTION_RESET", HTTPS, PROXY, seen(Stage.SERVER, problem="reset"), C.RESET),
        ("net::ERR_UNEXPECTED_PROXY_AUTH", HTTP, "", None, C.AUTH_REQUIRED),
        ("net::ERR_INVALID_AUTH_CREDENTIALS", HTTPS, PROXY, None, C.PROXY),
        ("net::ERR_TUNNEL_CONNECTION_FAILED", HTTPS, PROXY, None, C.PROXY),
        ("net::ERR_CERT_AUTHORITY_INVALID", HTTPS, PROXY, seen(Stage.TLS), C.TLS_OTHER),
    ],
)
def test_a_proxy_is_blamed_for_what_it_did(
    text: str, url: str, proxy: str, connection: Connection | None, cause: NavigationCause
) -> None:
    facts = NavigationFacts(text, url=url, proxy=proxy, connection=connection)
    assert verdict_of(facts).cause is cause


def test_a_page_that_a_form_made_is_told_from_a_broken_answer() -> None:
    verdict = verdict_of(NavigationFacts("Page.go_back: net::ERR_CACHE_MISS", url="http://a.test/sent"))
    assert verdict.cause is NavigationCause.NO_CONTENT
    assert "made by a form" in verdict.explanation
    assert verdict.tips


def test_a_tunnel_that_the_proxy_answers_itself_is_no_broken_body() -> None:
    facts = NavigationFacts(
        "net::ERR_TUNNEL_CONNECTION_FAILED", url=HTTPS, proxy=PROXY, status=407, in_body=True
    )
    assert verdict_of(facts).cause is C.PROXY


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        ({"documents": 3, "still_replacing": True}, C.RELOADING),
        ({"documents": 3}, C.TIMEOUT_LOAD),
        ({"documents": 2, "still_replacing": True}, C.TIMEOUT_LOAD),
        ({"documents": 9, "still_replacing": True, "blocked": True}, C.HUNG),
    ],
)
def test_a_loop_is_one_that_goes_on(facts: dict[str, Any], cause: NavigationCause) -> None:
    assert verdict_of(NavigationFacts("", url=HTTP, timed_out=1.0, committed=True, **facts)).cause is cause


def pending(*kinds: str, parsed: bool = True) -> Pending:
    return Pending(tuple(PendingRequest(kind, f"http://a.test/{kind}") for kind in kinds), parsed=parsed)


@pytest.mark.parametrize(
    ("waiting", "waited_for", "says", "advises"),
    [
        (pending("image"), "load", "1 request hangs: image http://a.test/image", "domcontentloaded"),
        (pending("image", "fetch"), "load", "1 request hangs: image", "block=('image',)"),
        (pending("image", "fetch"), "networkidle", "2 requests hang", "never idle"),
        (pending("script", "image", parsed=False), "domcontentloaded", "1 request hangs: script", "commit"),
        (pending("document", "image", parsed=False), "load", "itself stopped half-way", "commit"),
        (
            pending("image", "font", "image", "script", "media"),
            "load",
            "and 2 more",
            "('font', 'image', 'media')",
        ),
        (pending(), "load", 'did not reach "load"', "allow more time"),
        (None, "load", "did not finish loading", "domcontentloaded"),
    ],
)
def test_what_hangs_is_named(waiting: Pending | None, waited_for: str, says: str, advises: str) -> None:
    facts = NavigationFacts(
        "", url=HTTP, timed_out=1.0, status=200, committed=True, waited_for=waited_for, pending=waiting
    )
    verdict = verdict_of(facts)
    assert verdict.cause is C.TIMEOUT_LOAD
    assert says in verdict.explanation
    assert any(advises in tip for tip in verdict.tips)


def certificate(*names: str, begins: int = -1, ends: int = 1, self_signed: bool = False) -> Certificate:
    return Certificate("s", "i", names, NOW + begins * YEAR, NOW + ends * YEAR, self_signed)


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (certificate("a.test"), None),
        (certificate("A.test".lower(), "b.test"), None),
        (certificate("*.test"), None),
        (certificate("a.test", self_signed=True), C.TLS_SELF_SIGNED),
        (certificate("b.test", self_signed=True), C.TLS_WRONG_HOST),
        (certificate("*.a.test"), C.TLS_WRONG_HOST),
        (certificate(), C.TLS_WRONG_HOST),
        (certificate("b.test", ends=0, begins=-2, self_signed=True), None),
    ],
)
def test_the_worst_of_a_certificate_is_named(found: Certificate, cause: NavigationCause | None) -> None:
    later = NOW + dt.timedelta(days=1)
    if cause is None and found.ends <= NOW:
        cause = C.TLS_EXPIRED
    fault = fault_of(found, "a.test", later if found.ends <= NOW else NOW)
    assert (fault[0] if fault else None) is cause


def test_a_certificate_of_tomorrow_is_not_valid_yet() -> None:
    fault = fault_of(certificate("a.test", begins=1, ends=2), "a.test", NOW)
    assert fault == (C.TLS_EXPIRED, "the certificate is not valid before 2027-06-01")


def test_what_is_no_certificate_is_none() -> None:
    assert parse(b"") is parse(b"\x30\x03abc") is None


@pytest.mark.parametrize(
    ("disposition", "url", "name"),
    [
        ('attachment; filename="q3 2026.csv"', HTTP, "q3 2026.csv"),
        ("attachment; filename=a.zip; size=4", HTTP, "a.zip"),
        ('attachment; filename="../../etc/passwd"', HTTP, "passwd"),
        ("attachment", "http://a.test/files/b.pdf?x=1", "b.pdf"),
        ("", "http://a.test/", ""),
    ],
)
def test_a_file_has_a_name(disposition: str, url: str, name: str) -> None:
    assert file_name({"content-disposition": disposition}, url) == name


@pytest.mark.parametrize(
    ("status", "code", "oom_killed", "reason"),
    [
        ("crashed", signal.SIGSEGV, False, CloseReason.RENDERER_CRASH),
        ("crashed", signal.SIGTRAP, False, CloseReason.OUT_OF_MEMORY),
        ("oom", 0, False, CloseReason.OUT_OF_MEMORY),
        ("killed", signal.SIGKILL, False, CloseReason.RENDERER_CRASH),
        ("killed", signal.SIGKILL, True, CloseReason.OUT_OF_MEMORY),
        ("killed", signal.SIGTERM, True, CloseReason.RENDERER_CRASH),
    ],
)
def test_the_end_of_a_renderer(status: str, code: int, oom_killed: bool, reason: CloseReason) -> None:
    assert reason_of(status, code, oom_killed=oom_killed) is reason


class TestProxies:
    def test_the_sessions_own_comes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("https_proxy", "http://other.test:1")
        own = _Configured("http://p.test:3128", "ada", "pw", ("b.test", ".c.test", "*.d.test"))
        assert proxy_for(HTTPS, own) == Proxy("http://p.test:3128", "ada", "pw")
        assert proxy_for("https://b.test/", own) is None
        assert proxy_for("https://x.c.test/", own) is None
        assert proxy_for("https://x.d.test/", own) is None
        assert proxy_for("https://d.test/", own) is not None

    def test_the_environments_is_followed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        assert proxy_for(HTTPS, None) is None
        monkeypatch.setenv("https_proxy", "http://u:p@env.test:8")
        monkeypatch.setenv("no_proxy", "c.test, .d.test")
        assert proxy_for(HTTPS, None) == Proxy("http://env.test:8", "u", "p")
        assert proxy_for(HTTP, None) is None
        for local in ("https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://x.c.test/"):
            assert proxy_for(local, None) is None

    def test_a_password_does_not_show(self) -> None:
        assert "pw" not in repr(Proxy("http://p.test", "ada", "pw"))


class _Configured:
    def __init__(self, server: str, username: str, password: str, bypass: tuple[str, ...]) -> None:
        self.server, self.username, self.password, self.bypass = server, username, password, bypass
