"""Every public call under every fault: the documented error with its fields, and nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from agent_bridge.supervision import processes
from cmdop_browser.exceptions import (
    AgentNotRunningError,
    AgentOfflineError,
    BrowserError,
    BrowserSessionClosedError,
    CloseReason,
    ConnectionError,
    ConnectionLostError,
    ElementCause,
    NavigationCause,
    Outcome,
    SessionNotFoundError,
    StalePortFileError,
)
from tests.process.faults import calls, faults
from tests.process.faults.bench import LONG, on_both_benches

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from tests.process.faults.bench import Bench

NAMES = tuple(calls.ARGUMENTS)

# To make one of these twice is not to make it once.
ACTS = {
    *("click", "fill", "type", "press", "hover", "check", "uncheck", "select_option", "upload"),
    *("back", "forward", "reload", "evaluate", "set_cookies", "clear_cookies"),
}
# These ask the agent or the browser, not the page, and may be answered while the page is stuck.
NOT_OF_THE_PAGE = {
    "url",
    "info",
    "close",
    "wait_for_idle",
    "cookies",
    "set_cookies",
    "clear_cookies",
    "storage_state",
}
# These stop the script, and then do what they were asked for if there is time.
LEAVING = {"navigate", "back", "forward", "reload"}
SHORT = 0.5
# Asks before it turns for ever, in one go: whoever sees the request knows that nothing else runs any more.
BLOCK = """(url) => { setTimeout(() => {
  const asking = new XMLHttpRequest(); asking.open('GET', url, false); asking.send();
  for (;;);
}); }"""


def wrong_about_loss(name: str, came: Any, session: Any, reason: CloseReason, outcome: Outcome) -> str:
    """What a call does not say rightly about the loss of its session; "" when all is well."""
    if not isinstance(came, BrowserSessionClosedError):
        return f"{name}: {came!r}"
    told = (came.reason, came.outcome, came.action, came.session_id, session.is_closed)
    due = (reason, outcome, calls.action(name), session.id, True)
    if told != due:
        return f"{name}: {told}, not {due}"
    may_run_again = outcome is Outcome.NOT_EXECUTED or name not in ACTS
    safe = may_run_again and reason is not CloseReason.CLOSED_BY_CALLER
    if came.retryable is not safe:
        return f"{name}: retryable is {came.retryable}"
    helpful = bool(came.tips) or reason is CloseReason.CLOSED_BY_CALLER
    return "" if helpful and came.error_detail and came.user_message() else f"{name}: says too little"


def wrong_about_stuck_page(name: str, came: Any) -> str:
    """What a call does not say rightly about a page that does not answer; "" when all is well."""
    if not isinstance(came, Exception):
        return "" if name in NOT_OF_THE_PAGE else f"{name}: came back with {came!r}"
    if not isinstance(came, BrowserError):
        return f"{name}: {came!r}"
    if isinstance(came, BrowserSessionClosedError):
        # Calls that come when it has been seen already do not run.
        good = came.reason is CloseReason.RENDERER_HANG and came.outcome in set(Outcome)
    else:
        good = came.cause in {ElementCause.PAGE_HUNG, NavigationCause.HUNG}
    good = good and came.action == calls.action(name) and came.session_id is not None
    return "" if good else f"{name}: {came!r}"


def fail_if_wrong(found: Iterable[str]) -> None:
    """Fail with all that is wrong, a line for each call."""
    lines = list(filter(None, found))
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


def test_every_public_call_has_a_row() -> None:
    assert set(calls.ARGUMENTS) == calls.public_calls()
    assert set(calls.CLIENT_ARGUMENTS) == calls.public_client_calls()


# The session is gone before the call


@pytest.mark.parametrize("fault", faults.FAULTS, ids=str)
@on_both_benches
async def test_calls_on_a_session_that_is_gone(bench: Bench, fault: faults.Fault) -> None:
    session = await bench.client.browser.create_session(**dict(fault.options))
    handles = dict(zip(NAMES, await bench.handles(session, len(NAMES)), strict=True))
    await fault.strike(bench, session)
    if fault is faults.ENDED:
        await bench.noticed()
    await assert_all_lost(bench, handles, fault.reason)


@on_both_benches
async def test_calls_on_a_session_whose_agent_was_killed_and_replaced(bench: Bench) -> None:
    session = await bench.client.browser.create_session()
    early = dict(zip(NAMES, await bench.handles(session, len(NAMES)), strict=True))
    late = dict(zip(NAMES, await bench.handles(session, len(NAMES)), strict=True))
    await faults.KILLED.strike(bench, session)
    await bench.noticed()
    await assert_all_lost(bench, early, faults.KILLED.reason)
    await bench.once(bench.place.start_agent)
    await bench.client.reconnect()
    await assert_all_lost(bench, late, faults.KILLED.reason)


@on_both_benches
async def test_calls_on_a_session_whose_client_is_gone(bench: Bench) -> None:
    with faults.session_of_another_client() as (session_id, other):
        handles = {name: await bench.client.browser.get_session(session_id) for name in NAMES}
        other.kill()
        await bench.until_gone(session_id)
        await assert_all_lost(bench, handles, CloseReason.CLIENT_GONE)


async def assert_all_lost(bench: Bench, handles: dict[str, Any], reason: CloseReason) -> None:
    wrong = []
    for name, handle in handles.items():
        # The agent says so the first time, the client itself the second.
        for _ in range(2):
            came = await bench.call(handle, name)
            if name == "close":
                assert came is None
            else:
                wrong.append(wrong_about_loss(name, came, handle, reason, Outcome.NOT_EXECUTED))
            assert handle.is_closed
            assert (handle.id in repr(handle), handle.name) == (True, "")
    fail_if_wrong(wrong)


# It goes while the call is under way


DURING = [
    pytest.param(faults.RENDERER, faults.is_renderer, id="renderer killed"),
    pytest.param(faults.BROWSER, faults.is_browser, id="browser killed"),
    pytest.param(faults.DRIVER, faults.is_driver, id="driver killed"),
    pytest.param(faults.KILLED, faults.is_browser, id="agent killed"),
    pytest.param(faults.ENDED, faults.is_browser, id="agent terminated"),
]


@pytest.mark.parametrize(("fault", "is_held_up"), DURING)
async def test_calls_under_way_when_the_session_goes(
    bench: Bench, fault: faults.Fault, is_held_up: Callable[[list[str]], bool]
) -> None:
    sessions = dict(zip(NAMES, await bench.sessions(len(NAMES)), strict=True))
    for name in ("back", "forward"):
        await give_history(bench, sessions[name])
    # What stands still answers nobody: each call is certain to be under way.
    with faults.held_up(bench.processes(is_held_up)):
        made = {name: asyncio.ensure_future(bench.call(sessions[name], name)) for name in NAMES}
        await bench.until_running({sessions[name].id: call for name, call in made.items() if name != "close"})
        answered = {name for name, call in made.items() if call.done()}
        # A dead page needs no word of the browser to be at rest.
        may_answer = NOT_OF_THE_PAGE if fault is faults.RENDERER else {"url", "close", "wait_for_idle"}
        assert answered <= may_answer
        await strike_under_way(bench, fault)
        if fault is faults.ENDED:  # what ran on would answer before the agent's end
            await asyncio.wait(made.values())
    await asyncio.wait(made.values())
    if fault is faults.ENDED:
        await asyncio.to_thread(bench.agent.process.wait, 30)
    wrong = []
    for name, call in made.items():
        came = call.result()
        if name in answered or (name in may_answer and not isinstance(came, Exception)):
            assert not isinstance(came, Exception), (name, came)
        else:
            wrong.append(wrong_about_loss(name, came, sessions[name], fault.reason, Outcome.UNKNOWN))
    fail_if_wrong(wrong)


async def strike_under_way(bench: Bench, fault: faults.Fault) -> None:
    if fault is faults.KILLED:
        bench.agent.kill()
    elif fault is faults.ENDED:
        bench.agent.process.terminate()
    else:
        is_wanted = {
            faults.RENDERER: faults.is_renderer,
            faults.BROWSER: faults.is_browser,
            faults.DRIVER: faults.is_driver,
        }[fault]
        for process in bench.processes(is_wanted):
            processes.kill([process])
            # One after the other: thirty renderers that die at once while they navigate have made Chromium
            # itself trap, which is another fault than this one.
            await asyncio.to_thread(processes.wait_until_ended, [process], 10)


async def give_history(bench: Bench, session: Any) -> None:
    """Have a page before and one after the session's page."""
    for path in ("/plain.html", "/links.html", "/forms.html"):
        await session.navigate(bench.site.at(path))
    await session.back()


