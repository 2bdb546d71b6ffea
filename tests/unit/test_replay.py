from __future__ import annotations

from typing import Any

import pytest

from cmdop_browser import _methods as methods
from cmdop_browser._replay import InstanceGoneError, Loss, ends_a_fetch, is_read
from cmdop_browser.exceptions import (
    AgentBusyError,
    AgentOfflineError,
    BrowserSessionClosedError,
    CloseReason,
    ConnectionLostError,
    ConnectionTimeoutError,
    Outcome,
    SessionInterruptedError,
)

OF_SESSIONS = {
    name: call
    for name, call in vars(methods).items()
    if isinstance(call, methods.Method)
    and call.service not in {"AgentService", "SessionService", "TransferService"}
}


@pytest.mark.parametrize("name", OF_SESSIONS)
def test_no_act_is_a_read(name: str) -> None:
    # These two are neither: a traversal may send a form again, a fetch has a session of its own.
    neither = name in {"TRAVERSE", "FETCH"}
    assert is_read(OF_SESSIONS[name]) is not (OF_SESSIONS[name].act or neither)


@pytest.mark.parametrize(
    ("error", "loss"),
    [
        (
            SessionInterruptedError(outcome=Outcome.NOT_EXECUTED, details={"epoch": 3}),
            Loss(Outcome.NOT_EXECUTED, 3),
        ),
        (SessionInterruptedError(outcome=Outcome.UNKNOWN, details={"epoch": 2}), Loss(Outcome.UNKNOWN, 2)),
        (SessionInterruptedError(), None),
        (InstanceGoneError(), Loss(Outcome.NOT_EXECUTED)),
        (AgentOfflineError("gone"), Loss(Outcome.NOT_EXECUTED)),
        (ConnectionLostError("broke"), Loss(Outcome.UNKNOWN)),
        (BrowserSessionClosedError(reason=CloseReason.SHUTDOWN), Loss(Outcome.UNKNOWN)),
        (BrowserSessionClosedError(reason=CloseReason.RENDERER_CRASH), None),
        (BrowserSessionClosedError(reason=CloseReason.IDLE_TIMEOUT), None),
        (ConnectionTimeoutError(), None),
        (ValueError(), None),
    ],
    ids=repr,
)
def test_what_is_a_loss(error: Exception, loss: Loss | None) -> None:
    assert Loss.behind(error) == loss


@pytest.mark.parametrize(
    ("outcome", "read", "permitted"),
    [
        (Outcome.NOT_EXECUTED, True, True),
        (Outcome.NOT_EXECUTED, False, True),
        (Outcome.UNKNOWN, True, True),
        (Outcome.UNKNOWN, False, False),
        (Outcome.EXECUTED, False, False),
    ],
)
def test_what_is_replayed(outcome: Outcome, *, read: bool, permitted: bool) -> None:
    assert Loss(outcome).permits_replay(read=read) is permitted


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (BrowserSessionClosedError(reason=CloseReason.BROWSER_CRASH), True),
        (BrowserSessionClosedError(reason=CloseReason.CLOSED_BY_CALLER), False),
        (BrowserSessionClosedError(reason=CloseReason.CLIENT_GONE), False),
        (ConnectionLostError("broke"), True),
        (AgentBusyError(limit=1, active=1, queued=0, retry_after_seconds=1.0), False),
    ],
    ids=repr,
)
def test_what_a_fetch_is_made_again_after(error: Any, *, ends: bool) -> None:
    assert ends_a_fetch(error) is ends
