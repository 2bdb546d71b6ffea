"""Lines of an agent's log, for people: one JSON object each, or text as it is."""

from __future__ import annotations

import json
from typing import Any, Final

# What a person reads first; the rest follows by name.
_HEAD: Final = ("time", "level", "logger", "event", "exception")
# The same in every line of a log.
_KNOWN: Final = ("agent", "instance_id")


def parse(line: str) -> dict[str, Any] | None:
    """The record that *line* is; None when it is text."""
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "event" in record else None


def as_text(line: str) -> str:
    """*line* as a person reads it."""
    record = parse(line)
    if record is None:
        return line
    head = (
        f"{record.get('time', '')} {str(record.get('level', '')).upper()} {record.get('logger', '')}".strip()
    )
    rest = " ".join(
        f"{name}={value}" for name, value in record.items() if name not in (*_HEAD, *_KNOWN) and value != ""
    )
    text = f"{head}: {record['event']}" + (f" [{rest}]" if rest else "")
    return f"{text}\n{record['exception'].rstrip()}" if record.get("exception") else text
