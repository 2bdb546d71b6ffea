"""What a client remembers of a session's life."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cmdop_browser.exceptions import BrowserSessionClosedError, CloseReason, Outcome
from cmdop_browser.exceptions.redact import redact

if TYPE_CHECKING:
    from cmdop_browser.exceptions import CMDOPError


class PageState(Protocol):
    """Replies that tell of the page.

    Attributes:
        url: Where it is.
        filled: Whether something is filled in there.
    """

    @property
    def url(self) -> str: ...
    @property
    def filled(self) -> bool: ...


class SessionState(enum.Enum):
    """Where a session is in its life."""

    OPEN = "open"  # as far as the client knows
    CLOSED = "closed"  # the caller is done with it
    LOST = "lost"  # the agent ended it, or is another one now


@dataclass(slots=True)
class Journal:
    """The state of a session and what it did last.

    Attributes:
        session_id: The session.
        last_action: The call that was made last.
        url: The page that was reached last; None before the first.
        navigated: What was last navigated to.
        by_navigation: Whether that led to `url`, and so could again.
        filled: Whether something was filled in there, or may have been, by calls that have ended.
        filling: The calls under way that fill in something.
        reason: Why the session ended; None while it is open.
    """

    session_id: str
    state: SessionState = SessionState.OPEN
    last_action: str | None = None
    url: str | None = None
    navigated: str | None = None
    by_navigation: bool = False
    filled: bool = False
    filling: set[object] = field(default_factory=set)
    reason: CloseReason | None = None

    def acted(self, action: str) -> None:
        """A call is about to be made."""
        self.last_action = action

    def committed(self, page: PageState, *, navigated: str | None = None) -> None:
        """The page is as *page* tells, by navigating to *navigated* if so; called after success only."""
        url, self.filled = page.url, page.filled
        if url:
            self.by_navigation = navigated is not None or (self.by_navigation and url == self.url)
            self.navigated = navigated or self.navigated
            self.url = url

    def shown_url(self) -> str:
        """The page's URL, fit to be shown."""
        return redact(self.url or "about:blank")

    def closed(self) -> bool:
        """The caller is done; False when the session had ended before."""
        if self.state is not SessionState.OPEN:
            return False
        self.state, self.reason = SessionState.CLOSED, CloseReason.CLOSED_BY_CALLER
        return True

    def lost(self, reason: CloseReason | None) -> None:
        """The agent ended the session, unless the caller did before."""
        if self.state is SessionState.OPEN:
            self.state, self.reason = SessionState.LOST, reason

    def require_open(self, action: str) -> None:
        """Refuse a call on a session that has ended.

        Raises:
            BrowserSessionClosedError: It has.
        """
        if self.state is not SessionState.OPEN:
            raise BrowserSessionClosedError(
                session_id=self.session_id,
                action=action,
                reason=self.reason,
                last_action=self.last_action,
                outcome=Outcome.NOT_EXECUTED,
            )

    def agent_gone_error(
        self,
        action: str,
        outcome: Outcome,
        lower: CMDOPError | None,
        reason: CloseReason = CloseReason.AGENT_RESTART,
    ) -> BrowserSessionClosedError:
        """The error for a call during which the agent went away, or before which it did."""
        self.lost(reason)
        return BrowserSessionClosedError(
            session_id=self.session_id,
            action=action,
            reason=reason,
            last_action=action,
            outcome=outcome,
            request_id=lower.request_id if lower else None,
            idempotency_key=lower.idempotency_key if lower else None,
            agent_id=lower.agent_id if lower else None,
        )
