"""``with_auto_restart``: what it decorates, and how calls find their client."""

from __future__ import annotations

import functools
import inspect
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Final,
    ParamSpec,
    Protocol,
    Self,
    TypeAlias,
    TypeVar,
    overload,
)

import wrapt

from cmdop_browser._async.client import AsyncCMDOPClient
from cmdop_browser._convert import checks
from cmdop_browser._sync.client import CMDOPClient
from cmdop_browser.exceptions import BadRequestError
from cmdop_browser.helpers import _run
from cmdop_browser.helpers._plan import Key, OnRestart, RestartPlan

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
SelfT = TypeVar("SelfT")
SelfT_contra = TypeVar("SelfT_contra", contravariant=True)
Client: TypeAlias = CMDOPClient | AsyncCMDOPClient
ClientT = TypeVar("ClientT", CMDOPClient, AsyncCMDOPClient)
ClientT_contra = TypeVar("ClientT_contra", CMDOPClient, AsyncCMDOPClient, contravariant=True)


class Restarting(Protocol[ClientT_contra, P, R_co]):
    """A restarted function: the client may be left out."""

    @overload
    def __call__(self, client: ClientT_contra, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

    @overload
    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class RestartingMethod(Protocol[SelfT_contra, ClientT_contra, P, R_co]):
    """A restarted method: the client may be left out."""

    @overload
    def __call__(
        self, instance: SelfT_contra, client: ClientT_contra, /, *args: P.args, **kwargs: P.kwargs
    ) -> R_co: ...

    @overload
    def __call__(self, instance: SelfT_contra, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

    @overload
    def __get__(self, instance: None, owner: type[Any], /) -> Self: ...

    @overload
    def __get__(
        self, instance: SelfT_contra, owner: type[Any] | None = None, /
    ) -> Restarting[ClientT_contra, P, R_co]: ...


# Where mypy sees an overlap below, a method's self would have to be a client.


class Decorator(Protocol):
    """``with_auto_restart(…)`` with its options given."""

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[Concatenate[ClientT, P], R], /
    ) -> Restarting[ClientT, P, R]: ...

    @overload
    def __call__(
        self, function: Callable[Concatenate[SelfT, ClientT, P], R], /
    ) -> RestartingMethod[SelfT, ClientT, P, R]: ...


@overload
def with_auto_restart(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[ClientT, P], R], /
) -> Restarting[ClientT, P, R]: ...


@overload
def with_auto_restart(
    function: Callable[Concatenate[SelfT, ClientT, P], R], /
) -> RestartingMethod[SelfT, ClientT, P, R]: ...


@overload
def with_auto_restart(
    *,
    max_restarts: int = 3,
    max_delay: float = 30.0,
    on_restart: OnRestart | None = None,
    agent: str = "default",
    key: Key | None = None,
) -> Decorator: ...


def with_auto_restart(
    function: Callable[..., Any] | None = None,
    /,
    *,
    max_restarts: int = 3,
    max_delay: float = 30.0,
    on_restart: OnRestart | None = None,
    agent: str = "default",
    key: Key | None = None,
) -> Any:
    """Run a job again when agent, browser or session are lost under it.

    For functions, methods, coroutine functions, generators and async generators that
    take a client first. Called without one, the job gets a client of the local agent,
    which is started if it does not run, and closed afterwards. A client that it is
    given stays the same object, and is connected to the new agent.

    The job begins again from its start; its own errors pass through. So does what it
    learns when a session was closed by its own hand. A generator that begins again
    yields everything again, unless *key* tells which rows have been yielded.

    Each restart is logged at WARNING on ``cmdop_browser.helpers``. When there were too
    many, the last error is raised with a note of the attempts and the time they took.

    Args:
        function: What to decorate, when no option is given.
        max_restarts: How often one call may be restarted.
        max_delay: The longest wait before a restart, in seconds; waits grow from a
            tenth of a second, and vary so that many jobs spread.
        on_restart: Called before each restart with the error and the restart's number;
            awaited if it returns something awaitable in a job that is async.
        agent: Name of the agent for jobs that are called without a client.
        key: For generators: what identifies a row. No two rows of one call are yielded
            that have equal keys, so they must be hashable, and are kept in memory.

    Raises:
        BadRequestError: An option is not what it should be, or what is decorated takes
            no client.

    Example:
        @with_auto_restart
        def titles(client: CMDOPClient, urls: list[str]) -> list[str]:
            with client.browser.create_session() as session:
                return [session.navigate(url).title for url in urls]

        titles(["https://shop.test/"])
    """
    plan = RestartPlan(
        max_restarts=_count("max_restarts", max_restarts),
        max_delay=checks.seconds("max_delay", max_delay),
        on_restart=on_restart,
        agent=checks.filled("agent", agent),
        key=key,
    )
    if function is None:
        return functools.partial(_decorate, plan)
    return _decorate(plan, function)


