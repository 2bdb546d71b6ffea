"""Try again where that is safe and may help, with waits that suit the cause.

Example:
    from cmdop_browser.retry import linear, retry

    @retry
    def price(session, url): ...

    @retry(linear(attempts=10, step=1.0), deadline=60.0)
    async def report(session): ...
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeAlias, TypeVar, cast, overload

import tenacity

from cmdop_browser._convert import checks
from cmdop_browser.exceptions import (
    BadRequestError,
    CloseReason,
    CMDOPError,
    ElementCause,
    NavigationCause,
)
from cmdop_browser.wire.evidence import Retries, retries_ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from enum import StrEnum

__all__ = ["NEVER", "Cause", "Policy", "exponential", "linear", "retry"]

P = ParamSpec("P")
R = TypeVar("R")

Cause: TypeAlias = ElementCause | NavigationCause | CloseReason | type[CMDOPError]
"""What a policy can be chosen by: a cause, a reason, or a class of error."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Policy:
    """How often to try, and how long to wait in between; made by `exponential` or `linear`.

    Attributes:
        attempts: How often to try, the first time included.
        cap: The longest wait. An error that asks for a longer one is raised at once.
        jitter: By which share of itself a wait varies, so that many callers spread.
        delay: Seconds to wait after the nth failure, before cap and jitter.
    """

    attempts: int
    cap: float
    jitter: float
    delay: Callable[[int], float] = field(repr=False)

    def __post_init__(self) -> None:
        checks.whole("attempts", self.attempts, minimum=1)
        checks.seconds("cap", self.cap, zero=True)
        if not 0 <= checks.number("jitter", self.jitter) < 1:
            raise BadRequestError("jitter must be in 0 ≤ jitter < 1", field="jitter", value=self.jitter)

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures."""
        varied = self.delay(failures) * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 -- jitter
        return min(varied, self.cap)


def exponential(
    *, attempts: int = 3, initial: float = 0.2, factor: float = 2.0, cap: float = 30.0, jitter: float = 0.1
) -> Policy:
    """Waits that grow by a factor: for servers and networks that need to recover.

    Args:
        attempts: How often to try, the first time included.
        initial: Seconds to wait after the first failure.
        factor: By how much each wait is longer than the one before.
        cap: The longest wait in seconds.
        jitter: By which share of itself a wait varies.

    Raises:
        BadRequestError: A number is out of its range.
    """
    _require_positive("initial", initial)
    _require_positive("factor", factor)
    # The exponent is bounded because floats are; the cap is reached long before.
    return Policy(attempts, cap, jitter, lambda failures: initial * factor ** min(failures - 1, 64))


def linear(*, attempts: int = 3, step: float = 0.2, cap: float = 30.0, jitter: float = 0.1) -> Policy:
    """Waits that grow by a step: for what will be ready soon, such as a page that still moves.

    Args:
        attempts: How often to try, the first time included.
        step: Seconds to wait after the first failure, twice that after the second, and so on.
        cap: The longest wait in seconds.
        jitter: By which share of itself a wait varies.

    Raises:
        BadRequestError: A number is out of its range.
    """
    _require_positive("step", step)
    return Policy(attempts, cap, jitter, lambda failures: step * failures)


def _require_positive(name: str, value: float) -> None:
    if not checks.number(name, value) > 0:
        raise BadRequestError(f"{name} must be more than 0", field=name, value=value)


def _is_cause(key: object) -> bool:
    if isinstance(key, type):
        return issubclass(key, CMDOPError)
    return isinstance(key, ElementCause | NavigationCause | CloseReason)


NEVER: Final = Policy(attempts=1, cap=0.0, jitter=0.0, delay=lambda _: 0.0)
"""The policy for causes that are not worth another attempt."""

_SOON: Final = linear()
_POLICY_OF: Final[Mapping[Cause, Policy]] = MappingProxyType(
    {
        ElementCause.PAGE_LOADING: _SOON,
        ElementCause.MOVING: _SOON,
        ElementCause.DETACHED: _SOON,
        NavigationCause.INTERRUPTED: _SOON,
    }
)


@overload
def retry(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def retry(
    policy: Policy = ...,
    /,
    *,
    by_cause: Mapping[Any, Policy] | None = None,
    deadline: float | None = None,
    evidence: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def retry(
    policy: Policy | Callable[..., Any] | None = None,
    /,
    *,
    by_cause: Mapping[Any, Policy] | None = None,
    deadline: float | None = None,
    evidence: bool = False,
) -> Any:
    """Repeat a function, or a coroutine function, when it fails for a passing cause.

    Repeated is what the error itself calls ``retryable``, and any cause that
    *by_cause* names; never what is not safe to repeat: see `CMDOPError.safe_to_repeat`. An
    error that says when to come back (``retry_after_seconds``) is waited for, or raised
    at once when that is longer than the policy's cap. Other exceptions pass through.

    Each wait is logged at INFO on ``cmdop_browser.retry``. When it gives up, the last
    error is raised with a note of the attempts and the time they took.

    Args:
        policy: For causes that have none of their own; `exponential` by default.
        by_cause: Policies by `Cause`, that is by cause, by close reason, or by class of
            error; the more special wins. `NEVER` turns a cause off.
        deadline: Seconds for all attempts and waits together; a wait that would pass it
            is not begun.
        evidence: Take screenshot and HTML of every failure, also of those that another
            attempt follows, which otherwise carry texts only.

    Raises:
        BadRequestError: What is decorated is a generator, *deadline* is not positive, or
            a key of *by_cause* is no `Cause`.

    Example:
        @retry(exponential(attempts=5), by_cause={RateLimitError: linear(step=10.0)}, deadline=120.0)
        def orders(session: BrowserSession, page: int) -> list[Order]: ...
    """
    if policy is not None and not isinstance(policy, Policy):
        return _Plan(exponential(), {}, None, evidence).decorate(policy)
    if deadline is not None:
        _require_positive("deadline", deadline)
    policies = _policies_by_cause(by_cause)
    return _Plan(policy or exponential(), policies, deadline, checks.flag("evidence", evidence)).decorate


def _policies_by_cause(given: object) -> Mapping[Any, Policy]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        checks.refuse("by_cause", given, "a mapping from causes to policies")
    for cause in given:
        if not _is_cause(cause):
            checks.refuse("by_cause", cause, "a mapping whose keys are causes")
        if not isinstance(given.get(cause), Policy):
            checks.refuse("by_cause", given.get(cause), "a mapping whose values are policies")
    return given


@dataclass(frozen=True)
class _Plan:
    policy: Policy
    by_cause: Mapping[Any, Policy]
    deadline: float | None
    evidence: bool

    def decorate(self, function: Callable[P, R]) -> Callable[P, R]:
        if not callable(function):
            checks.refuse("function", function, "a function, or a Policy to begin with")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise BadRequestError(
                "retry cannot repeat a generator: what it yielded is out already",
                field="function",
                value=function,
                tips=("use @with_auto_restart(key=…), which does not yield a row twice",),
            )
        strategies: dict[str, Any] = {
            "retry": tenacity.retry_if_exception(self._wants_another),
            "wait": self._wait,
            "stop": self._stop,
            "before_sleep": _log_wait,
            "retry_error_callback": self._give_up,
        }
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def repeated(*args: P.args, **kwargs: P.kwargs) -> Any:
                numbers = itertools.count(1)

                async def attempt() -> Any:
                    with self._attempt(next(numbers)):
                        return await function(*args, **kwargs)

                return await tenacity.AsyncRetrying(**strategies)(attempt)

            return cast("Callable[P, R]", repeated)

        @functools.wraps(function)
        def repeated_blocking(*args: P.args, **kwargs: P.kwargs) -> R:
            numbers = itertools.count(1)

            def attempt() -> R:
                with self._attempt(next(numbers)):
                    return function(*args, **kwargs)

            return tenacity.Retrying(**strategies)(attempt)

        return repeated_blocking

    @contextlib.contextmanager
    def _attempt(self, number: int) -> Iterator[None]:
        """Let the calls of an attempt say for which errors another attempt follows."""
        retries = self._retries(number)
        # When none follows here, one may follow further out.
        if self.evidence or not (retries.retryable or any(retries.by_key.values())):
            yield
            return
        before = retries_ahead.set(retries)
        try:
            yield
        finally:
            retries_ahead.reset(before)

    def _retries(self, number: int) -> Retries:
        by_key: dict[str, bool] = {}
        for policies in (_POLICY_OF, self.by_cause):
            for key, policy in policies.items():
                name = key.code if isinstance(key, type) and issubclass(key, CMDOPError) else str(key)
                by_key[name] = number < policy.attempts
        return Retries(number < self.policy.attempts, by_key)

    def _wants_another(self, exc: BaseException) -> bool:
        if not isinstance(exc, CMDOPError) or not exc.safe_to_repeat:
            return False
        return exc.retryable or self._chosen(self.by_cause, exc) is not None

    def _policy_for(self, error: CMDOPError) -> Policy:
        return self._chosen(self.by_cause, error) or self._chosen(_POLICY_OF, error) or self.policy

    @staticmethod
    def _chosen(policies: Mapping[Any, Policy], error: CMDOPError) -> Policy | None:
        keys = (getattr(error, "cause", None), getattr(error, "reason", None), *type(error).__mro__)
        return next((policies[key] for key in keys if key in policies), None)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = _failure(state)
        backoff = self._policy_for(error).wait(state.attempt_number)
        return max(backoff, getattr(error, "retry_after_seconds", None) or 0.0)

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        return self._why_stop(state) is not None

    def _why_stop(self, state: tenacity.RetryCallState) -> str | None:
        policy = self._policy_for(_failure(state))
        if state.attempt_number >= policy.attempts:
            return ""
        if state.upcoming_sleep > policy.cap:
            return f": it asks to wait {state.upcoming_sleep:.1f} s, the cap is {policy.cap:.1f} s"
        elapsed = state.seconds_since_start or 0.0
        if self.deadline is not None and elapsed + state.upcoming_sleep > self.deadline:
            return f": the next wait would pass the deadline of {self.deadline:.1f} s"
        return None

    def _give_up(self, state: tenacity.RetryCallState) -> None:
        error = _failure(state)
        attempts = f"{state.attempt_number} attempt{'s' if state.attempt_number > 1 else ''}"
        error.add_note(
            f"gave up after {attempts} in {state.seconds_since_start or 0.0:.1f} s"
            f"{self._why_stop(state) or ''}"
        )
        raise error


def _log_wait(state: tenacity.RetryCallState) -> None:
    error = _failure(state)
    cause: StrEnum | None = getattr(error, "cause", None) or getattr(error, "reason", None)
    _log.info(
        "attempt %d failed: %s%s; trying again in %.2f s",
        state.attempt_number,
        type(error).__name__,
        f" ({cause})" if cause else "",
        state.upcoming_sleep,
        extra={"attempt": state.attempt_number, "cause": cause or error.code, "sleep": state.upcoming_sleep},
    )


def _failure(state: tenacity.RetryCallState) -> CMDOPError:
    outcome = state.outcome
    if outcome is None or not isinstance(error := outcome.exception(), CMDOPError):
        raise AssertionError("only errors of ours get as far as a second attempt")
    return error
