"""Both flavours of the client behind one: tests are written once, with ``await``."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from cmdop_browser import AsyncCMDOPClient, BrowserSession, CMDOPClient
from cmdop_browser._sync.browser import Browser
from cmdop_browser._sync.dom import Dom

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
    from types import TracebackType

# The blocking classes whose methods a test awaits.
_BLOCKING = (CMDOPClient, BrowserSession, Browser, Dom)


@dataclass(frozen=True)
class Flavour:
    """How a test gets its clients."""

    name: Literal["async", "sync"]

    def local(self, **options: Any) -> Any:
        """As ``AsyncCMDOPClient.local``, to be awaited or entered."""
        if self.name == "async":
            return AsyncCMDOPClient.local(**options)
        return _Pending(CMDOPClient.local, (), options)


BOTH: Final = (Flavour("async"), Flavour("sync"))


async def in_both(part: Callable[[Flavour], Awaitable[None]]) -> None:
    """Do the same in both flavours at once, for tests of what happens to an agent only once."""

    async def named(flavour: Flavour) -> None:
        try:
            await part(flavour)
        except Exception as exc:
            exc.add_note(f"with the {flavour.name} client")
            raise

    async with asyncio.TaskGroup() as parts:
        for flavour in BOTH:
            parts.create_task(named(flavour))


class Together:
    """Where the parts of `in_both` wait for each other."""

    def __init__(self) -> None:
        self._all = asyncio.Barrier(len(BOTH))

    async def meet(self) -> None:
        """Wait until all are here."""
        await self._all.wait()

    async def once(self, act: Callable[[], object]) -> None:
        """Wait until all are here, and go on when one of them has done it; what it returns is awaited."""
        if await self._all.wait() == 0:
            done = act()
            if inspect.isawaitable(done):
                await done
        await self._all.wait()

    @contextlib.asynccontextmanager
    async def during(
        self, state: Callable[[], contextlib.AbstractContextManager[object]]
    ) -> AsyncIterator[None]:
        """Have all do the block while one of them keeps up the *state*."""
        with contextlib.ExitStack() as kept:
            if await self._all.wait() == 0:
                kept.enter_context(state())
            await self._all.wait()
            yield
            await self._all.wait()


def at_once(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Do a test in both flavours at once: it is given its ``flavour``, and ``both``, where the two meet.

    For tests of what happens to an agent only once.
    """

    @functools.wraps(test)
    async def run(**fixtures: Any) -> None:
        both = Together()
        await in_both(lambda flavour: test(flavour=flavour, both=both, **fixtures))

    return asking_for(run, test, {"flavour": "", "both": ""})


def asking_for(
    run: Callable[..., Awaitable[None]], test: Callable[..., Awaitable[None]], instead: Mapping[str, str]
) -> Callable[..., Awaitable[None]]:
    """Have pytest give *run* the fixtures of *test*, some under other names, or not where that is ""."""
    asked = inspect.signature(test)
    parameters = [
        each.replace(name=instead.get(name, name), kind=inspect.Parameter.KEYWORD_ONLY)
        for name, each in asked.parameters.items()
        if instead.get(name, name)
    ]
    run.__signature__ = asked.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


class InThread:
    """A blocking object that is used like its async pair: each call runs in a thread."""

    def __init__(self, target: Any) -> None:
        self.target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.target, name)
        if isinstance(value, _BLOCKING):
            return InThread(value)
        if name.startswith("_") or not callable(value):
            return value
        return lambda *args, **options: _Pending(value, args, options)

    async def __aenter__(self) -> InThread:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.target.__exit__, kind, error, trace)

    def __repr__(self) -> str:
        return repr(self.target)


class _Pending:
    """A blocking call that is made in a thread when it is awaited or entered."""

    def __init__(self, call: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self._call, self._args, self._options = call, args, options
        self._entered: InThread | None = None

    async def _result(self) -> Any:
        result = await asyncio.to_thread(self._call, *self._args, **self._options)
        return InThread(result) if isinstance(result, _BLOCKING) else result

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._result().__await__()

    async def __aenter__(self) -> InThread:
        self._entered = await self._result()
        return self._entered

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._entered is not None
        await self._entered.__aexit__(kind, error, trace)
