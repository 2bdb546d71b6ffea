"""What to try next, where that follows from the cause alone.

The agent, which sees the page, gives better ones; these are for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cmdop_browser.exceptions.causes import CloseReason, ElementCause, NavigationCause, Outcome

if TYPE_CHECKING:
    from enum import StrEnum

    from cmdop_browser.exceptions.evidence import Candidate

_PHRASES: Final[dict[StrEnum, str]] = {
    ElementCause.NO_MATCH: "nothing matches",
    ElementCause.TYPO: "nothing matches, something near does",
    ElementCause.INVALID_SELECTOR: "the selector does not parse",
    ElementCause.AMBIGUOUS: "several elements match",
    ElementCause.HIDDEN: "the element is not visible",
    ElementCause.ZERO_SIZE: "the element has no size",
    ElementCause.DISABLED: "the element is disabled",
    ElementCause.READONLY: "the element is read-only",
    ElementCause.COVERED: "covered by another element",
    ElementCause.OUTSIDE_VIEWPORT: "the element cannot be scrolled into view",
    ElementCause.MOVING: "the element does not come to rest",
    ElementCause.DETACHED: "the element left the page meanwhile",
    ElementCause.IN_IFRAME: "the match is inside a frame",
    ElementCause.IN_CLOSED_SHADOW_ROOT: "the match is inside a closed shadow root",
    ElementCause.WRONG_TYPE: "the call does not fit the element",
    ElementCause.NO_SUCH_OPTION: "there is no such option",
    ElementCause.PAGE_LOADING: "the page was still loading",
    ElementCause.WRONG_PAGE: "the page is another than was asked for",
    ElementCause.ERROR_PAGE: "the page is an error page",
    ElementCause.LOGIN_WALL: "the page asks to log in",
    ElementCause.CONSENT_WALL: "the page asks for consent first",
    ElementCause.CHALLENGE: "the page is a challenge against robots",
    ElementCause.SCRIPT_DISABLED: "the page needs JavaScript, which is off",
    ElementCause.PAGE_HUNG: "a script of the page blocks it",
    ElementCause.UNKNOWN_KEY: "there is no such key",
    NavigationCause.INVALID_URL: "that is no URL",
    NavigationCause.UNSUPPORTED_SCHEME: "only http and https are loaded",
    NavigationCause.BLOCKED_BY_POLICY: "the address is not allowed",
    NavigationCause.DNS: "the host name does not resolve",
    NavigationCause.REFUSED: "the connection was refused",
    NavigationCause.RESET: "the connection was reset",
    NavigationCause.UNREACHABLE: "the host cannot be reached",
    NavigationCause.EMPTY_RESPONSE: "the server closed without an answer",
    NavigationCause.TLS_EXPIRED: "the certificate is not valid today",
    NavigationCause.TLS_SELF_SIGNED: "the certificate is self-signed",
    NavigationCause.TLS_WRONG_HOST: "the certificate is for another host",
    NavigationCause.TLS_OTHER: "the certificate is not trusted",
    NavigationCause.REDIRECT_LOOP: "the redirects do not end",
    NavigationCause.TIMEOUT_CONNECT: "no connection in time",
    NavigationCause.TIMEOUT_RESPONSE: "no response in time",
    NavigationCause.TIMEOUT_LOAD: "the page did not finish loading in time",
    NavigationCause.BAD_RESPONSE: "the answer is not valid HTTP",
    NavigationCause.BODY_CORRUPT: "the body broke off or is damaged",
    NavigationCause.BAD_REDIRECT: "the server redirects to nowhere",
    NavigationCause.NO_CONTENT: "the server answered without a document",
    NavigationCause.DOWNLOAD: "the server sent a file, not a page",
    NavigationCause.PROXY: "the proxy failed",
    NavigationCause.AUTH_REQUIRED: "the server asks for credentials",
    NavigationCause.INTERRUPTED: "another navigation took its place",
    NavigationCause.RELOADING: "the page reloads itself without end",
    NavigationCause.HUNG: "a script blocked the page",
    NavigationCause.OFFLINE: "this machine is offline",
    CloseReason.CLOSED_BY_CALLER: "it was closed by its user",
    CloseReason.CLIENT_GONE: "its client was gone for too long",
    CloseReason.IDLE_TIMEOUT: "it was idle for too long",
    CloseReason.EVICTED: "its slot was needed",
    CloseReason.RENDERER_CRASH: "the page crashed",
    CloseReason.RENDERER_HANG: "the page hung and was ended",
    CloseReason.OUT_OF_MEMORY: "the page used too much memory",
    CloseReason.BROWSER_CRASH: "the browser crashed",
    CloseReason.DRIVER_CRASH: "the browser's driver crashed",
    CloseReason.AGENT_RESTART: "the agent was restarted",
    CloseReason.RECYCLED: "the browser was recycled",
    CloseReason.SHUTDOWN: "the agent is shutting down",
}

_ELEMENT_TIPS: Final = {
    ElementCause.INVALID_SELECTOR: "check brackets and quotes; without text=, xpath= or role= it is CSS",
    ElementCause.HIDDEN: "wait until it shows: wait_for(selector), or open what hides it first",
    ElementCause.DISABLED: "fill in what the form still needs, then try again",
    ElementCause.READONLY: "the page sets its value by script: use the control it offers instead",
    ElementCause.COVERED: "close what covers it first, or pass force=True to click through it",
    ElementCause.MOVING: "wait for the animation to end",
    ElementCause.PAGE_LOADING: "wait for what the page loads late: wait_for(selector)",
    ElementCause.SCRIPT_DISABLED: "create the session with javascript=True",
    ElementCause.CONSENT_WALL: "give or refuse consent first",
    ElementCause.LOGIN_WALL: "log in first, or create the session with storage_state=…",
}

_NAVIGATION_TIPS: Final = {
    NavigationCause.INVALID_URL: "give the whole URL, such as https://example.org/path",
    NavigationCause.UNSUPPORTED_SCHEME: "use an http:// or https:// URL",
    NavigationCause.DNS: "check the host name for typing errors",
    NavigationCause.REFUSED: "check the port, and that the server runs",
    NavigationCause.RESET: "try again; when it stays so, something before the server refuses this visitor",
    NavigationCause.EMPTY_RESPONSE: "check scheme and port; when it stays so, the server drops this visitor",
    NavigationCause.BAD_RESPONSE: "check scheme and port: another protocol may be spoken there",
    NavigationCause.BAD_REDIRECT: "the site is broken there: navigate to where it should have led",
    NavigationCause.TLS_EXPIRED: "for a site that you trust: create_session(ignore_https_errors=True)",
    NavigationCause.TLS_SELF_SIGNED: "for a site that you trust: create_session(ignore_https_errors=True)",
    NavigationCause.TLS_WRONG_HOST: "use the host name that the certificate is for",
    NavigationCause.TLS_OTHER: "with a private CA: create_session(ignore_https_errors=True)",
    NavigationCause.REDIRECT_LOOP: "the site may want a cookie first: open its start page",
    NavigationCause.TIMEOUT_LOAD: 'do not wait for every resource: wait_until="domcontentloaded"',
    NavigationCause.TIMEOUT_RESPONSE: "allow more time: timeout=…",
    NavigationCause.BODY_CORRUPT: "try again: the transfer broke off",
    NavigationCause.NO_CONTENT: "there is nothing to show at this address",
    NavigationCause.DOWNLOAD: "this address is a file; fetch it without a browser",
    NavigationCause.PROXY: "check the proxy's address and credentials",
    NavigationCause.AUTH_REQUIRED: "send an Authorization header: create_session(headers=…)",
    NavigationCause.RELOADING: 'read it as it comes: wait_until="commit"',
}


def phrase(cause: StrEnum | None) -> str:
    """*cause* in a few words, as a message ends."""
    return _PHRASES.get(cause, str(cause)) if cause is not None else ""


def for_element(
    cause: ElementCause | None, matches: int | None, candidates: tuple[Candidate, ...]
) -> tuple[str, ...]:
    """Tips for an element that could not be found or used."""
    if candidates:
        best = candidates[0]
        return (
            f"did you mean {best.selector!r}? ({best.count} {'match' if best.count == 1 else 'matches'})",
        )
    if cause is ElementCause.AMBIGUOUS:
        count = f"{matches} elements match" if matches else "several elements match"
        return (f"{count}: narrow the selector, or pick one with ' >> nth=0'",)
    tip = _ELEMENT_TIPS.get(cause) if cause is not None else None
    return (tip,) if tip else ()


def for_navigation(cause: NavigationCause | None) -> tuple[str, ...]:
    """Tips for a page that did not load."""
    tip = _NAVIGATION_TIPS.get(cause) if cause is not None else None
    return (tip,) if tip else ()


# What does no harm when it is done twice needs no warning.
_ACTS: Final = frozenset(
    {
        "click",
        "fill",
        "type",
        "press",
        "check",
        "uncheck",
        "select_option",
        "upload",
        "evaluate",
        "set_cookies",
        "clear_cookies",
        "back",
        "forward",
        "reload",
    }
)
_READS: Final = frozenset(
    {"navigate", "url", "title", "info", "screenshot", "pdf", "cookies", "storage_state"}
    | {"wait_for", "wait_for_url", "wait_for_function", "wait_for_idle"}
)


def is_read(action: str | None) -> bool:
    """Whether to make a call twice is to make it once; a call that is not known may be an act."""
    return action is not None and (action in _READS or action.startswith("dom."))


def after_close(
    reason: CloseReason | None, outcome: Outcome | None, last_action: str | None
) -> tuple[str, ...]:
    """Tips for a session that ended."""
    found: list[str] = []
    if outcome in {Outcome.UNKNOWN, Outcome.EXECUTED} and (last_action is None or last_action in _ACTS):
        found.append(f"before {last_action or 'the call'} is repeated, find out whether it had its effect")
    if reason is CloseReason.IDLE_TIMEOUT:
        found.append("keep it longer: create_session(idle_timeout=…)")
    elif reason is CloseReason.OUT_OF_MEMORY:
        found.append('load less: create_session(block=("image", "media"))')
    if reason is not CloseReason.CLOSED_BY_CALLER:
        found.append("create a new session; @with_auto_restart does that for a whole job")
    return tuple(found)
