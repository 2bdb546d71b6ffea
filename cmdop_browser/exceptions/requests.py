"""What was asked for cannot be done as asked."""

from __future__ import annotations

import builtins
from typing import Any, Final

from cmdop_browser.exceptions.base import CMDOPError, error, parsed, wait
from cmdop_browser.exceptions.plain import clip, plain
from cmdop_browser.exceptions.redact import MASK, is_sensitive_name
from cmdop_browser.exceptions.text import seconds

_MAX_VALUE: Final = 500


def argument(value: Any) -> Any:
    """Parse an argument for show: JSON values, texts short enough to print."""
    shown = plain(value)
    text = shown if isinstance(shown, str) else repr(shown)
    return shown if len(text) <= _MAX_VALUE else clip(text, _MAX_VALUE)


@error("EXECUTION_FAILED", http_status=500, summary="A command failed.")
class ExecutionError(CMDOPError):
    """A command ran and failed.

    Attributes:
        exit_code: What it ended with.
        stdout: What it wrote.
        stderr: What it complained about.
        command: What was run.
    """

    exit_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None
    command: str | None = None

    def _compose(self) -> str:
        subject = repr(clip(self.command, 200)) if self.command else "the command"
        return f"{subject} failed" + (
            f" with exit code {self.exit_code}" if self.exit_code is not None else ""
        )


@error("BAD_REQUEST", http_status=400, summary="The call was made with an argument that cannot work.")
class BadRequestError(CMDOPError, builtins.ValueError):
    """An argument cannot work, whatever the page.

    Attributes:
        field: The argument.
        value: What was given, reduced to what JSON can hold.
    """

    field: str | None = None
    value: Any = parsed(argument, default=None)

    def _complete(self) -> None:
        if self.field is not None and is_sensitive_name(self.field) and self.value is not None:
            self.value = MASK

    def _compose(self) -> str:
        if self.field is None:
            return "an argument cannot work"
        shown = MASK if is_sensitive_name(self.field) else clip(repr(self.value), 200)
        return f"{self.field}={shown} cannot work"

    def _default_tips(self) -> tuple[str, ...]:
        return (f"nothing was done: correct {self.field or 'the argument'} and make the call again",)


@error("CONFLICT", http_status=409, summary="The call conflicts with another one.")
class ConflictError(CMDOPError):
    """Something else got there first."""


@error("IDEMPOTENCY_MISMATCH", http_status=409, summary="The call was repeated with other arguments.")
class IdempotencyMismatchError(ConflictError):
    """An idempotency key was used again for something else."""

    def _default_tips(self) -> tuple[str, ...]:
        return ("a key stands for one call: leave it out, or make a new one",)


@error("CONFIGURATION_ERROR", http_status=400, summary="The configuration is not valid.")
class ConfigurationError(CMDOPError):
    """A setting cannot work.

    Attributes:
        setting: Its name.
        source: The file, or the environment variable, that it came from.
    """

    setting: str | None = None
    source: str | None = None

    def _compose(self) -> str:
        what = f"setting {self.setting!r} is not valid" if self.setting else "the configuration is not valid"
        return what + (f" (from {self.source})" if self.source else "")


@error("RATE_LIMITED", http_status=429, retryable=True, summary="Too many calls in a short time.")
class RateLimitError(CMDOPError):
    """A limit on calls was reached.

    Attributes:
        retry_after_seconds: When to come back.
        limit: How many calls are allowed.
        remaining: How many are left.
    """

    retry_after_seconds: float | None = parsed(wait, default=None)
    limit: int | None = None
    remaining: int | None = None

    def _compose(self) -> str:
        after = (
            f", again in {seconds(self.retry_after_seconds)}" if self.retry_after_seconds is not None else ""
        )
        return f"too many calls{after}"
