"""An error as the ``ErrorDetail`` message, cut to what a trailer can hold."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions.evidence import ARTIFACTS
from cmdop_browser.wire.v1.errors_pb2 import ErrorDetail, FieldValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Record = dict[str, Any]
"""An error in the form of ``CMDOPError.to_dict``."""

_SINT64: Final = range(-(2**63), 2**63)
_LINES: Final = ("call_log", "console", "failed_requests", "missing")
_MAX_TEXT: Final = 4_096
_MAX_ITEMS: Final = 64
_MAX_NAME: Final = 100
_MAX_ARTIFACTS: Final = 500
_KEPT_FROM_THE_END: Final = frozenset({"stdout", "stderr", "stderr_tail"})


def encode_detail(record: Record, *, truncated: bool = False) -> ErrorDetail:
    """The message for *record*."""
    return ErrorDetail(
        code=record["code"],
        message=record["message"],
        request_id=record["request_id"] or "",
        idempotency_key=record["idempotency_key"] or "",
        agent_id=record["agent_id"] or "",
        retryable=record["retryable"],
        tips=record["tips"],
        fields={name: _encode_value(value) for name, value in record["fields"].items()},
        details={name: _encode_value(value) for name, value in record["details"].items()},
        truncated=truncated,
    )


def decode_detail(detail: ErrorDetail) -> Record:
    """What :func:`encode_detail` was given."""
    details = {name: _decode_value(value) for name, value in detail.details.items()}
    if detail.truncated:
        details["truncated"] = True
    return {
        "code": detail.code,
        "message": detail.message,
        "request_id": detail.request_id or None,
        "idempotency_key": detail.idempotency_key or None,
        "agent_id": detail.agent_id or None,
        "retryable": detail.retryable,
        "tips": list(detail.tips),
        "fields": {name: _decode_value(value) for name, value in detail.fields.items()},
        "details": details,
    }


def shorten(record: Record, fits: Callable[[Record], bool]) -> tuple[Record, bool]:
    """Cut *record* until it *fits*, the least useful first.

    The order: lines of evidence, long texts, further details, near misses, tips, and
    in the end every text to a few words. What decides what the caller does next
    (code, cause, outcome, numbers) always stays.

    Returns:
        The record, and whether anything was cut.
    """
    bounded = _bound(record)
    if bounded == record and fits(record):
        return record, False
    record = bounded
    for cut in _CUTS:
        record = cut(record)
        if fits(record):
            break
    return record, True


def _encode_value(value: Any) -> FieldValue:
    if value is None:
        return FieldValue(null=True)
    if isinstance(value, bool):
        return FieldValue(flag=value)
    if isinstance(value, int) and value in _SINT64:
        return FieldValue(integer=value)
    if isinstance(value, float):
        return FieldValue(number=value)
    if isinstance(value, str):
        return FieldValue(text=value)
    return FieldValue(json=json.dumps(value))


def _decode_value(value: FieldValue) -> Any:
    kind = value.WhichOneof("kind")
    if kind is None or kind == "null":
        return None
    if kind == "json":
        return json.loads(value.json)
    return getattr(value, kind)


def _clip_bytes(text: str, limit: int, *, tail: bool = False) -> str:
    """At most *limit* bytes of *text* in UTF-8, an ellipsis included when it was cut."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    room = max(limit - len("…".encode()), 0)
    if tail:
        return "…" + raw[len(raw) - room :].decode(errors="ignore")
    return raw[:room].decode(errors="ignore") + "…"


def _clip_texts(fields: Mapping[str, Any], limit: int) -> Record:
    return {
        name: _clip_bytes(value, limit, tail=name in _KEPT_FROM_THE_END) if isinstance(value, str) else value
        for name, value in fields.items()
    }


def _bound(value: Any) -> Any:
    """Cut what cannot fit in any case, so that measuring the rest takes no time.

    Both ends stay, because some texts and lists matter from the end.
    """
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT else value[: _MAX_TEXT // 2] + value[-_MAX_TEXT // 2 :]
    if isinstance(value, list):
        ends = value if len(value) <= _MAX_ITEMS else value[: _MAX_ITEMS // 2] + value[-_MAX_ITEMS // 2 :]
        return [_bound(item) for item in ends]
    if isinstance(value, dict):
        return {name[:_MAX_NAME]: _bound(item) for name, item in islice(value.items(), _MAX_ITEMS)}
    return value


def _with_evidence(record: Record, change: Callable[[Record], Record]) -> Record:
    evidence = record["fields"].get("evidence")
    if not evidence:
        return record
    return {**record, "fields": {**record["fields"], "evidence": change(evidence)}}


def _cut_evidence_lines(record: Record) -> Record:
    def last_few(evidence: Record) -> Record:
        lines = {name: [_clip_bytes(line, 120) for line in evidence.get(name, ())[-3:]] for name in _LINES}
        return {**evidence, **{name: kept for name, kept in lines.items() if kept}}

    return _with_evidence(record, last_few)


def _cut_long_texts(record: Record) -> Record:
    return {
        **record,
        "message": _clip_bytes(record["message"], 800),
        "fields": _clip_texts(record["fields"], 400),
    }


def _drop_evidence_lines(record: Record) -> Record:
    return _with_evidence(
        record, lambda evidence: {name: value for name, value in evidence.items() if name not in _LINES}
    )


def _drop_details(record: Record) -> Record:
    return {**record, "details": {}}


def _cut_near_misses(record: Record) -> Record:
    fields = record["fields"]
    if not fields.get("candidates"):
        return record
    kept = [_clip_texts(candidate, 120) for candidate in fields["candidates"][:2]]
    return {**record, "fields": {**fields, "candidates": kept}}


def _cut_tips(record: Record) -> Record:
    return {**record, "tips": [_clip_bytes(tip, 160) for tip in record["tips"][:3]]}


def _keep_the_core(record: Record) -> Record:
    fields = {name: value for name, value in _clip_texts(record["fields"], 80).items() if _is_scalar(value)}
    evidence = record["fields"].get("evidence") or {}
    # A few bytes that lead to all that was cut.
    artifacts = {name: evidence[name] for name in ARTIFACTS if name in evidence}
    if artifacts and len(str(artifacts)) < _MAX_ARTIFACTS:
        fields["evidence"] = artifacts
    core = {
        name: _clip_bytes(record[name] or "", 64) or None
        for name in ("request_id", "idempotency_key", "agent_id")
    }
    return {
        **record,
        **core,
        "message": _clip_bytes(record["message"], 200),
        "tips": [_clip_bytes(tip, 100) for tip in record["tips"][:1]],
        "fields": fields,
        "details": {},
    }


def _is_scalar(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, bool | float | str)
        or (isinstance(value, int) and value in _SINT64)
    )


_CUTS: Final[tuple[Callable[[Record], Record], ...]] = (
    _cut_evidence_lines,
    _cut_long_texts,
    _drop_evidence_lines,
    _drop_details,
    _cut_near_misses,
    _cut_tips,
    _keep_the_core,
)
