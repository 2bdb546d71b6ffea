"""What the page is, when a call failed because it is not the page that the caller had in mind.

Nothing is claimed on one sign that ordinary pages show as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from agent_bridge.diagnosis import page_words as words
from agent_bridge.diagnosis import texts
from agent_bridge.diagnosis.challenges import challenge
from agent_bridge.diagnosis.covers import looks_like, ranked_closers
from agent_bridge.diagnosis.kinds import PageKind, shown
from agent_bridge.diagnosis.page_seen import PageFacts, Waiting
from agent_bridge.diagnosis.same_page import host_of, is_same_page, path_of
from agent_bridge.diagnosis.walls import consent_wall, is_for_login, login_wall
from cmdop_browser.exceptions import ElementCause

if TYPE_CHECKING:
    from collections.abc import Callable

_STATUS_NAMES: Final = {
    400: "bad request",
    401: "unauthorized",
    402: "payment required",
    403: "forbidden",
    404: "not found",
    405: "method not allowed",
    406: "not acceptable",
    408: "request timeout",
    409: "conflict",
    410: "gone",
    418: "I'm a teapot",
    422: "unprocessable content",
    429: "too many requests",
    451: "unavailable for legal reasons",
    500: "internal server error",
    501: "not implemented",
    502: "bad gateway",
    503: "service unavailable",
    504: "gateway timeout",
}


def kind_of(facts: PageFacts) -> PageKind | None:
    """Return what the page is, the more special first; None for an ordinary page."""
    for look in _KINDS:
        if (kind := look(facts)) is not None:
            return kind
    return None


def error_page(facts: PageFacts) -> PageKind | None:
    """Return the kind of a document that came with an error status."""
    if facts.status < 400:
        return None
    name = _STATUS_NAMES.get(facts.status, "")
    status = f"status {facts.status}"
    title = (f"title {shown(facts.title)}",) if facts.title else ()
    return PageKind(
        ElementCause.ERROR_PAGE,
        f"the page is an error page ({', '.join((f'{status}, {name}' if name else status, *title))})",
        (status, *title),
        _error_tips(facts),
    )


def _error_tips(facts: PageFacts) -> tuple[str, ...]:
    status, later = facts.status, facts.header.get("retry-after", "")
    if status in {401, 407}:
        return ("send credentials: create_session(headers={'Authorization': …}), or log in first",)
    if status == 403:
        return (
            "the server refuses this visitor: log in first, storage_state=…",
            "or it refuses browsers like this one: user_agent=…, headers=…, proxy=…",
        )
    if status in {404, 410}:
        return (
            "check the address: navigate() returned the status, and result.raise_for_status() raises on it",
        )
    if status == 429:
        after = f" {texts.shorten(later, 40)} s" if later.isdigit() else ""
        return (f"slow down: wait{after} before the next request",)
    if status >= 500:
        return ("the server failed: try again later, @retry does that",)
    return ("check the request: result.raise_for_status() after navigate() raises on such a status",)


def wrong_page(facts: PageFacts) -> PageKind | None:
    """Return the kind of a document other than the one that was asked for."""
    if facts.missed_url and (facts.url.startswith("chrome-error:") or not facts.has_acted):
        return _missed(facts)
    asked, there = facts.requested_url, facts.document_url or facts.url
    if not asked.startswith("http") or not there or facts.url.startswith("chrome-error:"):
        return None
    if is_same_page(asked, there) or (facts.url.startswith("http") and is_same_page(asked, facts.url)):
        return None
    # Whoever asks for one login page may be given another.
    if is_for_login(asked) and is_for_login(there):
        return None
    arrived = facts.arrived_url
    stayed = bool(arrived) and is_same_page(arrived, there)
    # Where a click led is where the caller wanted to be.
    if not stayed and facts.has_acted:
        return None
    if not stayed and arrived and is_same_page(asked, arrived):
        verb, came = "moved on from", "it moved there by itself after it was loaded"
    else:
        verb, came = "was redirected from", "redirected"
    way = f"{_place(asked, there)} to {_place(there, asked)}"
    return PageKind(
        ElementCause.WRONG_PAGE,
        f"the page {verb} {way}",
        (f"{came}: {way}",),
        (
            "check where navigate() led: result.url, result.redirects",
            "the site may want something first: a login, a cookie, a language or region",
        ),
    )


def _missed(facts: PageFacts) -> PageKind:
    """Return the kind of a page that is there because another one did not come."""
    missed = texts.shown_url(facts.missed_url)
    why = texts.shorten(facts.missed_why, 80)
    if facts.url.startswith("chrome-error:"):
        there = "the page is the browser's own error page"
    else:
        there = f"the page is still {texts.shown_url(facts.url)}"
    return PageKind(
        ElementCause.WRONG_PAGE,
        f"{there}: {missed} did not load ({why})",
        (f"{missed} did not load",),
        ("see to it that the page loads first: navigate() raises when it does not",),
    )


def _place(url: str, other: str) -> str:
    if not url.startswith("http"):
        return texts.shown_url(url)
    if host_of(url) != host_of(other) or path_of(url) == path_of(other):
        return texts.shown_url(url)
    return texts.shown_url(path_of(url))


def script_disabled(facts: PageFacts) -> PageKind | None:
    """Return the kind of a page that is empty without the scripts that the session does not run."""
    if facts.javascript or not facts.answered:
        return None
    seen: list[str] = []
    warned = words.NEEDS_SCRIPT.search(facts.noscript)
    if warned and facts.length <= 500:
        seen.append(f"noscript says {shown(facts.noscript)}")
    empty = next((root for root in facts.roots if root.weight <= 40), None)
    if empty is not None and facts.scripts and facts.length <= 300:
        seen.append(f"{empty.selector} is empty")
    waiting = _waiting(facts)
    if waiting is not None:
        seen.append(f"{waiting.markup} stays")
    if not seen and facts.length <= 40 and facts.chrome_length <= 40 and facts.scripts and not facts.media:
        seen.append("nothing but scripts")
    if not seen:
        return None
    return PageKind(
        ElementCause.SCRIPT_DISABLED,
        f"the page needs JavaScript, which is off ({', '.join(seen)})",
        ("javascript=False", *seen),
        ("create the session with javascript=True",),
    )


def page_loading(facts: PageFacts) -> PageKind | None:
    """Return the kind of a page that is not complete yet, or shows where its content will be."""
    if facts.is_loading:
        return _loading(
            "a document was asked for that has not come yet", ("wait_for_url(…), or allow more time",)
        )
    if facts.answered and facts.ready_state in {"loading", "interactive"}:
        return _loading(
            f"the document is not complete, its state is {facts.ready_state}",
            ("wait for it: wait_for(selector, timeout=…), or navigate(…, wait_until='load')",),
        )
    waiting = _waiting(facts)
    if waiting is not None:
        text = f" {shown(waiting.text)}" if waiting.text else ""
        count = f", {waiting.count} of them" if waiting.count > 1 else ""
        return _loading(
            f"{waiting.markup}{text} stands where content will be{count}",
            ("wait for what it loads late: wait_for(selector, timeout=…)",),
        )
    if facts.is_bare and words.LOADING.match(facts.text):
        return _loading(
            f"all it shows is {shown(facts.text)}",
            ("wait for what it loads late: wait_for(selector, timeout=…)",),
        )
    return None


def _loading(sign: str, tips: tuple[str, ...]) -> PageKind:
    return PageKind(ElementCause.PAGE_LOADING, f"the page was still loading ({sign})", (sign,), tips)


def _waiting(facts: PageFacts) -> Waiting | None:
    """Return the part of the page that shows a skeleton or spinner in the place of content."""
    if not facts.answered:
        return None
    # On a page with nothing else, a spinner of any size stands for all of it.
    needed = 0.0 if facts.is_bare else 0.08 if facts.length < 400 else 0.3
    for waiting in sorted(facts.waiting, key=lambda waiting: -waiting.share):
        # A box that is merely called so is told by moving, by repeating, or by what it says.
        is_one = (
            waiting.is_busy
            or waiting.is_moving
            or (waiting.is_picture and facts.is_bare)
            or (waiting.count >= 3 and not waiting.is_picture)
            or words.LOADING.match(waiting.text)
        )
        if waiting.share >= needed and is_one:
            return waiting
    return None


# In this order: a challenge often comes with 403, a login with a redirect.
_KINDS: Final[tuple[Callable[[PageFacts], PageKind | None], ...]] = (
    challenge,
    login_wall,
    consent_wall,
    error_page,
    wrong_page,
    script_disabled,
    page_loading,
)

__all__ = ["PageFacts", "PageKind", "kind_of", "looks_like", "ranked_closers"]
