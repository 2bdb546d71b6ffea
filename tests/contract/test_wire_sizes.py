"""The trailer that carries an error stays small, and what matters stays in it."""

from __future__ import annotations

import pytest

from cmdop_browser.exceptions import (
    Artifact,
    BrowserElementNotFoundError,
    Candidate,
    CMDOPError,
    Evidence,
    ExecutionError,
    from_rpc_error,
)
from cmdop_browser.wire.errors import (
    MAX_TRAILER_BYTES,
    status_from_error,
)
from tests.contract.error_samples import full_sample
from tests.contract.wire_calls import detail_in, each_class, failed_with, wire_bytes

HOSTILE = ["x", "ü", "\N{ROCKET}", "\x00", '"', "\\", "\n"]


@pytest.mark.parametrize("unit", HOSTILE)
@each_class
def test_trailer_stays_under_4_kb(cls: type[CMDOPError], unit: str) -> None:
    error = full_sample(cls)
    blob = unit * 5_000
    error.message = blob
    error.tips = (blob,) * 20
    error.details = {blob[:500]: blob, "list": [blob] * 10} | {f"{unit}{n}": blob for n in range(20)}
    error.request_id = error.agent_id = error.idempotency_key = blob
    for name, value in error.fields().items():
        if isinstance(value, str) and not hasattr(value, "name"):
            setattr(error, name, blob)
    if hasattr(error, "evidence"):
        error.evidence = Evidence(
            call_log=(blob,) * 9, console=(blob,) * 9, failed_requests=(blob,) * 9, html=Artifact(blob)
        )
    if isinstance(error, BrowserElementNotFoundError):
        error.candidates = (Candidate(blob, 3, 1.0, blob),) * 5
    status = status_from_error(error)
    assert wire_bytes(status) < MAX_TRAILER_BYTES
    assert detail_in(status).truncated
    received = from_rpc_error(failed_with(status))
    assert type(received) is cls
    assert received.retryable is error.retryable
    assert received.details["truncated"] is True
    for name in ("cause", "outcome", "timeout_seconds", "limit", "exit_code"):
        assert getattr(received, name, None) == getattr(error, name, None)


def test_cutting_keeps_what_matters_longest() -> None:
    error = BrowserElementNotFoundError(
        "click '#buy' failed",
        cause="TYPO",  # type: ignore[arg-type]
        selector="#buy",
        tips=("did you mean '#buy-now'?",),
        candidates=(Candidate("#buy-now", 1, 0.9, "id"),),
        evidence=Evidence(
            call_log=tuple(f"line {n} {'x' * 100}" for n in range(100)), screenshot=Artifact("a-1")
        ),
    )
    received = from_rpc_error(failed_with(status_from_error(error)))
    assert isinstance(received, BrowserElementNotFoundError)
    assert (received.cause, received.selector, received.tips) == (error.cause, error.selector, error.tips)
    assert received.candidates == error.candidates
    assert received.evidence.screenshot == Artifact("a-1")
    assert len(received.evidence.call_log) == 3
    assert received.evidence.call_log[-1].startswith("line 99")


def test_output_is_kept_from_its_end() -> None:
    error = ExecutionError(stderr="".join(f"line {n}\n" for n in range(10_000)))
    received = from_rpc_error(failed_with(status_from_error(error)))
    assert isinstance(received, ExecutionError)
    assert received.stderr is not None
    assert received.stderr.endswith("line 9999\n")
