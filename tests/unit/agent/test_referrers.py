"""Whose wish a document was."""

from __future__ import annotations

import pytest

from agent_bridge.browser.referrers import is_wish_of, plain

OLD, NEW = "http://h.test/old", "http://h.test/new"


@pytest.mark.parametrize(
    ("url", "as_requested"),
    [
        ("http://h.test", "http://h.test/"),
        ("http://H.test:80/#x", "http://h.test/"),
        ("https://h.test:443/a?b=c#d", "https://h.test/a?b=c"),
        ("http://h.test:8080/a", "http://h.test:8080/a"),
        ("http://user:secret@h.test/", "http://h.test/"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("about:blank", "about:blank"),
    ],
)
def test_urls_as_requests_have_them(url: str, as_requested: str) -> None:
    assert plain(url) == as_requested


@pytest.mark.parametrize(
    ("left", "url", "referrer", "own"),
    [
        (OLD, OLD, OLD, {NEW}),  # it reloads itself
        (f"{OLD}#here", OLD, OLD, {NEW}),
        (OLD, "http://h.test/next", OLD, {NEW}),  # it leads on
        (OLD, "http://far.test/", "http://h.test/", {"http://other.test/"}),
        ("http://h.test", "http://h.test/", "http://h.test/", {NEW}),
    ],
)
def test_what_the_page_that_is_left_wants(left: str, url: str, referrer: str | None, own: set[str]) -> None:
    assert is_wish_of(left, url, referrer, own)


@pytest.mark.parametrize(
    ("left", "url", "referrer", "own"),
    [
        (OLD, "http://h.test/next", NEW, {NEW}),  # the new page leads on
        (OLD, OLD, NEW, {NEW}),  # back to where one came from
        (OLD, "http://h.test/next", None, {NEW}),
        (OLD, OLD, None, {NEW}),  # back, without telling
        (OLD, OLD, "http://h.test/", {NEW}),
        (OLD, OLD, "http://elsewhere.test/", {NEW}),  # history.back(), to a page with a referrer of its own
        (OLD, "http://far.test/", "http://h.test/", {NEW}),  # both would say that
        ("https://h.test/old", "http://far.test/", "https://h.test/", {NEW}),  # nobody tells a plain site
        ("about:blank", NEW, None, {NEW}),
        ("about:blank", "http://h.test/next", NEW, {NEW}),
        (OLD, "http://h.test/login", OLD, {OLD}),  # asked for again, it leads elsewhere
    ],
)
def test_what_a_page_that_came_wants(left: str, url: str, referrer: str | None, own: set[str]) -> None:
    assert not is_wish_of(left, url, referrer, own)
