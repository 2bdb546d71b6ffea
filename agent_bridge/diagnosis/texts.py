"""What Playwright wrote, made fit to show: bounded, without colours, logs or secrets."""

from __future__ import annotations

import re

from cmdop_browser.exceptions.redact import redact

# Playwright echoes a URL of 3 MB twice; nobody reads beyond this.
MAX_TEXT = 1000
MAX_LOG_LINES = 30
MAX_LOG_LINE = 300

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_API_PREFIX = re.compile(r"^[A-Z]\w+\.\w+: ")
_LOG_BULLET = re.compile(r"^\s*-?\s*")


def first_sentence(text: str) -> str:
    """Return the message without its prefix, call log and browser log."""
    text = _ANSI.sub("", text)
    for marker in ("\nCall log:", "Call log:", "Browser logs:"):
        text = text.partition(marker)[0]
    text = _API_PREFIX.sub("", text.strip()).strip()
    return shorten(redact(text))


def call_log(text: str) -> tuple[str, ...]:
    """Return the lines of the call log, without bullets and repetition markers."""
    _, found, tail = _ANSI.sub("", text).partition("Call log:")
    if not found:
        return ()
    lines = [_LOG_BULLET.sub("", line) for line in tail.partition("Browser logs:")[0].splitlines()]
    return tuple(shorten(redact(line), MAX_LOG_LINE) for line in lines if line)[:MAX_LOG_LINES]


def shorten(text: str, limit: int = MAX_TEXT) -> str:
    """Return *text*, cut to *limit* characters with a mark where it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