def _count(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadRequestError(f"{name} must be an int of at least 0", field=name, value=value)
    return value


def _decorate(plan: RestartPlan, function: Callable[..., Any]) -> Any:
    plain = getattr(function, "__func__", function)  # of a class method or static method
    _require_job(plan, plain)
    if inspect.iscoroutinefunction(plain):
        return RestartingFunction(function, _Calls(plan, AsyncCMDOPClient, _run.run_coroutine))
    if inspect.isasyncgenfunction(plain):
        return RestartingFunction(function, _Calls(plan, AsyncCMDOPClient, _run.run_async_generator))
    run = _run.run_generator if inspect.isgeneratorfunction(plain) else _run.run_function
    return RestartingFunction(function, _Calls(plan, CMDOPClient, run))


def _require_job(plan: RestartPlan, function: Any) -> None:
    if not callable(function) or isinstance(function, type):
        raise BadRequestError("with_auto_restart decorates functions", field="function", value=function)
    if not any(
        parameter.kind in _POSITIONAL for parameter in inspect.signature(function).parameters.values()
    ):
        raise BadRequestError("the function must take a client first", field="function", value=function)
    yields = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    if plan.key is not None and not yields:
        raise BadRequestError("key is for generators: a function has no rows", field="key", value=plan.key)


_POSITIONAL: Final = frozenset(
    {
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    }
)


if TYPE_CHECKING:
    _Wrapper = wrapt.FunctionWrapper[..., Any]
else:
    _Wrapper = wrapt.FunctionWrapper


class RestartingFunction(_Wrapper):
    """The decorated function: it binds, shows its signature and pickles like the plain one."""

    def __reduce_ex__(self, protocol: Any) -> str:
        return self.__qualname__  # by name, so that pools of processes can be given it

    def __copy__(self) -> RestartingFunction:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> RestartingFunction:
        return self


class _Calls:
    """What happens when the decorated function is called."""

    def __init__(self, plan: RestartPlan, client_type: type[Client], run: Callable[..., Any]) -> None:
        self._plan = plan
        self._client_type = client_type
        self._run = run

    def __call__(
        self, function: Callable[..., Any], _instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if _is_called_by_classmethod(function, args):
            # Since Python 3.13 a classmethod passes its class on instead of binding.
            function, args = function.__get__(args[0]), args[1:]
        given, args, kwargs = self._find_client(function, args, kwargs)
        name = getattr(function, "__qualname__", repr(function))

        def call(client: Client) -> Any:
            return function(client, *args, **kwargs)

        return self._run(self._plan, name, call, given)

    def _find_client(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Client | None, tuple[Any, ...], dict[str, Any]]:
        if args and isinstance(args[0], Client):
            return self._checked(function, args[0]), args[1:], kwargs
        parameter = next(iter(inspect.signature(function).parameters))
        if parameter not in kwargs:
            return None, args, kwargs
        rest = {name: value for name, value in kwargs.items() if name != parameter}
        return self._checked(function, kwargs[parameter]), args, rest

    def _checked(self, function: Callable[..., Any], client: object) -> Client | None:
        if client is None or isinstance(client, self._client_type):
            return client
        kind = "async" if self._client_type is AsyncCMDOPClient else "blocking"
        raise BadRequestError(
            f"{getattr(function, '__qualname__', function)} is {kind} and needs a client of type"
            f" {self._client_type.__name__}, not {type(client).__name__}",
            field="client",
            value=client,
        )


def _is_called_by_classmethod(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    if not args or not isinstance(args[0], type) or inspect.ismethod(function):
        return False
    return isinstance(inspect.getattr_static(args[0], function.__name__, None), classmethod)
