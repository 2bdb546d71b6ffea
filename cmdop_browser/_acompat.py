"""All that differs between the async client and the sync client made from it.

The async source uses the names with ``async``; ``tools/gen`` writes the sync client
by putting the other name of each pair in its place. Whatever needs an ``if`` about
the flavour belongs here and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import select
import threading
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, Self, TypeVar

import grpc
import grpc.aio

from cmdop_browser import _signals
from cmdop_browser._halt import LOOK_SECONDS, AgentHalted, Looks, LooksBeside
from cmdop_browser.wire import channel as wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
    from types import TracebackType
    from typing import TypeAlias

    from cmdop_browser._halt import Halt

P = ParamSpec("P")
T = TypeVar("T")
ThingT = TypeVar("ThingT")

if TYPE_CHECKING:
    # Callbacks of the user's
    AsyncUse: TypeAlias = Callable[[ThingT], Awaitable[T]]
    Use: TypeAlias = Callable[[ThingT], T]


# Waiting


async def async_sleep(seconds: float) -> None:
    """Let *seconds* pass; others run on the event loop meanwhile."""
    await asyncio.sleep(seconds)


def sleep(seconds: float) -> None:
    """Let *seconds* pass."""
    time.sleep(seconds)


async def async_wait_readable(fd: int, timeout: float) -> bool:
    """Wait until *fd* can be read without blocking, or has reached its end.

    Returns:
        False when *timeout* seconds passed first.
    """
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        async with asyncio.timeout(timeout):
            await ready.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(fd)
    return True


def wait_readable(fd: int, timeout: float) -> bool:
    """Wait until *fd* can be read without blocking, or has reached its end.

    Returns:
        False when *timeout* seconds passed first.
    """
    # poll rather than select: a scraper may well have more than 1024 open files.
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(max(0.0, timeout) * 1000))


# Locks

AsyncLock = asyncio.Lock
Lock = threading.Lock


async def async_released(lock: asyncio.Lock, timeout: float) -> bool:
    """Wait until nobody has *lock*; False when *timeout* seconds passed first."""
    try:
        async with asyncio.timeout(timeout), lock:
            return True
    except TimeoutError:
        return False


def released(lock: threading.Lock, timeout: float) -> bool:
    """Wait until nobody has *lock*; False when *timeout* seconds passed first."""
    if not lock.acquire(timeout=timeout):
        return False
    lock.release()
    return True


# Where an object may be used


class Origin:
    """The process that a client belongs to."""

    def __init__(self) -> None:
        self._pid = os.getpid()

    @property
    def forked(self) -> bool:
        """True in a child that was forked after the client was made."""
        return os.getpid() != self._pid

    @property
    def foreign_loop(self) -> bool:
        """True when the caller runs on another event loop than the client's."""
        return False


class AsyncOrigin(Origin):
    """The process and the event loop that a client belongs to."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()

    @property
    def foreign_loop(self) -> bool:
        """True when the caller runs on another event loop than the client's."""
        try:
            return asyncio.get_running_loop() is not self._loop
        except RuntimeError:
            return True


# Signals

AsyncUninterrupted = contextlib.nullcontext  # the event loop sees to them, between its steps
Uninterrupted = _signals.Uninterrupted


# Channels

AsyncChannel = grpc.aio.Channel
Channel = grpc.Channel


def async_open_channel(socket_path: str) -> grpc.aio.Channel:
    """A channel of asyncio's flavour to a unix socket; it connects when used."""
    return grpc.aio.insecure_channel(wire.unix_target(socket_path), options=wire.client_options())


def open_channel(socket_path: str) -> grpc.Channel:
    """A blocking channel to a unix socket; it connects when used."""
    return grpc.insecure_channel(wire.unix_target(socket_path), options=wire.client_options())


# What can be awaited and can be entered


