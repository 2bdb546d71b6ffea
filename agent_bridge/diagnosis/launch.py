"""Why a browser did not start, from what Playwright quotes of its output."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import Final

from agent_bridge.diagnosis import texts

_INSTALL: Final = "install a browser that works here: cmdop-browser install"
_DOCTOR: Final = "run: cmdop-browser doctor"

_LIBRARY: Final = re.compile(r"error while loading shared libraries: ([^\s:]+)")
_AS_ROOT: Final = "Running as root without --no-sandbox is not supported"
_SANDBOX: Final = re.compile(r"Chromium sandboxing failed|No usable sandbox")
_ENDED: Final = re.compile(r"<process did exit: exitCode=(?:(\d+)|null), signal=(\w+)>")
_SAID: Final = re.compile(r"\[pid=\d+\]\[err\] (?:\[[^\]]*\] )?(.+)")


@dataclass(frozen=True, slots=True)
class LaunchFailure:
    """Why a browser did not start, and what helps.

    Attributes:
        reason: Why.
        tips: What helps.
        is_lasting: Whether it is sure to be the same the next time.
    """

    reason: str
    tips: tuple[str, ...] = (_DOCTOR, _INSTALL)
    is_lasting: bool = False


def as_root(command: str) -> str:
    """How this user runs *command* as root."""
    return command if os.geteuid() == 0 else f"sudo {command}"


def launch_failure(message: str) -> LaunchFailure:
    """Read the message of the error that Playwright raised."""
    if found := _LIBRARY.search(message):
        command = as_root(f"{sys.executable} -m playwright install-deps chromium")
        return LaunchFailure(
            f"the library {found[1]} is missing",
            (f"install what is missing: {command}", _INSTALL),
            is_lasting=True,
        )
    if _AS_ROOT in message:
        return LaunchFailure(
            "Chromium's sandbox does not work for root",
            ("run as another user", "or let the setting sandbox be auto or off (CMDOP_SANDBOX)"),
            is_lasting=True,
        )
    if _SANDBOX.search(message):
        return LaunchFailure(
            "Chromium's sandbox is not allowed here",
            ("allow unprivileged user namespaces", "or do without: CMDOP_SANDBOX=off"),
            is_lasting=True,
        )
    if said := _SAID.findall(message):
        return LaunchFailure(f"it said: {said[-1][:200]}")
    if ended := _ENDED.search(message):
        code, signal = ended.groups()
        return LaunchFailure(f"it ended with exit code {code}" if code else f"it was ended by {signal}")
    return LaunchFailure(texts.first_sentence(message))
