"""What is said when a browser does not start, or refuses to open a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.diagnosis import texts
from cmdop_browser.exceptions import (
    BadRequestError,
    BrowserError,
    BrowserNotInstalledError,
    BrowserSessionClosedError,
    CloseReason,
    Outcome,
)

if TYPE_CHECKING:
    from playwright.async_api import Error as PlaywrightError

    from agent_bridge.diagnosis.launch import LaunchFailure


def cannot_start(executable: str, failure: LaunchFailure) -> BrowserNotInstalledError:
    """Return the error of a browser that does not start."""
    return BrowserNotInstalledError(
        f"the browser {executable} cannot be started: {failure.reason}",
        backend="chromium",
        install_hint="cmdop-browser install",
        tips=failure.tips,
    )


def never_ready(lost: CloseReason) -> BrowserSessionClosedError:
    """Return the error of a session for which no browser lives long enough to start."""
    what = "driver" if lost is CloseReason.DRIVER_CRASH else "browser"
    return BrowserSessionClosedError(
        f"create_session failed: the {what} ended each time before it was ready",
        reason=lost,
        action="create_session",
        outcome=Outcome.NOT_EXECUTED,
    )


# Which option a refusal of the browser is about, by a word in its text.
_OPTION_WORDS = (
    ("timezone", "timezone"),
    ("locale", "locale"),
    ("proxy", "proxy"),
    ("cookie", "storage_state"),
    ("storage", "storage_state"),
    ("origins", "storage_state"),
    ("header", "headers"),
    ("useragent", "user_agent"),
    ("viewport", "viewport"),
)


def refused(exc: PlaywrightError) -> BrowserError | BadRequestError:
    """Return the error of a page that the browser does not open; it names the option that is to blame."""
    sentence = texts.first_sentence(exc.message)
    for word, option in _OPTION_WORDS:
        if word in sentence.lower():
            return BadRequestError(f"create_session refused {option}: {sentence}", field=option)
    return BrowserError(f"create_session failed: {sentence}", action="create_session")
