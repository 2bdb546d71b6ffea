"""What the exit codes of ``cmdop-browser`` mean."""

from __future__ import annotations

import enum
from typing import Final

from cmdop_browser import exceptions


class ExitCode(enum.IntEnum):
    """The exit codes; the agent's own are the same where they overlap."""

    OK = 0
    FAILED = 1  # the work failed, or doctor found a problem
    USAGE = 2  # the command line or a setting is wrong; nothing was done
    ALREADY_RUNNING = 3  # another of that name holds the lock
    AGENT_NOT_STARTED = 4  # no agent could be started, or it has no browser to run
    NO_ROWS = 5  # the recipe went through and yielded nothing
    CRASH_LOOP = 6  # a supervised agent crashed again and again, and its supervisor gave up
    INTERRUPTED = 130  # Ctrl-C or SIGTERM


class UsageError(exceptions.BadRequestError):
    """What was typed cannot be done as it stands; nothing was done."""


class NoRowsError(exceptions.ExecutionError):
    """A recipe went through and yielded nothing, which is rarely what is meant."""


class InterruptedCommandError(exceptions.ExecutionError):
    """Ctrl-C or SIGTERM ended a command before it was done."""

    def _compose(self) -> str:
        return "the command was interrupted by Ctrl-C or SIGTERM"


# Looked up in this order; every other error is a failure of the work.
_BY_CLASS: Final[tuple[tuple[type[exceptions.CMDOPError], ExitCode], ...]] = (
    (UsageError, ExitCode.USAGE),
    (exceptions.ConfigurationError, ExitCode.USAGE),
    (NoRowsError, ExitCode.NO_ROWS),
    (InterruptedCommandError, ExitCode.INTERRUPTED),
    (exceptions.AgentExistsError, ExitCode.ALREADY_RUNNING),
    (exceptions.AgentStartError, ExitCode.AGENT_NOT_STARTED),
    (exceptions.BrowserNotInstalledError, ExitCode.AGENT_NOT_STARTED),
)


def exit_code_of(error: exceptions.CMDOPError) -> ExitCode:
    """The exit code that tells a script what kind of failure *error* is."""
    for cls, code in _BY_CLASS:
        if isinstance(error, cls):
            return code
    return ExitCode.FAILED
