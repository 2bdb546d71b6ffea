"""What is to be seen of every call: its line in the log, its figures, its span."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from agent_bridge import __version__
from agent_bridge.observation.log import FIELDS
from agent_bridge.observation.subject import Subject, current_subject
from cmdop_browser.wire import spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_bridge.calls import Call
    from cmdop_browser.exceptions import CMDOPError

log = logging.getLogger(__name__)

OK: Final = "ok"
CANCELLED: Final = "cancelled"
_ENDINGS: Final = {OK: "done", CANCELLED: "cancelled"}
_PACKAGE: Final = "cmdop.browser.v1."
# Held open for as long as the client lives: that it goes is how this ends.
_HELD: Final = frozenset({"AgentService/Attach"})


class Meter(Protocol):
    """Who is told of every call that has ended."""

    def call_ended(self, method: str, outcome: str, seconds: float) -> None:
        """Take note of a call."""


class Observed:
    """One call, while it is observed.

    Attributes:
        outcome: ``ok``, ``cancelled`` or the code of the error that it ends with.
        error: What the caller is told; None unless it failed.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.error: CMDOPError | None = None
        self.outcome = CANCELLED  # nobody waits for it any more, unless something else is said

    def replied(self, reply: object) -> None:
        """Note that the call ended well, with *reply*."""
        self.outcome = OK
        # Who asks for a session learns only from the reply which one it is.
        self._subject.session_id = self._subject.session_id or spans.session_of(reply)

    def failed(self, error: CMDOPError) -> None:
        """Note the error that the call ends with."""
        self.error, self.outcome = error, error.code


class CallObserver:
    """Observes all calls of an agent.

    Attributes:
        meter: Told of each call that ends; None when nobody asks for figures of calls.
    """

    def __init__(self) -> None:
        self.meter: Meter | None = None

    @contextlib.contextmanager
    def observe(self, call: Call, request: object) -> Iterator[Observed]:
        """Observe a call for as long as the block lasts."""
        subject = Subject(call, spans.session_of(request))
        # Not reset at the end: what the task still does is a consequence of this call.
        current_subject.set(subject)
        seen = Observed(subject)
        method = call.method.removeprefix("/").removeprefix(_PACKAGE)
        span = None if method in _HELD else _span(call)
        began = time.monotonic()
        try:
            yield seen
        finally:
            took = time.monotonic() - began
            if method in _HELD and seen.error is None:
                seen.outcome = OK
            _say(method, seen, took)
            if self.meter is not None:
                self.meter.call_ended(method, seen.outcome, took)
            is_cancelled = seen.outcome == CANCELLED
            spans.end(span, error=seen.error, cancelled=is_cancelled, session_id=subject.session_id)
            subject.is_over = True


def _span(call: Call) -> Any:
    return spans.start(
        call.method,
        scope="agent_bridge",
        version=__version__,
        server=True,
        carrier=call.carrier,
        cmdop_client_id=call.client_id,
    )


def _say(method: str, seen: Observed, took: float) -> None:
    level = logging.DEBUG if seen.outcome == OK else logging.INFO
    if not log.isEnabledFor(level):
        return
    fields = {"method": method, "outcome": seen.outcome, "duration": round(took, 4)}
    ending = _ENDINGS.get(seen.outcome, "failed")
    said = f": {seen.error.message}" if seen.error is not None else ""
    log.log(level, "%s %s%s", method, ending, said, extra={FIELDS: fields})
