"""What is told of an error, as plain values for the templates."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions import BrowserError, CMDOPError
from cmdop_browser.exceptions.plain import clean_text, clip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cmdop_browser.exceptions import Artifact, Evidence

_MAX_CAUSE: Final = 2_000
_MAX_CHAIN: Final = 10
_LOGS: Final = {
    "call_log": "Call log",
    "console": "Console",
    "failed_requests": "Failed requests",
    "missing": "Not there",
}
# Kinds of console messages that are worth a colour, and all of the failed requests are.
_BAD: Final = ("error:", "uncaught:", "assert:")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of an artifact.

    Attributes:
        content: Its bytes, None without them.
        media_type: Of the bytes.
        missing: Why there are none; empty when there was never anything to fetch.
    """

    content: bytes | None = None
    media_type: str = ""
    missing: str = ""


def fetched(artifact: Artifact | None) -> Fetched:
    """Fetch *artifact*, or tell why it is not to be had."""
    if artifact is None:
        return Fetched()
    try:
        return Fetched(bytes(artifact.read()), artifact.media_type)
    except CMDOPError as failure:
        return Fetched(missing=failure.message)


def attempt(fetch: Callable[[], None]) -> str:
    """Why *fetch* did not work; empty when it did."""
    try:
        fetch()
    except CMDOPError as failure:
        return failure.message
    return ""


def of_error(error: CMDOPError, screenshot: Fetched) -> dict[str, Any]:
    """What the head of a report and a card show."""
    cause = getattr(error, "cause", None) or getattr(error, "reason", None)
    evidence: Evidence | None = getattr(error, "evidence", None)
    page = evidence.page if evidence is not None else None
    return {
        "error": {
            "name": type(error).__name__,
            "code": error.code,
            "cause": str(cause) if cause is not None else "",
            "message": error.message,
            "sentence": error.user_message(),
            "tips": error.tips,
            "request_id": error.request_id,
        },
        "page": page
        and {
            "url": page.url,
            "link": page.url.startswith(("http://", "https://")),
            "title": page.title,
            "status": page.status,
            "ready_state": page.ready_state,
            "text": str(page),
        },
        "screenshot": {
            "data": base64.b64encode(screenshot.content).decode() if screenshot.content else "",
            "media_type": screenshot.media_type,
            "missing": screenshot.missing,
        },
    }


def of_the_rest(error: CMDOPError, html: Fetched) -> dict[str, Any]:
    """What only a report has room for."""
    evidence: Evidence | None = getattr(error, "evidence", None)
    text = html.content.decode("utf-8", "replace") if html.content else ""
    candidates = getattr(error, "candidates", ()) or (evidence.candidates if evidence is not None else ())
    origin = dict(error._origin.facts()) if error._origin is not None else {}
    return {
        "candidates": candidates,
        "logs": list(_logs(evidence)) if evidence is not None else [],
        "facts": list(_facts(error, origin)),
        "chain": list(_chain(error)),
        "html": {"text": text, "size": f"{len(text):,}", "missing": html.missing},
        "record": json.dumps(error.to_dict(), indent=2, ensure_ascii=False),
        "agent": origin.get("agent", "NAME"),
    }


def counts(error: CMDOPError) -> list[str]:
    """How much more a report would tell."""
    if not isinstance(error, BrowserError):
        return []
    lines = {
        "console message": len(error.evidence.console),
        "failed request": len(error.evidence.failed_requests),
    }
    return [f"{number} {name}{'' if number == 1 else 's'}" for name, number in lines.items() if number]


def _logs(evidence: Evidence) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for name, title in _LOGS.items():
        if lines := getattr(evidence, name):
            bad = name == "failed_requests"
            yield title, [{"text": line, "bad": bad or line.startswith(_BAD)} for line in lines]


def _facts(error: CMDOPError, origin: dict[str, str]) -> Iterator[tuple[str, str]]:
    shown_elsewhere = {"evidence", "candidates", "error_detail"}
    fields = {name: value for name, value in error.fields().items() if name not in shown_elsewhere}
    common = {
        "code": error.code,
        "http status": error.http_status,
        "retryable": "yes" if error.retryable else "no",
        "request id": error.request_id,
        "idempotency key": error.idempotency_key,
        "agent id": error.agent_id,
    }
    for name, value in {**fields, **error.details, **common, **origin}.items():
        if value is None or value in ("", (), [], {}):
            continue
        if isinstance(value, tuple):
            value = ", ".join(str(item) for item in value)  # noqa: PLW2901 -- as it is shown
        elif isinstance(value, dict | list):
            value = json.dumps(value, ensure_ascii=False)  # noqa: PLW2901 -- same
        yield name.replace("_", " "), str(value)
    for note in getattr(error, "__notes__", ()):
        yield "note", clean_text(str(note))


def _chain(error: BaseException) -> Iterator[dict[str, str]]:
    for _ in range(_MAX_CHAIN):
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            return
        error = cause
        if type(cause).__module__.startswith("grpc"):
            continue  # the letter that the error came in
        try:
            text = cause.message if isinstance(cause, CMDOPError) else str(cause)
        except Exception:  # noqa: BLE001 -- of a class that is not ours
            text = "(it cannot be shown)"
        yield {"name": type(cause).__name__, "text": clip(clean_text(text), _MAX_CAUSE)}
