"""What went wrong in the browser."""

from __future__ import annotations

import builtins
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions import tips
from cmdop_browser.exceptions.base import CMDOPError, LongText, error, error_from_dict, one_of, parsed
from cmdop_browser.exceptions.causes import CloseReason, ElementCause, NavigationCause, Outcome
from cmdop_browser.exceptions.evidence import ARTIFACTS, Candidate, Evidence
from cmdop_browser.exceptions.text import quote, seconds

if TYPE_CHECKING:
    from cmdop_browser.exceptions.artifacts import Origin

_TRANSIENT_NAVIGATION: Final = frozenset(
    {
        NavigationCause.DNS,
        NavigationCause.REFUSED,
        NavigationCause.RESET,
        NavigationCause.UNREACHABLE,
        NavigationCause.EMPTY_RESPONSE,
        NavigationCause.TIMEOUT_CONNECT,
        NavigationCause.TIMEOUT_RESPONSE,
        NavigationCause.TIMEOUT_LOAD,
        NavigationCause.BODY_CORRUPT,
        NavigationCause.PROXY,
        NavigationCause.INTERRUPTED,
        NavigationCause.HUNG,
        NavigationCause.OFFLINE,
    }
)
_TRANSIENT_ELEMENT: Final = frozenset({ElementCause.PAGE_LOADING, ElementCause.MOVING, ElementCause.DETACHED})
_NAVIGATION_STATUS: Final = {
    NavigationCause.INVALID_URL: 400,
    NavigationCause.UNSUPPORTED_SCHEME: 400,
    NavigationCause.BLOCKED_BY_POLICY: 403,
    NavigationCause.AUTH_REQUIRED: 401,
    NavigationCause.TIMEOUT_CONNECT: 504,
    NavigationCause.TIMEOUT_RESPONSE: 504,
    NavigationCause.TIMEOUT_LOAD: 504,
}


def any_cause(value: Any) -> ElementCause | NavigationCause | None:
    """Parse a cause where either kind may stand."""
    if value is None:
        return None
    return NavigationCause(value) if value in NavigationCause.__members__ else ElementCause(value)


@error("BROWSER_ERROR", http_status=500, summary="The browser reported a problem.")
class BrowserError(CMDOPError):
    """Something went wrong in the browser.

    Attributes:
        session_id: The session it happened in.
        action: The call: ``navigate``, ``click``, ….
        cause: Why, from a closed list.
        evidence: What was seen at that moment.
    """

    session_id: str | None = None
    action: str | None = None
    cause: ElementCause | NavigationCause | None = parsed(any_cause, default=None)
    evidence: Evidence = parsed(Evidence.parse, default=None)

    def came_from(self, origin: Origin) -> None:
        """Note where the error came from, and that its artifacts are to be had there."""
        super().came_from(origin)
        self.evidence = self.evidence.fetched_from(origin)

    def fetch_evidence(self) -> Evidence:
        """Fetch all that the agent keeps of this failure, into this error.

        Long texts that were cut on the way are whole afterwards, and the screenshot and
        the HTML are with the error, also when it is pickled.

        Raises:
            AgentOfflineError: The agent has ended, and what it kept is gone.
            FileNotFoundError: The agent does not keep it any more.
            ConnectionTimeoutError: The agent does not answer.
        """
        self.fetch_record()
        for artifact in (self.evidence.screenshot, self.evidence.html):
            if artifact is not None:
                artifact.read()
        return self.evidence

    def fetch_record(self) -> None:
        """Fetch the texts that were cut on the way, into this error.

        Raises:
            CMDOPError: As `fetch_evidence`.
        """
        kept = self.evidence.record
        if kept is None or kept.fetched:
            return
        whole = error_from_dict(json.loads(kept.read()))
        if not isinstance(whole, type(self)):
            return
        artifacts = {name: getattr(self.evidence, name) for name in ARTIFACTS}
        uncut = {"message": whole.message, "tips": whole.tips, **whole.fields()}
        for name, value in uncut.items():
            if value:
                setattr(self, name, value)
        self.details = whole.details  # without the word that something was cut
        self.evidence = replace(whole.evidence, **artifacts)
        self.args = (self.message,)

    def _compose(self) -> str:
        why = f": {tips.phrase(self.cause)}" if self.cause else ""
        return f"{self.action or 'the call'} failed{why}"


