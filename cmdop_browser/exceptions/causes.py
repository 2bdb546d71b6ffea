"""Closed lists: why something failed, why a session ended, what became of a call."""

from __future__ import annotations

from enum import StrEnum


class ElementCause(StrEnum):
    """Why an element could not be found or acted on."""

    NO_MATCH = "NO_MATCH"  # nothing like it on the page
    TYPO = "TYPO"  # nothing matches, something near does
    INVALID_SELECTOR = "INVALID_SELECTOR"  # the selector does not parse
    AMBIGUOUS = "AMBIGUOUS"  # one element needed, several match
    HIDDEN = "HIDDEN"  # matches, is not visible
    ZERO_SIZE = "ZERO_SIZE"  # matches, its box is empty
    DISABLED = "DISABLED"  # disabled, inert, or deaf to pointers
    READONLY = "READONLY"  # its text cannot be edited
    COVERED = "COVERED"  # another element would receive the click
    OUTSIDE_VIEWPORT = "OUTSIDE_VIEWPORT"  # cannot be scrolled into view
    MOVING = "MOVING"  # its box does not come to rest
    DETACHED = "DETACHED"  # left the document meanwhile
    IN_IFRAME = "IN_IFRAME"  # the match is inside a frame
    IN_CLOSED_SHADOW_ROOT = "IN_CLOSED_SHADOW_ROOT"  # the match is inside a closed root
    WRONG_TYPE = "WRONG_TYPE"  # the call does not fit this kind of element
    NO_SUCH_OPTION = "NO_SUCH_OPTION"  # the select has no such option
    PAGE_LOADING = "PAGE_LOADING"  # the document was not complete
    WRONG_PAGE = "WRONG_PAGE"  # the page is another than was asked for
    ERROR_PAGE = "ERROR_PAGE"  # the document came with status 400 or above
    LOGIN_WALL = "LOGIN_WALL"  # the page asks to log in
    CONSENT_WALL = "CONSENT_WALL"  # the page asks for consent first
    CHALLENGE = "CHALLENGE"  # the page is a challenge against robots
    SCRIPT_DISABLED = "SCRIPT_DISABLED"  # the page needs JavaScript, which is off
    PAGE_HUNG = "PAGE_HUNG"  # a script of the page blocks it
    UNKNOWN_KEY = "UNKNOWN_KEY"  # there is no key of that name


class NavigationCause(StrEnum):
    """Why no document, or not the whole of it, arrived."""

    INVALID_URL = "INVALID_URL"
    UNSUPPORTED_SCHEME = "UNSUPPORTED_SCHEME"  # neither http nor https, also after a redirect
    BLOCKED_BY_POLICY = "BLOCKED_BY_POLICY"  # a port or address that is refused here
    DNS = "DNS"
    REFUSED = "REFUSED"
    RESET = "RESET"
    UNREACHABLE = "UNREACHABLE"
    EMPTY_RESPONSE = "EMPTY_RESPONSE"
    TLS_EXPIRED = "TLS_EXPIRED"  # expired, or not valid yet
    TLS_SELF_SIGNED = "TLS_SELF_SIGNED"
    TLS_WRONG_HOST = "TLS_WRONG_HOST"
    TLS_OTHER = "TLS_OTHER"
    REDIRECT_LOOP = "REDIRECT_LOOP"  # by HTTP; by script it is RELOADING
    TIMEOUT_CONNECT = "TIMEOUT_CONNECT"  # also a TLS handshake that hangs
    TIMEOUT_RESPONSE = "TIMEOUT_RESPONSE"  # connected, no response header
    TIMEOUT_LOAD = "TIMEOUT_LOAD"  # the document or one of its resources hangs
    BAD_RESPONSE = "BAD_RESPONSE"  # what came is not HTTP
    BODY_CORRUPT = "BODY_CORRUPT"  # the body broke off or does not decode
    BAD_REDIRECT = "BAD_REDIRECT"
    NO_CONTENT = "NO_CONTENT"  # 204, 205 or 304
    DOWNLOAD = "DOWNLOAD"  # a file, not a document
    PROXY = "PROXY"
    AUTH_REQUIRED = "AUTH_REQUIRED"  # 401 or 407 without a page
    INTERRUPTED = "INTERRUPTED"  # another navigation took its place
    RELOADING = "RELOADING"  # the page reloads or redirects itself for ever
    HUNG = "HUNG"  # a script of the page blocks it
    OFFLINE = "OFFLINE"


class CloseReason(StrEnum):
    """Why a session is no longer there."""

    CLOSED_BY_CALLER = "CLOSED_BY_CALLER"
    CLIENT_GONE = "CLIENT_GONE"  # its client vanished and the lease ran out
    IDLE_TIMEOUT = "IDLE_TIMEOUT"
    EVICTED = "EVICTED"  # its slot was needed
    RENDERER_CRASH = "RENDERER_CRASH"
    RENDERER_HANG = "RENDERER_HANG"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    BROWSER_CRASH = "BROWSER_CRASH"
    DRIVER_CRASH = "DRIVER_CRASH"
    AGENT_RESTART = "AGENT_RESTART"
    RECYCLED = "RECYCLED"
    SHUTDOWN = "SHUTDOWN"


class Outcome(StrEnum):
    """What became of a call that did not come back with a result."""

    EXECUTED = "executed"  # its effect took place
    NOT_EXECUTED = "not_executed"  # it had no effect: repeating is safe
    UNKNOWN = "unknown"  # nobody can tell: repeating may do it twice
