"""How an error reads: short for tracebacks and logs, long for reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions.plain import clip

if TYPE_CHECKING:
    from cmdop_browser.exceptions.base import CMDOPError
    from cmdop_browser.exceptions.evidence import Evidence

_REPR_LIMIT: Final = 200
_LONG_LIMIT: Final = 4_000
_LINES: Final = 20


def seconds(value: float) -> str:
    """*value* as the messages write times: ``5.0 s``, ``0.25 s``."""
    return f"{value:.1f} s" if value >= 1 or value == 0 else f"{value:.2g} s"


def quote(value: str, limit: int = 200) -> str:
    """*value* in quotes, escaped and short enough for one line."""
    return repr(clip(value, limit))


def short_form(error: CMDOPError) -> str:
    """Message, the page where known, and the tips."""
    lines = [error.message]
    evidence: Evidence | None = getattr(error, "evidence", None)
    if evidence is not None and evidence.page is not None:
        lines.append(f"  page: {evidence.page}")
    if error.tips:
        lines.append("  tips:")
        lines += [f"    - {tip}" for tip in error.tips]
    return "\n".join(lines)


def long_form(error: CMDOPError) -> str:
    """Everything that is known: message, fields, evidence, details, ids and tips."""
    sections = [error.message]
    facts = {name: value for name, value in error.fields().items() if _tells(name, value)}
    facts |= {name: value for name, value in sorted(error.details.items()) if _tells(name, value)}
    sections += [f"  {name}: {_indented(value)}" for name, value in facts.items()]
    evidence: Evidence | None = getattr(error, "evidence", None)
    if evidence:
        sections += _evidence_lines(evidence)
    for name in ("agent_id", "request_id", "idempotency_key"):
        if value := getattr(error, name):
            sections.append(f"  {name}: {value}")
    if error.tips:
        sections += ["  tips:", *(f"    - {tip}" for tip in error.tips)]
    return "\n".join(sections)


def repr_form(error: CMDOPError) -> str:
    """Class, message and the fields that are set."""
    parts = [repr(clip(error.message, _REPR_LIMIT))]
    for name, value in error.fields().items():
        if _tells(name, value):
            parts.append(f"{name}={clip(_short_repr(value), _REPR_LIMIT)}")
    return f"{type(error).__name__}({', '.join(parts)})"


def _tells(name: str, value: Any) -> bool:
    return (
        name not in {"evidence", "candidates", "error_detail"} and value is not None and value not in ((), "")
    )


def _short_repr(value: Any) -> str:
    return repr(str(value)) if isinstance(value, str) else repr(value)


def _indented(value: Any) -> str:
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, tuple):
        value = ", ".join(str(item) for item in value)
    return clip(str(value), _LONG_LIMIT).replace("\n", "\n    ")


def _evidence_lines(evidence: Evidence) -> list[str]:
    lines: list[str] = []
    if evidence.page is not None:
        state = f", {evidence.page.ready_state}" if evidence.page.ready_state else ""
        lines.append(f"  page: {evidence.page}{state}")
    if evidence.candidates:
        lines.append("  near misses:")
        lines += [f"    - {near.selector} ({near.count} matches; {near.why})" for near in evidence.candidates]
    for title, entries in (
        ("call log", evidence.call_log),
        ("console", evidence.console),
        ("failed requests", evidence.failed_requests),
        ("not there", evidence.missing),
    ):
        if entries:
            lines.append(f"  {title}:")
            lines += [f"    - {clip(entry, _REPR_LIMIT)}" for entry in entries[-_LINES:]]
    for name in ("screenshot", "html"):
        if artifact := getattr(evidence, name):
            lines.append(f"  {name}: error.evidence.{name}.read() ({artifact.id})")
    return lines