@error("BROWSER_SESSION_CLOSED", http_status=503, summary="The browser session ended.")
class BrowserSessionClosedError(BrowserError):
    """The session is gone; a new one is needed.

    Attributes:
        error_detail: The long text.
        reason: Why it ended.
        last_action: The call that ran when it ended.
        outcome: What became of that call; None when none ran.
    """

    _may_have_run = True

    error_detail: LongText = LongText()
    reason: CloseReason | None = parsed(one_of(CloseReason), default=None)
    last_action: str | None = None
    outcome: Outcome | None = parsed(one_of(Outcome), default=None)

    def _compose(self) -> str:
        name = f"session {quote(self.session_id)}" if self.session_id else "the session"
        return f"{name} is closed" + (f": {tips.phrase(self.reason)}" if self.reason else "")

    def _may_pass(self) -> bool:
        return self.reason is not CloseReason.CLOSED_BY_CALLER

    def _of_a_read(self) -> bool:
        return tips.is_read(self.action or self.last_action)

    def _default_tips(self) -> tuple[str, ...]:
        return tips.after_close(self.reason, self.outcome, self.last_action)


@error("BROWSER_NAVIGATION_FAILED", http_status=503, summary="The page could not be loaded.")
class BrowserNavigationError(BrowserError):
    """No document arrived, or not the whole of it.

    Attributes:
        url: What was asked for, credentials masked.
        error_detail: The long text.
        cause: Why.
    """

    url: str | None = None
    error_detail: LongText = LongText()
    cause: NavigationCause | None = parsed(one_of(NavigationCause), default=None)

    def _compose(self) -> str:
        target = f" to {quote(self.url)}" if self.url is not None else ""
        why = f": {tips.phrase(self.cause)}" if self.cause else ""
        return f"{self.action or 'navigate'}{target} failed{why}"

    def _complete(self) -> None:
        if self.cause in _NAVIGATION_STATUS:
            self.__dict__["http_status"] = _NAVIGATION_STATUS[self.cause]

    def _may_pass(self) -> bool:
        return self.cause in _TRANSIENT_NAVIGATION

    def _default_tips(self) -> tuple[str, ...]:
        return tips.for_navigation(self.cause)


def _candidates(value: Any) -> tuple[Candidate, ...]:
    return tuple(Candidate.parse(candidate) for candidate in value or ())


@error("BROWSER_ELEMENT_NOT_FOUND", http_status=404, summary="Something expected on the page was not there.")
class BrowserElementNotFoundError(BrowserError):
    """An element was not there, or not in a state to be acted on.

    Attributes:
        selector: What was looked for.
        cause: Why it could not be used.
        matches: How many elements the selector matched; None when not counted.
        candidates: Selectors near it that do match, best first.
        outcome: What became of the call: an act may have had its effect before it failed.
    """

    selector: str | None = None
    cause: ElementCause | None = parsed(one_of(ElementCause), default=None)
    matches: int | None = None
    candidates: tuple[Candidate, ...] = parsed(_candidates, default=())
    outcome: Outcome | None = parsed(one_of(Outcome), default=None)

    def _compose(self) -> str:
        target = f" {quote(self.selector)}" if self.selector is not None else ""
        why = f": {tips.phrase(self.cause)}" if self.cause else ""
        return f"{self.action or 'finding'}{target} failed{why}"

    def _may_pass(self) -> bool:
        return self.cause in _TRANSIENT_ELEMENT

    def _of_a_read(self) -> bool:
        return tips.is_read(self.action)

    def _default_tips(self) -> tuple[str, ...]:
        return tips.for_element(self.cause, self.matches, self.candidates)


@error("BROWSER_TIMEOUT", http_status=504, retryable=True, summary="The page did not get there in time.")
class BrowserTimeoutError(BrowserError, builtins.TimeoutError):
    """The browser needed longer than the call allowed.

    Attributes:
        timeout_seconds: What the caller allowed.
        outcome: What became of the call; None when it was a mere wait.
    """

    _may_have_run = True

    timeout_seconds: float | None = None
    outcome: Outcome | None = parsed(one_of(Outcome), default=None)

    def _compose(self) -> str:
        limit = f"within {seconds(self.timeout_seconds)}" if self.timeout_seconds is not None else "in time"
        return f"{self.action or 'the call'} was not done {limit}"

    def _of_a_read(self) -> bool:
        return tips.is_read(self.action)

    def _default_tips(self) -> tuple[str, ...]:
        if self.outcome is Outcome.EXECUTED:
            return ("it did happen, only its effect is still loading: do not repeat it, wait for its result",)
        if self.outcome is Outcome.UNKNOWN:
            return ("look at the page before repeating: it may have happened",)
        return ("allow more time: timeout=…",)


@error("BROWSER_SCRIPT_ERROR", http_status=500, summary="A script failed in the page.")
class BrowserScriptError(BrowserError):
    """JavaScript of the caller threw, or could not be run.

    Attributes:
        script_message: What it said.
        stack: Where, as the browser tells it.
    """

    script_message: str | None = None
    stack: str | None = None

    def _compose(self) -> str:
        return f"{self.action or 'evaluate'} failed" + (
            f": {self.script_message}" if self.script_message else ""
        )
