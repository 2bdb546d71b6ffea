"""Sessions as the agent's pool knows them."""

from __future__ import annotations

from cmdop_browser.exceptions import tips
from cmdop_browser.exceptions.base import CMDOPError, error, parsed
from cmdop_browser.exceptions.causes import Outcome
from cmdop_browser.exceptions.text import quote


@error("SESSION_ERROR", http_status=409, summary="The browser session is in no state for this call.")
class SessionError(CMDOPError):
    """Something is wrong with a session.

    Attributes:
        session_id: The session.
    """

    session_id: str | None = None

    def _sentence(self, what: str) -> str:
        return f"session {quote(self.session_id)} {what}" if self.session_id else f"the session {what}"

    def _compose(self) -> str:
        return self._sentence("is in no state for this call")


@error("SESSION_NOT_FOUND", http_status=404, summary="There is no such browser session.")
class SessionNotFoundError(SessionError):
    """No session has that id or name."""

    def _compose(self) -> str:
        return self._sentence("does not exist")

    def _default_tips(self) -> tuple[str, ...]:
        return ("client.browser.list_sessions() shows those there are",)


@error("SESSION_EXISTS", http_status=409, summary="A browser session of that name exists already.")
class SessionExistsError(SessionError):
    """The name is taken."""

    def _compose(self) -> str:
        return self._sentence("exists already")

    def _default_tips(self) -> tuple[str, ...]:
        return ("client.browser.get_session(name) joins it",)


@error("SESSION_CLOSED", http_status=409, summary="The browser session is closed.")
class SessionClosedError(SessionError):
    """The session was closed before the call."""

    def _compose(self) -> str:
        return self._sentence("is closed")


@error("SESSION_INTERRUPTED", http_status=503, retryable=True, summary="The call was interrupted.")
class SessionInterruptedError(SessionError):
    """The call was cut off, and what became of it is not certain.

    Attributes:
        outcome: ``not_executed`` when it had no effect; repeating is safe then, and all that is to be done
            where ``retryable`` is True. Else ``unknown``.
        last_action: The call that was cut off.
    """

    outcome: Outcome = parsed(Outcome, default=Outcome.UNKNOWN)
    last_action: str | None = None

    def _compose(self) -> str:
        subject = self.last_action or "the call"
        if self.outcome is Outcome.NOT_EXECUTED:
            return f"{subject} was interrupted before it ran"
        return f"{subject} was interrupted; whether it happened is not known"

    def _of_a_read(self) -> bool:
        return tips.is_read(self.last_action)

    def _default_tips(self) -> tuple[str, ...]:
        if self.outcome is Outcome.NOT_EXECUTED:
            return ("it had no effect: repeating is safe",)
        if self.safe_to_repeat:
            return ("repeating is safe: it changes nothing",)
        return ("look at the page before repeating: it may have happened",)
