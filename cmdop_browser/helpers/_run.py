"""A call, and its attempts, for each kind of function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmdop_browser._async.recovery import AsyncSupply
from cmdop_browser._sync.recovery import Supply
from cmdop_browser.helpers._rows import Seen, unseen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

    from cmdop_browser._async.client import AsyncCMDOPClient
    from cmdop_browser._sync.client import CMDOPClient
    from cmdop_browser.helpers._plan import RestartPlan


def run_function(
    plan: RestartPlan, name: str, call: Callable[[CMDOPClient], Any], given: CMDOPClient | None
) -> Any:
    """Call a function until it ends by itself."""
    with Supply(given, plan.agent) as supply:
        for attempt in plan.attempts(name, supply):
            with attempt:
                return call(supply.ready())
    raise AssertionError("attempts end with a result or an error")


async def run_coroutine(
    plan: RestartPlan,
    name: str,
    call: Callable[[AsyncCMDOPClient], Awaitable[Any]],
    given: AsyncCMDOPClient | None,
) -> Any:
    """Await a coroutine function until it ends by itself."""
    async with AsyncSupply(given, plan.agent) as supply:
        async for attempt in plan.async_attempts(name, supply):
            with attempt:
                return await call(await supply.ready())
    raise AssertionError("attempts end with a result or an error")


def run_generator(
    plan: RestartPlan,
    name: str,
    call: Callable[[CMDOPClient], Generator[Any, Any, Any]],
    given: CMDOPClient | None,
) -> Generator[Any, Any, Any]:
    """Yield what a generator function yields until it ends by itself."""
    seen = Seen(plan.key)
    with Supply(given, plan.agent) as supply:
        for attempt in plan.attempts(name, supply):
            with attempt:
                return (yield from unseen(call(supply.ready()), seen))
    raise AssertionError("attempts end with a result or an error")


async def run_async_generator(
    plan: RestartPlan,
    name: str,
    call: Callable[[AsyncCMDOPClient], AsyncGenerator[Any, Any]],
    given: AsyncCMDOPClient | None,
) -> AsyncGenerator[Any, Any]:
    """Yield what an async generator function yields until it ends by itself."""
    seen = Seen(plan.key)
    async with AsyncSupply(given, plan.agent) as supply:
        async for attempt in plan.async_attempts(name, supply):
            with attempt:
                rows = call(await supply.ready())
                try:
                    row = await anext(rows)
                    while True:
                        if not seen.is_new(row):
                            row = await anext(rows)
                            continue
                        try:
                            sent = yield row
                        except GeneratorExit:
                            raise
                        except BaseException as thrown:  # noqa: BLE001 -- the inner one's to handle
                            row = await rows.athrow(thrown)
                        else:
                            row = await rows.asend(sent)
                except StopAsyncIteration:
                    return
                finally:
                    await rows.aclose()
