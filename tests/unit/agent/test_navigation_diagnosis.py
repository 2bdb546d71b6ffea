from __future__ import annotations

import pytest

from agent_bridge.diagnosis.navigation import cause_of
from agent_bridge.diagnosis.navigation_facts import NavigationFacts
from agent_bridge.diagnosis.urls import refusal_of
from cmdop_browser.exceptions import NavigationCause

C = NavigationCause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Page.goto: net::ERR_NAME_NOT_RESOLVED at http://nowhere.test/", C.DNS),
        ("Page.goto: net::ERR_CONNECTION_REFUSED at http://127.0.0.1/", C.REFUSED),
        ("Page.goto: net::ERR_CONNECTION_RESET at http://127.0.0.1/", C.RESET),
        ("Page.goto: net::ERR_ADDRESS_UNREACHABLE at http://127.0.0.1/", C.UNREACHABLE),
        ("Page.goto: net::ERR_EMPTY_RESPONSE at http://127.0.0.1/", C.EMPTY_RESPONSE),
        ("Page.goto: net::ERR_CERT_DATE_INVALID at https://127.0.0.1/", C.TLS_EXPIRED),
        ("Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://127.0.0.1/", C.TLS_OTHER),
        ("Page.goto: net::ERR_CERT_COMMON_NAME_INVALID at https://127.0.0.1/", C.TLS_WRONG_HOST),
        ("Page.goto: net::ERR_SSL_PROTOCOL_ERROR at https://127.0.0.1/", C.TLS_OTHER),
        ("Page.goto: net::ERR_TOO_MANY_REDIRECTS at http://127.0.0.1/", C.REDIRECT_LOOP),
        ("Page.goto: net::ERR_UNSAFE_REDIRECT at http://127.0.0.1/", C.UNSUPPORTED_SCHEME),
        ("Page.goto: net::ERR_INVALID_REDIRECT at http://127.0.0.1/", C.BAD_REDIRECT),
        ("Page.goto: net::ERR_UNSAFE_PORT at http://127.0.0.1:1/", C.BLOCKED_BY_POLICY),
        ("Page.goto: net::ERR_PROXY_CONNECTION_FAILED at http://127.0.0.1/", C.PROXY),
        ("Page.goto: net::ERR_TUNNEL_CONNECTION_FAILED at https://127.0.0.1/", C.PROXY),
        ("Page.goto: net::ERR_CONTENT_DECODING_FAILED at http://127.0.0.1/", C.BODY_CORRUPT),
        ("Page.goto: net::ERR_INVALID_HTTP_RESPONSE at http://127.0.0.1/", C.BAD_RESPONSE),
        ("Page.go_back: net::ERR_CACHE_MISS at http://127.0.0.1/", C.NO_CONTENT),
        ("Page.goto: net::ERR_INTERNET_DISCONNECTED at http://127.0.0.1/", C.OFFLINE),
        ("Page.goto: Download is starting", C.DOWNLOAD),
        ('Page.goto: Navigation to "a" is interrupted by another navigation to "b"', C.INTERRUPTED),
        ("Protocol error (Page.navigate): Cannot navigate to invalid URL", C.INVALID_URL),
        ("Page.goto: net::ERR_SOMETHING_NEW at http://127.0.0.1/", C.BAD_RESPONSE),
    ],
)
def test_a_text_has_one_cause(text: str, cause: NavigationCause) -> None:
    assert cause_of(NavigationFacts(text)) is cause


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (NavigationFacts("", timed_out=1.0), C.TIMEOUT_RESPONSE),
        (NavigationFacts("", timed_out=1.0, status=200), C.TIMEOUT_LOAD),
        (NavigationFacts("", timed_out=1.0, committed=True), C.TIMEOUT_LOAD),
        (NavigationFacts("net::ERR_CONNECTION_RESET", status=200, in_body=True), C.BODY_CORRUPT),
        (NavigationFacts("net::ERR_ABORTED at http://x/", status=204), C.NO_CONTENT),
        (NavigationFacts("net::ERR_ABORTED at http://x/", status=205), C.NO_CONTENT),
        (NavigationFacts("net::ERR_ABORTED at http://x/", status=304), C.NO_CONTENT),
        (
            NavigationFacts("net::ERR_ABORTED at http://x/", status=302, redirect="mailto:a@b.test"),
            C.UNSUPPORTED_SCHEME,
        ),
        (NavigationFacts("net::ERR_ABORTED at http://x/"), C.INTERRUPTED),
        (NavigationFacts("net::ERR_ABORTED at http://x/", replaced=True), C.INTERRUPTED),
    ],
)
def test_what_was_seen_tells_an_abort_and_a_timeout_apart(
    facts: NavigationFacts, cause: NavigationCause
) -> None:
    assert cause_of(facts) is cause


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com:8443/a?b#c",
        "http://127.0.0.1:8000/",
        "http://[::1]:8000/",
        "HTTP://EXAMPLE.COM/",
        "http://user:password@example.com/",
        "https://bücher.example/straße",
        "about:blank",
    ],
)
def test_what_may_be_loaded_is_tried(url: str) -> None:
    assert refusal_of(url) is None


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("", C.INVALID_URL),
        ("   ", C.INVALID_URL),
        ("not a url", C.INVALID_URL),
        ("example.com", C.INVALID_URL),
        ("example.com/page", C.INVALID_URL),
        ("localhost:8000", C.INVALID_URL),
        ("127.0.0.1:8000/x", C.INVALID_URL),
        ("/path", C.INVALID_URL),
        ("//host/path", C.INVALID_URL),
        ("http://", C.INVALID_URL),
        ("http:///path", C.INVALID_URL),
        ("http://a b/", C.INVALID_URL),
        ("http://host:99999/", C.INVALID_URL),
        ("http://host:0/", C.INVALID_URL),
        ("http://host:port/", C.INVALID_URL),
        ("http://[::1/", C.INVALID_URL),
        ("http://host/" + "x" * 3_000_000, C.INVALID_URL),
        ("file:///etc/passwd", C.UNSUPPORTED_SCHEME),
        ("chrome://settings", C.UNSUPPORTED_SCHEME),
        ("view-source:http://example.com", C.UNSUPPORTED_SCHEME),
        ("javascript:alert(1)", C.UNSUPPORTED_SCHEME),
        ("mailto:a@example.com", C.UNSUPPORTED_SCHEME),
        ("ftp://example.com/", C.UNSUPPORTED_SCHEME),
        ("data:text/html,hello", C.UNSUPPORTED_SCHEME),
        ("about:settings", C.UNSUPPORTED_SCHEME),
        ("ws://example.com/", C.UNSUPPORTED_SCHEME),
    ],
)
def test_what_may_not_be_loaded_is_not_even_tried(url: str, cause: NavigationCause) -> None:
    refusal = refusal_of(url)
    assert refusal is not None
    assert refusal.cause is cause


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("example.com/page", "https://example.com/page"),
        ("localhost:8080", "http://localhost:8080"),
        ("127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
        ("htp://example.com/", "http://example.com/"),
        ("https//example.com/", "https://example.com/"),
        ("http:/example.com", "http://example.com"),
        ("HTTPS:///example.com", "https://example.com"),
        ("https//ada:secret@example.com/", "https://***@example.com/"),
    ],
)
def test_what_is_nearly_a_url_gets_the_one_that_was_meant(url: str, meant: str) -> None:
    refusal = refusal_of(url)
    assert refusal is not None
    assert refusal.tips == (f"did you mean {meant}?",)
