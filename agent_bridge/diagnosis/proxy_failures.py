"""When it was the proxy that failed."""

from __future__ import annotations

from agent_bridge.diagnosis.connection import Stage
from agent_bridge.diagnosis.navigation_facts import (
    NavigationFacts,
    NavigationVerdict,
    cause_by_text,
    net_error,
)
from agent_bridge.diagnosis.texts import first_sentence
from cmdop_browser.exceptions import NavigationCause

_Cause = NavigationCause
# A connection that nobody answered: whether the proxy or the server, is the question.
UNANSWERED = frozenset({_Cause.RESET, _Cause.EMPTY_RESPONSE, _Cause.REFUSED, _Cause.UNREACHABLE})


def is_proxys(facts: NavigationFacts, cause: NavigationCause | None) -> bool:
    """Whether a failure that looks like the server's is the proxy's."""
    if not facts.proxy:
        return False
    if cause is _Cause.AUTH_REQUIRED and facts.status != 401:
        return True
    if cause not in UNANSWERED or facts.in_body:
        return False
    if not facts.is_tunnelled:
        return True  # the connection that broke was one to the proxy
    return facts.connection is not None and facts.connection.stage < Stage.SERVER


def proxy_verdict(facts: NavigationFacts) -> NavigationVerdict:
    """Return what the proxy did."""
    name = f"the proxy {facts.proxy}" if facts.proxy else "the proxy"
    seen = facts.connection
    code = net_error(facts.text)
    status = seen.status if seen is not None else ""
    if status.startswith("407") or facts.status == 407 or "AUTH" in code:
        if facts.proxy_credentials:
            why, tip = "it refused those that it was given", "check the proxy's username and password"
        else:
            why, tip = "it was given none", "create_session(proxy=Proxy(…)) takes a username and a password"
        return NavigationVerdict(_Cause.PROXY, f"{name} wants credentials (407): {why}", (tip,))
    if status:
        return NavigationVerdict(
            _Cause.PROXY,
            f"{name} refused to connect to {facts.at}: {status}",
            (_status_tip(status),),
        )
    if seen is not None and seen.stage is Stage.NOTHING:
        why = seen.problem or "no connection in time"
        return NavigationVerdict(
            _Cause.PROXY, f"{name} cannot be reached: {why}", ("check the proxy's address, and that it runs",)
        )
    if seen is not None and seen.problem:
        why = seen.problem
    elif cause_by_text(facts.text) in UNANSWERED:
        why = "it closed the connection without an answer"
    else:
        why = _said(facts.text) or "it does not answer"
    return NavigationVerdict(
        _Cause.PROXY, f"{name} failed: {why}", ("check the proxy's address, and which kind of proxy it is",)
    )


def _status_tip(status: str) -> str:
    if status.startswith("403"):
        return "the proxy's rules forbid this host"
    if status[:3] in {"502", "503", "504"}:
        return "the proxy cannot reach the host: check the address, or try later"
    return "check the proxy's address and its rules"


def _said(text: str) -> str:
    return first_sentence(text).partition(" at http")[0]
