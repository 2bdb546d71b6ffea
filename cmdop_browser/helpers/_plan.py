"""When a job is restarted, how long it waits before, and what it says about it."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import tenacity

from cmdop_browser.exceptions import (
    AgentNotRunningError,
    AgentOfflineError,
    AgentStartError,
    BrowserSessionClosedError,
    CloseReason,
    CMDOPError,
    ConnectionLostError,
    ConnectionTimeoutError,
    SessionInterruptedError,
    StalePortFileError,
)
from cmdop_browser.retry import exponential

if TYPE_CHECKING:
    from cmdop_browser._async.recovery import AsyncSupply
    from cmdop_browser._sync.recovery import Supply

OnRestart = Callable[[BaseException, int], object]
Key = Callable[[Any], Hashable]

# A session that is restored goes on, but what the job was at in it may not have happened.
_LOST: Final = (
    AgentNotRunningError,
    StalePortFileError,
    ConnectionLostError,
    AgentOfflineError,
    SessionInterruptedError,
)
# While an agent is being replaced it may be killed again, or be slow to come.
_UNREADY: Final = (AgentStartError, ConnectionTimeoutError)
_FIRST_DELAY: Final = 0.1
_JITTER: Final = 0.25

_log: Final = logging.getLogger("cmdop_browser.helpers")


def is_loss(error: BaseException) -> bool:
    """Whether *error* says that agent, browser or session were lost, and not by the caller's hand.

    A group, as task groups raise it, counts when all that is in it does.
    """
    if isinstance(error, BaseExceptionGroup):
        return all(is_loss(part) for part in error.exceptions)
    if isinstance(error, BrowserSessionClosedError):
        return error.reason is not CloseReason.CLOSED_BY_CALLER
    return isinstance(error, _LOST)


@dataclass(frozen=True)
class RestartPlan:
    """The options of `with_auto_restart`.

    Attributes:
        max_restarts: How often a call may be restarted.
        max_delay: The longest wait before a restart, in seconds.
        on_restart: Called before each restart with its cause and its number.
        agent: The agent to start when there is no client.
        key: What identifies a row of a generator.
    """

    max_restarts: int
    max_delay: float
    on_restart: OnRestart | None
    agent: str
    key: Key | None

    def attempts(self, name: str, supply: Supply) -> tenacity.Retrying:
        """The attempts at one call of the function *name*."""
        return tenacity.Retrying(**_Attempts(self, name, supply).strategies())

    def async_attempts(self, name: str, supply: AsyncSupply) -> tenacity.AsyncRetrying:
        """The attempts at one call of the coroutine function *name*."""
        attempts = _Attempts(self, name, supply)
        return tenacity.AsyncRetrying(
            **(attempts.strategies() | {"before_sleep": attempts.async_before_sleep})
        )


@dataclass(frozen=True)
class _Attempts:
    plan: RestartPlan
    name: str
    supply: Supply | AsyncSupply

    def strategies(self) -> dict[str, Any]:
        return {
            "retry": self._concerns_us,
            "stop": self._stop,
            "wait": self._wait,
            "before_sleep": self._before_sleep,
            "retry_error_callback": self._give_up,
        }

    def _concerns_us(self, state: tenacity.RetryCallState) -> bool:
        error = _failure(state)
        return error is not None and (is_loss(error) or self._failed_to_recover(error))

    def _failed_to_recover(self, error: BaseException) -> bool:
        return self.supply.connecting and isinstance(error, CMDOPError)

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        error = _failure(state)
        hopeless = error is not None and not is_loss(error) and not isinstance(error, _UNREADY)
        return hopeless or state.attempt_number > self.plan.max_restarts

    def _wait(self, state: tenacity.RetryCallState) -> float:
        backoff = exponential(initial=_FIRST_DELAY, cap=self.plan.max_delay, jitter=_JITTER)
        return backoff.wait(state.attempt_number)

    def _before_sleep(self, state: tenacity.RetryCallState) -> None:
        self._announce(state)

    async def async_before_sleep(self, state: tenacity.RetryCallState) -> None:
        called = self._announce(state)
        if inspect.isawaitable(called):
            await called

    def _announce(self, state: tenacity.RetryCallState) -> object:
        error = _failure(state)
        if error is None:
            raise AssertionError("there is no restart without a failure")
        _log.warning(
            "restart %d of %d of %s in %.2f s: %s",
            state.attempt_number,
            self.plan.max_restarts,
            self.name,
            state.upcoming_sleep,
            _in_words(error),
            extra={"restart": state.attempt_number, "sleep": state.upcoming_sleep, "cause": _in_words(error)},
        )
        return self.plan.on_restart(error, state.attempt_number) if self.plan.on_restart else None

    def _give_up(self, state: tenacity.RetryCallState) -> None:
        error = _failure(state)
        if error is None:
            raise AssertionError("nobody gives up without a failure")
        attempts = f"{state.attempt_number} attempt{'s' if state.attempt_number > 1 else ''}"
        took = state.seconds_since_start or 0.0
        error.add_note(f"with_auto_restart gave up on {self.name} after {attempts} in {took:.1f} s")
        raise error


def _failure(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _in_words(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return _in_words(error.exceptions[0])
    message = error.message if isinstance(error, CMDOPError) else str(error)
    return f"{type(error).__name__}: {message}"
