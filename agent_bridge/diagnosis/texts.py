"""What Playwright wrote, made fit to show: bounded, without colours, logs or secrets."""

from __future__ import annotations

import re

from cmdop_browser.exceptions.redact import redact

MAX_TEXT = 1000
MAX_URL = 300
# Playwright echoes a selector or URL of megabytes, several times. No pattern is
# searched in that: the agent would stand still for minutes.
_MAX_LINE = 1000
_MAX_LINES = 200
_MAX_REDACTED = 10_000
MAX_LOG_LINES = 30
MAX_LOG_LINE = 300

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_API_PREFIX = re.compile(r"^[A-Z]\w+\.\w+: ")
_WELL_FORMED = re.compile(r"[A-Za-z][\w+.-]*://[^\s/?#]*(?:[/?#]|$)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
# Of a URL that is not well formed nobody knows where a user and password end but at an @.
_UP_TO_USERINFO = re.compile(r"^[^?#]*@")
# What was to be typed may be a password.
_TYPED = re.compile(r"^(fill|type)\(\".*")
_LOG_BULLET = re.compile(r"^\s*-?\s*")


def bounded(text: str) -> str:
    """Return *text* with long lines and many lines cut: what every other function expects."""
    return "\n".join(line[:_MAX_LINE] for line in text.split("\n", _MAX_LINES)[:_MAX_LINES])


def first_sentence(text: str) -> str:
    """Return the message without its prefix, call log and browser log."""
    text = _ANSI.sub("", bounded(text))
    for marker in ("\nCall log:", "Call log:", "Browser logs:"):
        text = text.partition(marker)[0]
    text = _API_PREFIX.sub("", text.strip()).strip()
    return shorten(redact(text))


def call_log(text: str) -> tuple[str, ...]:
    """Return the lines of the call log, without bullets and repetition markers."""
    _, found, tail = _ANSI.sub("", bounded(text)).partition("Call log:")
    if not found:
        return ()
    lines = [_LOG_BULLET.sub("", line) for line in tail.partition("Browser logs:")[0].splitlines()]
    lines = [_TYPED.sub(r"\1(***)", line) for line in lines]
    return tuple(shorten(redact(line), MAX_LOG_LINE) for line in lines if line)[:MAX_LOG_LINES]


def shorten(text: str, limit: int = MAX_TEXT) -> str:
    """Return *text*, cut to *limit* characters with a mark where it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def shown_url(url: str) -> str:
    """Return *url* fit for a message: without credentials, and short."""
    # The credentials stand at the front: what is cut off first is none of them.
    url = url[:_MAX_REDACTED]
    if not _WELL_FORMED.match(url):
        url = _UP_TO_USERINFO.sub("***@", url)
    # A line of its own within a URL would read as a line of the message.
    return shorten(_CONTROLS.sub(lambda found: f"%{ord(found[0]):02X}", redact(url)), MAX_URL)
