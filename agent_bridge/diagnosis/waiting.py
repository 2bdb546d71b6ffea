"""What a page that does not finish loading still waits for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from agent_bridge.diagnosis.texts import shown_url

_SHOWN = 3
_WITHOUT_RESOURCES = 'do not wait for every resource: wait_until="domcontentloaded"'
_AT_REST = 'a page that keeps talking is never idle: wait_until="load", then wait_for(selector)'
_AT_ONCE = 'take the document as it comes: wait_until="commit", then wait_for(selector)'
_MORE_TIME = "allow more time: timeout=…"
# Kinds that hold up the load event; the rest holds up "networkidle" only.
_HOLD_UP_LOAD = frozenset({"document", "stylesheet", "image", "media", "font", "script", "iframe", "other"})
_BLOCKABLE = frozenset({"image", "font", "media", "stylesheet"})


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A request without an end.

    Attributes:
        kind: "image", "script", "iframe", …; "document" is the page itself.
    """

    kind: str
    url: str


@dataclass(frozen=True, slots=True)
class Pending:
    """What a page was waiting for when its time ran out.

    Attributes:
        requests: Those without an end, in the order in which they began.
        parsed: Whether the document itself was complete ("domcontentloaded").
        known: Whether the page could be asked at all.
    """

    requests: tuple[PendingRequest, ...] = ()
    parsed: bool = False
    known: bool = True


def explain_pending(
    pending: Pending | None, waited_for: str, *, committed: bool
) -> tuple[str, tuple[str, ...]]:
    """Return the end of the message, and tips."""
    if not committed:
        return "the server answered, but no document came", (_MORE_TIME,)
    if pending is None or not pending.known:
        return "the page did not finish loading", (
            'do not wait for every resource: wait_until="domcontentloaded"',
        )
    culprits = held_up_by(pending, waited_for)
    if culprits and culprits[0].kind == "document":
        return (
            "the document itself stopped half-way",
            (_MORE_TIME, 'take what is there: wait_until="commit"'),
        )
    return _sentence(culprits, waited_for), _tips(culprits, pending, waited_for)


def held_up_by(pending: Pending, waited_for: str) -> tuple[PendingRequest, ...]:
    """Return the requests that *waited_for* waits for."""
    if waited_for == "networkidle":
        return pending.requests
    document = [request for request in pending.requests if request.kind == "document"]
    if document and not pending.parsed:
        return tuple(document)
    kinds = _HOLD_UP_LOAD
    if waited_for == "domcontentloaded":
        kinds = frozenset({"script", "stylesheet"})
    return tuple(request for request in pending.requests if request.kind in kinds - {"document"})


def _sentence(culprits: tuple[PendingRequest, ...], waited_for: str) -> str:
    if not culprits:
        return f'the document arrived, but the page did not reach "{waited_for}"'
    shown = ", ".join(f"{request.kind} {shown_url(request.url)}" for request in culprits[:_SHOWN])
    more = f" and {len(culprits) - _SHOWN} more" if len(culprits) > _SHOWN else ""
    count = "1 request hangs" if len(culprits) == 1 else f"{len(culprits)} requests hang"
    return f"the document arrived, but {count}: {shown}{more}"


def _tips(culprits: tuple[PendingRequest, ...], pending: Pending, waited_for: str) -> tuple[str, ...]:
    tips: list[str] = []
    if waited_for == "networkidle":
        tips.append(_AT_REST)
    elif waited_for == "load" and pending.parsed:
        tips.append(_WITHOUT_RESOURCES)
    else:
        tips.append(_AT_ONCE)
    kinds = Counter(request.kind for request in culprits)
    blockable = sorted(_BLOCKABLE & set(kinds))
    if blockable:
        tips.append(f"or do not load them at all: create_session(block={tuple(blockable)!r})")
    elif not culprits:
        tips.append(_MORE_TIME)
    return tuple(tips)