class _AsyncManager(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


ManagerT = TypeVar("ManagerT", bound=_AsyncManager)


class AsyncOpening(Coroutine[Any, Any, ManagerT]):
    """Something on its way: ``await`` gives it, ``async with`` gives it and closes it.

    A coroutine itself, so that it can be made a task of.
    """

    def __init__(self, opening: Coroutine[Any, Any, ManagerT]) -> None:
        self._opening = opening
        self._opened: ManagerT | None = None

    def __await__(self) -> Generator[Any, Any, ManagerT]:
        return self._opening.__await__()

    def send(self, value: Any) -> Any:
        return self._opening.send(value)

    def throw(self, *args: Any) -> Any:
        return self._opening.throw(*args)

    def close(self) -> None:
        self._opening.close()

    async def __aenter__(self) -> ManagerT:
        self._opened = await self._opening
        return await self._opened.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.__aexit__(kind, error, trace)


def async_opening(
    function: Callable[P, Coroutine[Any, Any, ManagerT]],
) -> Callable[P, AsyncOpening[ManagerT]]:
    """Let the result of a coroutine function be used with ``async with`` at once."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> AsyncOpening[ManagerT]:
        return AsyncOpening(function(*args, **kwargs))

    return call


def opening(function: Callable[P, T]) -> Callable[P, T]:
    """The blocking pair of `async_opening`: what was opened can be entered as it is."""
    return function


# Calls


class ChannelClosed(Exception):  # noqa: N818 -- a fact, which the caller turns into an error of ours
    """The call could not be made or finished, because this side has closed its channel."""


async def async_invoke(call: Callable[..., Any], halt: Halt, *args: Any, **kwargs: Any) -> Any:
    """Make a call that has one reply, and look at the agent meanwhile.

    Raises:
        ChannelClosed: The channel was closed before, or meanwhile.
        AgentHalted: The agent stands still.
    """
    if halt.begins():
        await asyncio.sleep(LOOK_SECONDS)
        if halt.look():
            raise AgentHalted(sent=False)
    looks: Looks | None = None
    try:
        rpc = call(*args, **kwargs)
        looks = Looks(halt, rpc)
        return await rpc
    except grpc.aio.UsageError as exc:
        raise ChannelClosed from exc
    except asyncio.CancelledError as exc:
        if _is_cancelled():
            raise
        if looks is not None and looks.halted:
            raise AgentHalted(sent=True) from exc
        raise ChannelClosed from exc
    finally:
        if looks is not None:
            looks.end()


def invoke(call: Any, halt: Halt, *args: Any, **kwargs: Any) -> Any:
    """Make a call that has one reply, and look at the agent meanwhile.

    Raises:
        ChannelClosed: The channel was closed before, or meanwhile.
        AgentHalted: The agent stands still.
    """
    if halt.begins():
        time.sleep(LOOK_SECONDS)
        if halt.look():
            raise AgentHalted(sent=False)
    arrived = threading.Lock()
    arrived.acquire()
    future = None
    try:
        # gRPC's other blocking form cannot be woken up; and with a stream of requests it waits
        # for the one under way to be taken, beyond the timeout.
        with Uninterrupted():
            future = call.future(*args, **kwargs)
            future.add_done_callback(lambda _: arrived.release())
        halt.wait(arrived)
        with Uninterrupted():
            reply = future.result()
            # In its end, too, it takes a lock; and what is raised in there is lost.
            future = None
    except BaseException as exc:
        was_made = future is not None
        with Uninterrupted():
            if future is not None:
                future.cancel()
            future = None
        # gRPC's "Cannot invoke RPC on closed channel!", and what it says when it is closed meanwhile
        if isinstance(exc, grpc.FutureCancelledError) or (not was_made and isinstance(exc, ValueError)):
            raise ChannelClosed from exc
        raise
    return reply


def async_post(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Begin a call that nobody waits for; None when this side has closed the channel.

    What it returns must be kept until it is done, or gRPC cancels the call.
    """
    try:
        return call(*args, **kwargs)
    except grpc.aio.UsageError:
        return None


def post(call: Any, *args: Any, **kwargs: Any) -> Any:
    """Begin a call that nobody waits for; None when this side has closed the channel."""
    try:
        with Uninterrupted():
            return call.future(*args, **kwargs)
    except ValueError:  # gRPC's "Cannot invoke RPC on closed channel!"
        return None


async def async_iterate(
    call: Callable[..., Any], halt: Halt, *args: Any, **kwargs: Any
) -> AsyncIterator[Any]:
    """Make a call that has a stream of replies, give them as they come, and look at the agent meanwhile.

    Raises:
        ChannelClosed: The channel was closed before, or meanwhile.
        AgentHalted: The agent stands still.
    """
    stream = None
    looks: Looks | None = None
    try:
        stream = call(*args, **kwargs)
        looks = Looks(halt, stream)
        async for reply in stream:
            yield reply
    except grpc.aio.UsageError as exc:
        raise ChannelClosed from exc
    except asyncio.CancelledError as exc:
        if _is_cancelled():
            raise
        if looks is not None and looks.halted:
            raise AgentHalted(sent=True) from exc
        raise ChannelClosed from exc
    finally:
        if looks is not None:
            looks.end()
        if stream is not None:
            stream.cancel()  # whoever does not take the rest does not want it


def iterate(call: Any, halt: Halt, *args: Any, **kwargs: Any) -> Iterator[Any]:
    """Make a call that has a stream of replies, give them as they come, and look at the agent meanwhile.

    Raises:
        ChannelClosed: The channel was closed before.
        AgentHalted: The agent stands still.
    """
    try:
        with Uninterrupted():
            stream = call(*args, **kwargs)
    except ValueError as exc:  # gRPC's "Cannot invoke RPC on closed channel!"
        raise ChannelClosed from exc
    looks = None
    try:
        with Uninterrupted():
            looks = LooksBeside(halt, stream)
        while True:
            with Uninterrupted(stream.cancel):
                reply = next(stream, None)
            if reply is None:
                return
            yield reply
    except grpc.RpcError as exc:
        if looks is not None and looks.halted:
            raise AgentHalted(sent=True) from exc
        raise
    finally:
        with Uninterrupted():
            if looks is not None:
                looks.end()
            stream.cancel()  # whoever does not take the rest does not want it
            stream = None


def _is_cancelled() -> bool:
    """Whether the task itself was cancelled.

    If not, gRPC cancelled the call, as it does with all calls of a channel that is closed.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
