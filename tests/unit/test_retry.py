"""Retries by cause: what is repeated, how long it waits, when it gives up."""

from __future__ import annotations

import inspect
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import (
    AgentBusyError,
    BadRequestError,
    BrowserElementNotFoundError,
    BrowserNavigationError,
    BrowserSessionClosedError,
    BrowserTimeoutError,
    CloseReason,
    CMDOPError,
    ConnectionLostError,
    ConnectionTimeoutError,
    ElementCause,
    InternalError,
    NavigationCause,
    Outcome,
    RateLimitError,
    SessionInterruptedError,
)
from cmdop_browser.retry import NEVER, Policy, exponential, linear, retry

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = exponential(initial=0.001)
RESET = BrowserNavigationError(cause=NavigationCause.RESET)


class Failing:
    """Raises the given errors one after the other, then returns."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def blocking(failing: Failing) -> Callable[[], Any]:
    def call() -> str:
        return failing()

    return call


def test_repeats_until_it_works() -> None:
    failing = Failing(RESET, RESET)
    assert retry(QUICK)(blocking(failing))() == "done"
    assert failing.calls == 3


async def test_repeats_coroutine_functions() -> None:
    failing = Failing(RESET, RESET)

    @retry(QUICK)
    async def call(prefix: str, *, suffix: str) -> str:
        return prefix + failing() + suffix

    assert inspect.iscoroutinefunction(call)
    assert await call("<", suffix=">") == "<done>"
    assert failing.calls == 3


def test_works_on_methods_and_bare() -> None:
    class Job:
        def __init__(self) -> None:
            self.failing = Failing()

        @retry
        def run(self, times: int) -> str:
            """Run it."""
            return self.failing() * times

    assert Job().run(2) == "donedone"
    assert Job.run.__doc__ == "Run it."
    assert list(inspect.signature(Job.run).parameters) == ["self", "times"]


def test_raises_the_last_error_with_a_note() -> None:
    last = BrowserNavigationError("third", cause=NavigationCause.DNS)
    failing = Failing(RESET, RESET, last, RESET)
    with pytest.raises(BrowserNavigationError) as caught:
        retry(QUICK)(blocking(failing))()
    assert caught.value is last
    assert failing.calls == 3
    assert caught.value.__notes__[0].startswith("gave up after 3 attempts in ")


@pytest.mark.parametrize(
    "error",
    [
        BadRequestError(field="url"),
        BrowserNavigationError(cause=NavigationCause.TLS_EXPIRED),
        BrowserElementNotFoundError(cause=ElementCause.NO_MATCH),
        BrowserSessionClosedError(reason=CloseReason.CLOSED_BY_CALLER),
        ValueError("the job's own"),
    ],
)
def test_what_will_not_pass_is_raised_at_once(error: Exception) -> None:
    failing = Failing(error)
    with pytest.raises(type(error)) as caught:
        retry(QUICK)(blocking(failing))()
    assert caught.value is error
    assert failing.calls == 1
    assert not hasattr(error, "__notes__")


UNSAFE = [
    SessionInterruptedError(outcome=Outcome.UNKNOWN),
    SessionInterruptedError(outcome=Outcome.UNKNOWN, retryable=True),
    BrowserTimeoutError(outcome=Outcome.EXECUTED, retryable=True),
    SessionInterruptedError(outcome=Outcome.UNKNOWN, last_action="reload", retryable=True),
    SessionInterruptedError(
        outcome=Outcome.UNKNOWN, last_action="title", idempotency_key="k", retryable=True
    ),
    BrowserSessionClosedError(outcome=Outcome.UNKNOWN, retryable=True),
    BrowserSessionClosedError(outcome=Outcome.UNKNOWN, action="evaluate", retryable=True),
    BrowserSessionClosedError(outcome=Outcome.UNKNOWN, action="not known yet", retryable=True),
    ConnectionLostError(outcome=Outcome.UNKNOWN, idempotency_key="k", retryable=True),
    ConnectionLostError(idempotency_key="k", retryable=True),
    ConnectionTimeoutError(idempotency_key="k", retryable=True),
    BrowserTimeoutError(idempotency_key="k", retryable=True),
    InternalError(idempotency_key="k", retryable=True),
]


@pytest.mark.parametrize("error", UNSAFE)
def test_what_is_not_safe_to_repeat_never_is(error: CMDOPError) -> None:
    failing = Failing(error)
    with pytest.raises(type(error)):
        retry(QUICK, by_cause={type(error): QUICK})(blocking(failing))()
    assert failing.calls == 1
    assert not error.safe_to_repeat


@pytest.mark.parametrize(
    "error",
    [
        SessionInterruptedError(outcome=Outcome.NOT_EXECUTED),
        ConnectionLostError(),
        ConnectionLostError(outcome=Outcome.UNKNOWN),
        BrowserSessionClosedError(outcome=Outcome.UNKNOWN, action="dom.text"),
        BrowserSessionClosedError(outcome=Outcome.UNKNOWN, last_action="navigate"),
        SessionInterruptedError(outcome=Outcome.UNKNOWN, last_action="wait_for"),
        AgentBusyError(idempotency_key="k"),
    ],
)
def test_what_had_no_effect_or_may_have_it_twice_is_repeated(error: CMDOPError) -> None:
    failing = Failing(error)
    assert retry(QUICK)(blocking(failing))() == "done"


def test_waits_as_long_as_it_is_told() -> None:
    failing = Failing(RateLimitError(retry_after_seconds=0.05))
    began = time.monotonic()
    assert retry(QUICK)(blocking(failing))() == "done"
    assert time.monotonic() - began >= 0.05


def test_fails_at_once_when_told_to_wait_beyond_the_cap() -> None:
    failing = Failing(AgentBusyError(retry_after_seconds=31.0))
    with pytest.raises(AgentBusyError) as caught:
        retry(blocking(failing))()
    assert failing.calls == 1
    assert "asks to wait 31.0 s, the cap is 30.0 s" in caught.value.__notes__[0]


def test_never_waits_past_the_deadline() -> None:
    failing = Failing(RESET)
    with pytest.raises(BrowserNavigationError) as caught:
        retry(linear(step=20.0), deadline=10.0)(blocking(failing))()
    assert failing.calls == 1
    assert "deadline of 10.0 s" in caught.value.__notes__[-1]


def test_policy_is_chosen_by_cause_then_reason_then_class() -> None:
    chosen = {NavigationCause.RESET: NEVER, CMDOPError: linear(attempts=2, step=0.001)}
    by_cause = Failing(BrowserNavigationError(cause=NavigationCause.RESET))
    with pytest.raises(BrowserNavigationError):
        retry(QUICK, by_cause=chosen)(blocking(by_cause))()
    assert by_cause.calls == 1
    by_class = Failing(*[BrowserNavigationError(cause=NavigationCause.DNS)] * 3)
    with pytest.raises(BrowserNavigationError):
        retry(QUICK, by_cause=chosen)(blocking(by_class))()
    assert by_class.calls == 2
    by_reason = Failing(BrowserSessionClosedError(reason=CloseReason.RENDERER_CRASH))
    with pytest.raises(BrowserSessionClosedError):
        retry(QUICK, by_cause={CloseReason.RENDERER_CRASH: NEVER})(blocking(by_reason))()
    assert by_reason.calls == 1


def test_a_cause_that_is_named_is_repeated_though_it_rarely_passes() -> None:
    failing = Failing(BrowserElementNotFoundError(cause=ElementCause.COVERED))
    policy = {ElementCause.COVERED: linear(step=0.001)}
    assert retry(by_cause=policy)(blocking(failing))() == "done"


def test_each_wait_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    failing = Failing(BrowserNavigationError(cause=NavigationCause.DNS))
    with caplog.at_level(logging.INFO, logger="cmdop_browser.retry"):
        retry(QUICK)(blocking(failing))()
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.getMessage().startswith(
        "attempt 1 failed: BrowserNavigationError (DNS); trying again in 0.00 s"
    )
    assert (record.__dict__["attempt"], record.__dict__["cause"]) == (1, NavigationCause.DNS)
    assert record.__dict__["sleep"] < 0.01


def test_exponential_waits() -> None:
    policy = exponential(jitter=0.0)
    assert [policy.wait(n) for n in (1, 2, 3, 4)] == [0.2, 0.4, 0.8, 1.6]
    assert policy.wait(1_000_000) == 30.0
    assert (policy.attempts, policy.cap, exponential().jitter) == (3, 30.0, 0.1)


def test_linear_waits() -> None:
    policy = linear(step=0.5, jitter=0.0, cap=1.2)
    assert [policy.wait(n) for n in (1, 2, 3)] == [0.5, 1.0, 1.2]


def test_jitter_stays_within_its_share() -> None:
    waits = {exponential().wait(1) for _ in range(200)}
    assert len(waits) > 100
    assert all(0.18 <= wait <= 0.22 for wait in waits)


@pytest.mark.parametrize(
    "make",
    [
        lambda: exponential(attempts=0),
        lambda: exponential(initial=0),
        lambda: linear(step=-1),
        lambda: exponential(cap=-1),
        lambda: exponential(jitter=1),
        lambda: retry(deadline=0),
        lambda: retry(by_cause={"RESET": QUICK}),
        lambda: retry(by_cause={OSError: QUICK}),
        lambda: exponential(initial=float("nan")),
    ],
)
def test_numbers_out_of_range_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(BadRequestError):
        make()


def test_generators_are_refused() -> None:
    def rows() -> Any:
        yield 1

    async def more_rows() -> Any:
        yield 1

    for function in (rows, more_rows):
        with pytest.raises(BadRequestError, match="generator"):
            retry(function)


def test_calls_do_not_share_their_attempts() -> None:
    failing = Failing(RESET, RESET)
    call = retry(QUICK)(blocking(failing))
    assert call() == "done"
    failing.errors = [RESET, RESET]
    assert call() == "done"


def test_policies_are_values() -> None:
    assert isinstance(exponential(), Policy)
    assert repr(linear()) == "Policy(attempts=3, cap=30.0, jitter=0.1)"
