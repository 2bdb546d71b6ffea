"""The agent's log: one line for each event, with the ids of what it is about.

Everything goes through the standard library's loggers, because gRPC, asyncio,
Playwright and the warnings of Python do so anyway.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from agent_bridge.observation.subject import current_subject
from cmdop_browser.exceptions.redact import redact
from cmdop_browser.wire.rendezvous import LARGEST_LOG, open_log

if TYPE_CHECKING:
    from pathlib import Path

    from cmdop_browser.settings import Settings

FIELDS: Final = "fields"
"""Under this name the ``extra`` of a log call carries further fields of its line."""

_SESSION_ID: Final = re.compile(r"s-[0-9a-f]{16}")
_MAX_EVENT: Final = 4_000
# From the end: the error itself comes last.
_MAX_TRACEBACK: Final = 16_000
_STDOUT, _STDERR = 1, 2


class JsonFormatter(logging.Formatter):
    """One JSON object a line; ASCII only, so that no line break can be in it but the last."""

    def __init__(self, **always: str) -> None:
        """Make one whose every line has *always* in it."""
        super().__init__()
        self.always = always

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        fields: dict[str, Any] = {
            "time": _when(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage()[:_MAX_EVENT],
            **self.always,
            **_ids(record),
            **getattr(record, FIELDS, {}),
        }
        if text := _traceback(self, record):
            fields["exception"] = text
        return json.dumps(fields, default=str)


class TextFormatter(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end; a traceback follows in lines of its own."""
        fields = {**_ids(record), **getattr(record, FIELDS, {})}
        rest = " ".join(f"{name}={value}" for name, value in fields.items())
        line = f"{_when(record)} {record.levelname} {record.name}: {record.getMessage()[:_MAX_EVENT]}"
        line += f" [{rest}]" if rest else ""
        text = _traceback(self, record)
        return f"{line}\n{text}" if text else line


class LogHandler(logging.Handler):
    """Writes lines to stderr: whole ones or none, and into a file that never grows beyond its limit.

    A full disk takes lines away, and nothing else: how many is said when there is room again.

    Attributes:
        problem: Why the last line could not be written; empty when it could.
        lost: How many lines were not written, in all.
    """

    def __init__(self, file: Path | None = None, *, largest: int = LARGEST_LOG) -> None:
        """Make a handler.

        Args:
            file: What stderr leads to, if that is a file that may be set aside.
            largest: Bytes after which it is.
        """
        super().__init__()
        self.problem = ""
        self.lost = 0
        self._unsaid = 0
        self._file = file
        self._largest = largest

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line of *record*."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 -- a wrong log call is a defect that must not take its caller down
            self.handleError(record)
            return
        self.set_aside_when_large()
        try:
            if self._unsaid:
                self._say_what_was_lost(record)
            _write_whole(line.encode("utf-8", "backslashreplace") + b"\n")
        except OSError as error:
            self.problem = os.strerror(error.errno) if error.errno else str(error)
            self.lost += 1
            self._unsaid += 1
        else:
            self.problem = ""

    def set_aside_when_large(self) -> None:
        """Begin a new file where this one has grown large, or somebody has set it aside."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # then the old one goes on, and the next line tries again
            status = os.fstat(_STDERR)
            if status.st_size < self._largest and _is_at(status, self._file):
                return
            fresh = open_log(self._file)
            # Browsers that are started from now on write there, too.
            os.dup2(fresh, _STDERR)
            os.dup2(fresh, _STDOUT)
            os.close(fresh)

    def _say_what_was_lost(self, record: logging.LogRecord) -> None:
        text = f"{self._unsaid} lines before this one were lost: {self.problem}"
        about = logging.LogRecord(__name__, logging.WARNING, "", 0, text, None, None)
        about.created, about.msecs = record.created, record.msecs
        _write_whole(self.format(about).encode() + b"\n")
        self._unsaid = 0


def set_up(settings: Settings, *, agent: str | None, file: Path | None = None) -> LogHandler:
    """Have everything logged to stderr from now on.

    Args:
        settings: Which lines, and in what form.
        agent: The agent's name; None for a command that a person waits for, and reads.
        file: See `LogHandler`.
    """
    handler = LogHandler(file)
    as_json = agent is not None and resolved_format(settings) == "json"
    handler.setFormatter(JsonFormatter(agent=agent or "") if as_json else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    # It says several times a call which event loop it runs in.
    logging.getLogger("grpc").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    return handler


def name_instance(agent: str, instance_id: str) -> None:
    """Have the instance's id in every line from now on."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JsonFormatter):
            handler.setFormatter(JsonFormatter(agent=agent, instance_id=instance_id))


def word() -> str:
    """What a program that this one starts has to be told to log in the same form, by `set_up_alike`."""
    handler = current_handler()
    formatter = handler.formatter if handler is not None else None
    return json.dumps(formatter.always) if isinstance(formatter, JsonFormatter) else ""


def set_up_alike(word: str) -> None:
    """Have everything logged to stderr as the program does from which *word* came."""
    handler = LogHandler()
    handler.setFormatter(JsonFormatter(**json.loads(word)) if word else TextFormatter())
    logging.getLogger().handlers[:] = [handler]


def current_handler() -> LogHandler | None:
    """What `set_up` has set up; None in a process that logs otherwise."""
    return next((each for each in logging.getLogger().handlers if isinstance(each, LogHandler)), None)


def resolved_format(settings: Settings) -> str:
    """The form of the lines: ``text`` or ``json``."""
    if settings.log_format != "auto":
        return settings.log_format
    return "text" if sys.stderr.isatty() else "json"


def _when(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _ids(record: logging.LogRecord) -> dict[str, str]:
    """The ids of what *record* is about: what it names itself, else what its task is about."""
    subject = current_subject.get()
    found = {}
    if subject is not None and subject.call.request_id:
        # What goes on after a call has ended is a consequence of it, but no part.
        found["caused_by" if subject.is_over else "request_id"] = subject.call.request_id[:64]
    named = _named_session(record)
    session_id = named or (subject.session_id if subject is not None else "")
    if _SESSION_ID.fullmatch(session_id):
        found["session_id"] = session_id
    if subject is not None and subject.call.client_id:
        found["client_id"] = subject.call.client_id[:64]
    return found


def _named_session(record: logging.LogRecord) -> str:
    arguments = record.args if isinstance(record.args, tuple) else ()
    return next((each for each in arguments if isinstance(each, str) and _SESSION_ID.fullmatch(each)), "")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """The traceback, without what looks like a secret: texts of foreign errors hold anything."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return redact(formatter.formatException(record.exc_info)[-_MAX_TRACEBACK:])


def _is_at(status: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(status, path.stat())
    except FileNotFoundError:
        return False


def _write_whole(line: bytes) -> None:
    """Write *line*, or nothing of it where a file takes only its beginning.

    Raises:
        OSError: It was not written.
    """
    written = os.write(_STDERR, line)
    while written < len(line):
        try:
            written += os.write(_STDERR, line[written:])
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                _take_back(written)
            raise


def _take_back(count: int) -> None:
    """Cut the last *count* bytes off the file, unless somebody wrote behind them."""
    with contextlib.suppress(OSError):
        end = os.lseek(_STDERR, 0, os.SEEK_CUR)
        if os.fstat(_STDERR).st_size == end:
            os.ftruncate(_STDERR, end - count)
