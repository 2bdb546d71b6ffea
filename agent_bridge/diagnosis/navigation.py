"""Why no document arrived: what was seen of a navigation, to a cause, a sentence and tips."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlsplit

from agent_bridge.diagnosis.connection import Connection, Stage
from agent_bridge.diagnosis.navigation_facts import (
    NavigationFacts,
    NavigationVerdict,
    cause_by_text,
    in_brackets,
    net_error,
)
from agent_bridge.diagnosis.proxy_failures import UNANSWERED, is_proxys, proxy_verdict
from agent_bridge.diagnosis.texts import shown_url
from agent_bridge.diagnosis.tls import TLS_CAUSES, speaks_old_tls, tls_verdict
from agent_bridge.diagnosis.urls import LOADABLE
from agent_bridge.diagnosis.waiting import explain_pending
from cmdop_browser.exceptions import NavigationCause
from cmdop_browser.exceptions.tips import phrase

_Cause = NavigationCause

_NO_DOCUMENT = {204: "No Content", 205: "Reset Content", 304: "Not Modified"}
_ASKS_WHO = frozenset({401, 407})
# A page that replaced itself so often is not on its way anywhere.
_LOOP_DOCUMENTS = 3
_SHOWN_STATIONS = 6
_MAX_DIGITS = 16
_NOT_MODIFIED = 304
_PROXY_WANTS_CREDENTIALS = 407
_MORE_TIME = ("allow more time: timeout=…",)


def wants_connection(facts: NavigationFacts) -> bool:
    """Whether a connection of our own would tell more."""
    if urlsplit(facts.url).scheme not in LOADABLE:
        return False
    if facts.timed_out:
        return facts.status is None and not facts.committed and not facts.blocked
    cause = cause_by_text(facts.text)
    if cause is _Cause.PROXY or (cause in UNANSWERED and facts.proxy):
        return True
    return facts.is_tunnelled and cause in TLS_CAUSES | {_Cause.RESET, _Cause.EMPTY_RESPONSE}


def verdict_of(facts: NavigationFacts, now: dt.datetime | None = None) -> NavigationVerdict:
    """Return why the navigation failed, in words."""
    if facts.timed_out:
        return _timeout(facts)
    cause = cause_by_text(facts.text)
    if cause is _Cause.PROXY or is_proxys(facts, cause):
        return proxy_verdict(facts)
    if facts.in_body:
        return _broken_body(facts)
    if "ERR_ABORTED" in facts.text:
        return _abort(facts)
    if cause in TLS_CAUSES or (cause is _Cause.RESET and speaks_old_tls(facts.connection)):
        return tls_verdict(facts, cause, now or dt.datetime.now(dt.UTC))
    return _plain(facts, cause)


def cause_of(facts: NavigationFacts) -> NavigationCause:
    """Return the cause alone."""
    return verdict_of(facts).cause


# -- timeouts ------------------------------------------------------------------


def _timeout(facts: NavigationFacts) -> NavigationVerdict:
    if facts.blocked:
        return NavigationVerdict(
            _Cause.HUNG,
            "a script blocked the page, and was stopped",
            (
                "the session can be used again",
                "or load it without its scripts: create_session(javascript=False)",
            ),
        )
    if facts.documents >= _LOOP_DOCUMENTS and facts.still_replacing:
        return NavigationVerdict(
            _Cause.RELOADING,
            f"the page reloads or redirects itself without end, {facts.documents} times so far;"
            f" the last was {shown_url(facts.url)}",
            (
                "a site that wants a cookie does this: open its start page first",
                'read it as it comes: wait_until="commit"',
            ),
        )
    if facts.committed or facts.status is not None:
        explanation, tips = explain_pending(facts.pending, facts.waited_for, committed=facts.committed)
        return NavigationVerdict(_Cause.TIMEOUT_LOAD, explanation, tips)
    return _unanswered(facts)


def _unanswered(facts: NavigationFacts) -> NavigationVerdict:
    seen, via = facts.connection, f"the proxy {facts.proxy}" if facts.proxy else ""
    if seen is None:
        return NavigationVerdict(_Cause.TIMEOUT_RESPONSE, f"{facts.at} has not answered", _MORE_TIME)
    if seen.complete:
        explanation = f"{facts.at} took the connection but has not answered"
        return NavigationVerdict(_Cause.TIMEOUT_RESPONSE, explanation, _MORE_TIME)
    if via and seen.stage < Stage.SERVER:
        return _unanswered_by_proxy(facts, seen, via)
    if seen.stage is Stage.SERVER:
        if seen.problem:
            explanation = f"no TLS handshake with {facts.at}: {seen.problem}"
        else:
            explanation = f"{facts.at} took the connection but does not answer the TLS handshake"
        return NavigationVerdict(
            _Cause.TIMEOUT_CONNECT, explanation, ("check that https is spoken on this port", *_MORE_TIME)
        )
    why = f": {seen.problem}" if seen.problem else ""
    return NavigationVerdict(
        _Cause.TIMEOUT_CONNECT,
        f"no connection to {facts.at}{why}",
        ("check the address; a firewall may drop the packets", *_MORE_TIME),
    )


def _unanswered_by_proxy(facts: NavigationFacts, seen: Connection, via: str) -> NavigationVerdict:
    if seen.problem or seen.stage is Stage.NOTHING:
        return proxy_verdict(facts)
    if facts.is_tunnelled:
        return NavigationVerdict(_Cause.TIMEOUT_CONNECT, f"{via} has not connected to {facts.at}", _MORE_TIME)
    return NavigationVerdict(
        _Cause.TIMEOUT_RESPONSE, f"{via} took the request but has not answered", _MORE_TIME
    )


# -- answers -------------------------------------------------------------------


def _broken_body(facts: NavigationFacts) -> NavigationVerdict:
    code = net_error(facts.text)
    length = facts.headers.get("content-length", "")
    if "DECODING" in code:
        encoding = facts.headers.get("content-encoding", "its encoding")[:20]
        why = f"the body is not valid {encoding}"
        return NavigationVerdict(
            _Cause.BODY_CORRUPT, why, ("the server says that it compressed the body, and did not or badly",)
        )
    if "INVALID_CHUNKED" in code:
        why = "the body's chunks are malformed"
    elif "LENGTH_MISMATCH" in code and length.isdigit():
        why = f"the body broke off before its {int(length):,} bytes were there"
    else:
        why = "the body broke off"
    return NavigationVerdict(
        _Cause.BODY_CORRUPT,
        f"{why}{in_brackets(facts.text)}",
        ("try again: the transfer broke off", 'what came can be read: wait_until="commit"'),
    )


def _abort(facts: NavigationFacts) -> NavigationVerdict:
    target = facts.redirect if facts.redirect is not None else facts.url
    if urlsplit(target).scheme not in {"", *LOADABLE}:
        return _unsupported(facts, target)
    if facts.status in _NO_DOCUMENT:
        said = f"{facts.status} {_NO_DOCUMENT[facts.status]}"
        tip = "there is nothing to show at this address"
        if facts.status == _NOT_MODIFIED:
            tip = "the server takes the browser for one that has the page already: send no If-… headers"
        return NavigationVerdict(_Cause.NO_CONTENT, f"{facts.at} answered {said}, without a document", (tip,))
    explanation = "another navigation took its place" if facts.replaced else "the browser dropped it"
    return NavigationVerdict(_Cause.INTERRUPTED, explanation, ("try again",))


def _unsupported(facts: NavigationFacts, target: str | None) -> NavigationVerdict:
    # Where the chain went on to such a URL, that is the last one; else its last http one is.
    last = facts.stations[-1] if facts.stations and target == facts.url else facts.url
    scheme = f"the scheme {target.partition(':')[0][:40]}:" if target else "what is neither http nor https"
    return NavigationVerdict(
        _Cause.UNSUPPORTED_SCHEME,
        f"{shown_url(last)} redirects to {scheme}",
        ("only http and https are loaded: this address is a link for another program, not a page",),
    )


# -- the rest ------------------------------------------------------------------


def _plain(facts: NavigationFacts, cause: NavigationCause | None) -> NavigationVerdict:
    code = net_error(facts.text)
    if cause is None:
        cause = _Cause.BAD_RESPONSE if code else _Cause.INTERRUPTED
        return NavigationVerdict(cause, f"{phrase(cause)}{in_brackets(facts.text)}")
    if cause is _Cause.REDIRECT_LOOP:
        return NavigationVerdict(cause, f"the redirects do not end: {_chain(facts.stations)}")
    if cause is _Cause.UNSUPPORTED_SCHEME and "UNSAFE_REDIRECT" in code:
        return _unsupported(facts, facts.redirect)
    if cause is _Cause.BAD_REDIRECT:
        target = f" ({shown_url(facts.redirect)})" if facts.redirect else ""
        return NavigationVerdict(cause, f"{shown_url(facts.url)} redirects to what is no URL{target}")
    if cause is _Cause.DOWNLOAD:
        return _download(facts)
    if cause is _Cause.AUTH_REQUIRED or (cause is _Cause.NO_CONTENT and facts.status in _ASKS_WHO):
        return _credentials_wanted(facts.at, facts.status or (407 if "PROXY" in code else 401))
    if cause is _Cause.NO_CONTENT and "CACHE_MISS" in code:
        return NavigationVerdict(
            cause,
            "the page there was made by a form, which is not sent a second time",
            ("navigate to where the job is to go on",),
        )
    if cause is _Cause.NO_CONTENT and facts.status:
        said = f"{facts.status} {facts.reason}".rstrip()
        return NavigationVerdict(cause, f"{facts.at} answered {said}, without a page")
    if cause is _Cause.BLOCKED_BY_POLICY and "UNSAFE_PORT" in code:
        return NavigationVerdict(
            cause,
            f"browsers refuse the port of {facts.at}, which belongs to another protocol",
            ("serve the site on another port, such as 80, 443 or 8080",),
        )
    host = urlsplit(facts.url).hostname
    explanation = _SENTENCES.get(cause, "").format(at=facts.at, host=host) or phrase(cause)
    if cause in {_Cause.BAD_RESPONSE, _Cause.BLOCKED_BY_POLICY, _Cause.RESET, _Cause.UNREACHABLE}:
        explanation += in_brackets(facts.text)
    if facts.stations:
        explanation += f"; {shown_url(facts.stations[-1])} redirects there"
    return NavigationVerdict(cause, explanation)


_SENTENCES = {
    _Cause.DNS: "the host name {host!r} does not resolve",
    _Cause.REFUSED: "{at} refused the connection",
    _Cause.RESET: "{at} reset the connection",
    _Cause.UNREACHABLE: "{at} cannot be reached from here",
    _Cause.EMPTY_RESPONSE: "{at} closed the connection without an answer",
    _Cause.BAD_RESPONSE: "the answer of {at} is not valid HTTP",
    _Cause.TIMEOUT_CONNECT: "no connection to {at}",
    _Cause.TIMEOUT_RESPONSE: "{at} has not answered",
    _Cause.BODY_CORRUPT: "the body of the answer is damaged",
}


def _credentials_wanted(at: str, status: int) -> NavigationVerdict:
    if status == _PROXY_WANTS_CREDENTIALS:
        said = "407 Proxy Authentication Required"
        tip = "no proxy is set here, so the server or something before it poses as one"
    else:
        said, tip = f"{status} Unauthorized", "send an Authorization header: create_session(headers=…)"
    return NavigationVerdict(_Cause.AUTH_REQUIRED, f"{at} answered {said}, without a page", (tip,))


def bare_answer(facts: NavigationFacts) -> NavigationVerdict:
    """Return the verdict on an answer that asks who one is and brings no page."""
    if facts.proxy and facts.status == 407:
        return proxy_verdict(facts)
    return _credentials_wanted(facts.at, facts.status or 401)


def _download(facts: NavigationFacts) -> NavigationVerdict:
    length = facts.headers.get("content-length", "")
    size = f"{int(length):,} bytes" if length.isdigit() and len(length) < _MAX_DIGITS else ""
    kind = facts.headers.get("content-type", "").partition(";")[0].strip()[:60]
    known = ", ".join(part for part in (kind, size) if part)
    name = file_name(facts.headers, facts.url)
    return NavigationVerdict(
        _Cause.DOWNLOAD,
        "the server sent a file, not a page"
        + (f": {name}" if name else "")
        + (f" ({known})" if known else ""),
        ("fetch it without a browser, with the session's cookies",),
    )


_FILE_NAME = re.compile(r"""filename\s*=\s*("[^"\n]{1,200}"|[^;\s"]{1,200})""", re.IGNORECASE)


def file_name(headers: dict[str, str], url: str) -> str:
    """Return what a file is called by its headers, or else by its URL; "" when neither tells."""
    found = _FILE_NAME.search(headers.get("content-disposition", "")[:1000])
    name = found.group(1).strip('"') if found else urlsplit(url).path.rstrip("/")
    return shown_url(name.rpartition("/")[2])


def _chain(stations: tuple[str, ...]) -> str:
    distinct = list(dict.fromkeys(stations))
    if not distinct:
        return "more than 20 of them"
    shown = [shown_url(url) for url in distinct[:_SHOWN_STATIONS]]
    if len(distinct) < len(stations):
        again = shown_url(stations[len(distinct)]) if len(distinct) <= _SHOWN_STATIONS else "…"
        return " → ".join([*shown, again])
    return " → ".join(shown) + (f" → … ({len(distinct)} redirects)" if len(distinct) > len(shown) else "")