# The page does not answer


def batched(names: Sequence[str], size: int) -> list[Sequence[str]]:
    return [names[at : at + size] for at in range(0, len(names), size)]


@pytest.mark.parametrize("names", batched(NAMES, -(-len(NAMES) // 3)), ids=lambda names: names[0])
async def test_calls_on_a_page_that_a_script_blocks(bench: Bench, names: Sequence[str]) -> None:
    wrong = []
    # One after the other: each of these pages takes all the time that a core has, and what else
    # there is has to find out in half a second.
    for name in names:
        session = await bench.client.browser.create_session()
        if name in {"back", "forward"}:
            await give_history(bench, session)
        else:
            await session.navigate(bench.site.at("/plain.html"))
        await session.evaluate(calls.FORM)
        await session.evaluate(BLOCK, bench.site.at(f"/blocked/{bench.flavour}/{name}"))
        await bench.site.records.arrival(f"/blocked/{bench.flavour}/{name}")
        wrong.append(await wrong_on_stuck_page(bench, session, name, may_answer=LEAVING))
        await session.close()
    fail_if_wrong(wrong)


async def test_calls_on_a_page_that_stands_still(bench: Bench) -> None:
    wrong: list[str] = []
    # A browser that loses dozens of renderers in one moment may itself trap.
    for names in batched(NAMES, 6):
        sessions = dict(zip(names, await bench.sessions(len(names)), strict=True))
        for name in {"back", "forward", "reload"} & sessions.keys():
            await give_history(bench, sessions[name])
        with faults.stopped(bench.processes(faults.is_renderer)):
            wrong += await asyncio.gather(
                *(wrong_on_stuck_page(bench, session, name) for name, session in sessions.items())
            )
        for session in sessions.values():
            await session.close()
    fail_if_wrong(wrong)


async def wrong_on_stuck_page(
    bench: Bench, session: Any, name: str, *, may_answer: Container[str] = ()
) -> str:
    """Make a call on a page that is stuck; returns what it does not say rightly."""
    came = await bench.call(session, name, SHORT)
    if name in may_answer and not isinstance(came, Exception):
        return ""
    return wrong_about_stuck_page(name, came)


@on_both_benches
async def test_calls_to_an_agent_that_stands_still(bench: Bench) -> None:
    session = await bench.client.browser.create_session(timeout=LONG)
    handles = dict(zip(NAMES, await bench.handles(session, len(NAMES)), strict=True))
    async with bench.during(lambda: faults.stopped([bench.agent_process])):
        made = {name: asyncio.ensure_future(bench.call(handles[name], name, SHORT)) for name in NAMES}
        await asyncio.wait(made.values())
    wrong = []
    for name, call in made.items():
        came = call.result()
        # It may come back, and the session with it.
        good = came is None if name == "close" else isinstance(came, AgentOfflineError) and came.last_seen
        if not good or handles[name].is_closed is not (name == "close"):
            wrong.append(f"{name}: {came!r}")
    fail_if_wrong(wrong)


# Calls that need no session


@on_both_benches
async def test_calls_of_the_client_when_the_agent_is_killed(bench: Bench) -> None:
    await bench.once(bench.agent.kill)
    for name, came in (await bench.client_calls()).items():
        if name in {"reconnect", "local"}:
            assert isinstance(came, StalePortFileError), (name, came)
            assert came.reason
            assert came.discovery_path
        else:
            assert isinstance(came, AgentOfflineError | ConnectionLostError), (name, came)
            assert came.agent_id


@on_both_benches
async def test_calls_of_the_client_when_the_agent_is_another_one(bench: Bench) -> None:
    await bench.once(bench.place.replace_agent)
    for name, came in (await bench.client_calls(without=("reconnect", "local"))).items():
        assert isinstance(came, AgentOfflineError | ConnectionLostError), (name, came)
    await bench.client.reconnect()
    assert_all_work(await bench.client_calls())


@on_both_benches
async def test_calls_of_the_client_when_the_agent_has_ended(bench: Bench) -> None:
    await bench.once(bench.agent.process.terminate)
    await asyncio.to_thread(bench.agent.process.wait, 30)
    for name, came in (await bench.client_calls()).items():
        if name in {"reconnect", "local"}:
            assert isinstance(came, AgentNotRunningError), (name, came)
            assert came.agent == "default"
        else:
            assert isinstance(came, AgentOfflineError | ConnectionLostError), (name, came)


@on_both_benches
async def test_calls_of_the_client_when_the_agent_stands_still(bench: Bench) -> None:
    async with bench.during(lambda: faults.stopped([bench.agent_process])):
        # None of them needs what another one does: what they wait for they wait for together.
        names = [name for name in calls.CLIENT_ARGUMENTS if name != "reconnect"]
        errors = await asyncio.gather(*(bench.client_call(name, SHORT) for name in names))
        came = dict(zip(names, errors, strict=True))
        came["reconnect"] = await bench.client_call("reconnect", SHORT)
    for name, error in came.items():
        assert isinstance(error, AgentOfflineError), (name, error)
        assert ("connect" if name in {"local", "reconnect"} else name) in error.message
        assert error.last_seen is not None


@pytest.mark.parametrize("is_wanted", [faults.is_browser, faults.is_driver])
@on_both_benches
async def test_calls_of_the_client_after_the_browser_died(
    bench: Bench, is_wanted: Callable[[list[str]], bool]
) -> None:
    session = await bench.client.browser.create_session()
    await bench.kill(is_wanted)
    await bench.until_gone(session.id)
    assert_all_work(await bench.client_calls())


@on_both_benches
async def test_calls_of_a_client_that_is_closed(bench: Bench) -> None:
    async with bench.flavour.local() as client:
        pass
    for name, came in (await bench.client_calls(client=client, without=("local",))).items():
        assert type(came) is ConnectionError, (name, came)
        assert came.tips


def assert_all_work(came: dict[str, Any]) -> None:
    assert isinstance(came.pop("get_session"), SessionNotFoundError)
    for name, result in came.items():
        assert not isinstance(result, Exception), (name, result)
