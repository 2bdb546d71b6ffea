"""One trial of one cell: the scene, the fault, and everything that is held against what is documented."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import psutil

from chaos.bench import PATIENCE, flavour_of, is_renderer
from chaos.cells import During, Fault, Mode, Victim
from chaos.documented import NotHere, documented
from chaos.scenes import SCENES, Queue
from cmdop_browser.exceptions import BrowserSessionClosedError, CloseReason, CMDOPError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chaos.bench import Bench
    from chaos.cells import Cell
    from chaos.documented import Due
    from chaos.scenes import Scene

# After this long nothing of a killed process is left, says docs/operations.md.
_CLEAN_WITHIN: Final = 10.0
_BYSTANDER_WITHIN: Final = 5.0
_POLL: Final = 0.005
_PAUSE: Final = 0.05
# A reply takes a few milliseconds, another page a hundred.
_ON_ITS_WAY: Final = 0.02
_STRIKES: Final = 3


@dataclass
class Trial:
    """What came of it.

    Attributes:
        wrong: All that is not as it should be; empty when all is well.
        hung: Whether something did not come back within its time.
        bare: Whether an exception of another kind than ours came out.
        detection: Seconds from the fault until it was known; None where nothing tells.
        recovery: Seconds from the fault until a call worked again.
        came: What the call came to.
        seconds: How long all of it took, the scene included.
        stolen: The share of the processors' time that the machine's host gave to others meanwhile.
    """

    cell: str
    flavour: str
    wrong: list[str] = field(default_factory=list)
    hung: bool = False
    bare: bool = False
    detection: float | None = None
    recovery: float | None = None
    came: str = ""
    seconds: float = 0.0
    stolen: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The trial as JSON holds it."""
        return asdict(self)


class Hung(Exception):  # noqa: N818 -- what a trial is about, not a failure of it
    """Something did not come back."""


class Late(Exception):  # noqa: N818 -- same
    """The fault struck when the call was over: that was no trial."""


async def bounded(awaitable: Awaitable[Any], what: str, seconds: float = PATIENCE) -> Any:
    """Await *awaitable* for so long; when it does not come back, every stack is dumped.

    The stacks are dumped by a thread that needs neither the event loop nor the
    interpreter's lock, so also when those are what hangs.

    Raises:
        Hung: It did not come back.
    """
    faulthandler.dump_traceback_later(seconds + 5, exit=False, file=sys.stderr)
    task = asyncio.ensure_future(awaitable)
    try:
        # Not wait_for: some of our own errors are TimeoutErrors, too.
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if done:
            return task.result()
        faulthandler.dump_traceback(file=sys.stderr)
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
        task.cancel()
        raise Hung(f"{what} did not come back within {seconds:g} s")
    finally:
        faulthandler.cancel_dump_traceback_later()


async def run(bench: Bench, cell: Cell, number: int) -> Trial:
    """Make one trial of a cell that applies."""
    return await in_time(_strike_once, bench, cell, number)


async def in_time(
    once: Callable[[Bench, Cell, int], Awaitable[Trial]], bench: Bench, cell: Cell, number: int
) -> Trial:
    """Make one trial; one that strikes too late is made again."""
    for _ in range(_STRIKES):
        try:
            return await once(bench, cell, number)
        except Late as exc:
            late = str(exc)
    return Trial(str(cell), flavour_of(number).name, [late])


async def _strike_once(bench: Bench, cell: Cell, number: int) -> Trial:
    due = documented(cell)
    assert not isinstance(due, NotHere)
    flavour = flavour_of(number)
    trial = Trial(str(cell), flavour.name)
    await bench.prepare()
    # What the scene opens is closed with its client, also where the trial goes wrong.
    client = await flavour.local(start=True, timeout=PATIENCE)
    scene = SCENES[cell.during](bench, client, cell, f"{time.monotonic_ns()}")
    family = [bench.agent, *bench.agent.children(recursive=True)] if cell.victim is Victim.AGENT else []
    try:
        await bounded(scene.prepare(), "the scene", 2 * PATIENCE)
        await _trial(scene, due, trial)
    except Hung as exc:
        trial.hung = True
        trial.wrong.append(str(exc))
    except TimeoutError as exc:
        trial.wrong.append(f"{type(exc).__name__}: {exc}")
    except CMDOPError as exc:
        trial.wrong.append(f"outside of the call: {_short(exc)}")
    finally:
        scene.undo()
        scene.release()
        with contextlib.suppress(CMDOPError, Hung):
            await bounded(client.__aexit__(None, None, None), "closing the client")
    await check_nothing_left(bench, cell, family, trial)
    return trial


async def _trial(scene: Scene, due: Due, trial: Trial) -> None:
    cell = scene.cell
    call = await bounded(_begun(scene), "the call that is to be under way")
    epoch = getattr(scene.handle, "epoch", 1)
    if not scene.in_page:
        began = time.monotonic()
        await bounded(scene.strike(), "the strike")
        if cell.during is During.CREATE:
            began = time.monotonic()  # the victim had to appear first
            await _while_under_way(call)
    else:
        await bounded(scene.strike(), "the strike")
        began = time.monotonic()
    watching = asyncio.ensure_future(_detection(scene, epoch)) if _can_be_seen(scene) else None
    scene.release()
    bystander = asyncio.ensure_future(_bystander(scene))
    if watching is not None and (call is None or isinstance(scene, Queue)):
        trial.detection = await bounded(watching, "the agent's noticing") - began
    if isinstance(scene, Queue) and cell.victim is not Victim.AGENT:
        await bounded(scene.let_in(), "the end of another session")
    if call is None:
        call = asyncio.ensure_future(scene.next_call())
    came = await _outcome(call, trial)
    returned = time.monotonic()
    trial.came = _short(came)
    if watching is not None and trial.detection is None:
        first, _ = await asyncio.wait({watching}, timeout=PATIENCE)
        seen = watching.result() if first else returned
        trial.detection = (min(seen, returned) if isinstance(came, CMDOPError) else seen) - began
    _note(trial, due.wrong(came))
    if not isinstance(came, BaseException):
        _note(trial, await bounded(scene.wrong(came), "the look at the result"))
    works_already = not isinstance(came, BaseException)
    if cell.fault is Fault.HANG and cell.victim is Victim.AGENT:
        scene.undo()
        if isinstance(scene, Queue):
            await bounded(scene.let_in(), "the end of another session")
    if works_already:
        trial.recovery = returned - began
    else:
        await _recover(scene, due, trial)
        trial.recovery = time.monotonic() - began
    _note(trial, await bounded(bystander, "the bystander"))
    _note(trial, await bounded(_who_shared_it(scene), "the handle"))


async def _while_under_way(call: asyncio.Future[Any] | None) -> None:
    """Make sure that a fault which struck now struck during *call*.

    Raises:
        Late: What was to be made was there.
    """
    assert call is not None
    await asyncio.wait({call}, timeout=_ON_ITS_WAY)
    if call.done() and call.exception() is None:
        raise Late("each time the session was there before the fault")


async def _begun(scene: Scene) -> asyncio.Future[Any] | None:
    return await scene.begin()


def _note(trial: Trial, wrong: str) -> None:
    if wrong:
        trial.wrong.append(wrong)


async def _outcome(call: asyncio.Future[Any], trial: Trial) -> Any:
    try:
        return await bounded(call, "the call")
    except CMDOPError as exc:
        return exc
    except Hung:
        raise
    except Exception as exc:  # noqa: BLE001 -- that it came out is what is noted
        trial.bare = True
        return exc


# Detection


def _can_be_seen(scene: Scene) -> bool:
    cell = scene.cell
    if cell.victim is Victim.AGENT:
        return cell.fault is not Fault.HANG
    return scene.handle is not None and not (scene.in_page and cell.fault is Fault.HANG)


async def _detection(scene: Scene, epoch: int) -> float:
    """When others than the caller can see that something was lost."""
    control = scene.bench.control
    if scene.cell.victim is Victim.AGENT:
        while True:
            try:
                await control.ping(timeout=PATIENCE)
            except CMDOPError:
                return time.monotonic()
            await asyncio.sleep(_POLL)
    while True:
        known = {info.id: info for info in await control.browser.list_sessions(timeout=PATIENCE)}
        if scene.handle.id not in known or known[scene.handle.id].epoch > epoch:
            return time.monotonic()
        await asyncio.sleep(_POLL)


# Afterwards


async def _recover(scene: Scene, due: Due, trial: Trial) -> None:
    """Go on as a job would: with the same handle where it goes on, else with a new session."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if due.goes_on and scene.handle is not None and not isinstance(scene, Queue):
                await bounded(scene.next_call(), "the next call")
            else:
                await _new_session(scene)
        except CMDOPError as exc:
            if time.monotonic() > deadline:
                trial.wrong.append(f"nothing works again: {_short(exc)}")
                return
            # With the same handle nothing but the documented outcome may come first.
            if due.goes_on and scene.cell.mode is Mode.RESTORE and scene.cell.fault is not Fault.HANG:
                trial.wrong.append(f"the next call on a session that goes on: {_short(exc)}")
                return
        else:
            return
        await asyncio.sleep(_PAUSE)


async def _new_session(scene: Scene) -> None:
    if scene.cell.victim is Victim.AGENT:
        await bounded(scene.client.reconnect(timeout=PATIENCE), "reconnecting")
    fresh = await bounded(
        scene.client.browser.create_session(timeout=PATIENCE / 2, queue_timeout=1.0), "another session"
    )
    await bounded(fresh.navigate(scene.bench.site.at("/plain.html"), timeout=PATIENCE / 2), "its page")
    await bounded(fresh.close(), "closing it")


async def _bystander(scene: Scene) -> str:
    """What is wrong about a session in another browser while the fault lasts."""
    bystander, cell = scene.bench.bystander, scene.cell
    if cell.victim is Victim.AGENT:
        return ""  # it shares the process that died: looked at by `_who_shared_it`
    try:
        title = await bounded(bystander.title(timeout=_BYSTANDER_WITHIN), "the bystander")
    except CMDOPError as exc:
        return f"the bystander: {_short(exc)}"
    return "" if title else "the bystander has lost its page"


async def _who_shared_it(scene: Scene) -> str:
    """What is wrong about what others are told who shared the agent that died."""
    cell = scene.cell
    if cell.victim is Victim.AGENT and cell.fault is Fault.SIGKILL:
        try:
            await bounded(scene.bench.bystander.title(timeout=_BYSTANDER_WITHIN), "who shared the agent")
        except BrowserSessionClosedError as exc:
            return "" if exc.reason is CloseReason.AGENT_RESTART else f"who shared the agent: {_short(exc)}"
        return "who shared the agent goes on without it"
    return ""


async def check_nothing_left(bench: Bench, cell: Cell, family: list[psutil.Process], trial: Trial) -> None:
    """Slots, pages, processes and directories: as before the trial."""
    try:
        if cell.victim is Victim.AGENT and cell.fault is not Fault.HANG:
            await bench.until(
                lambda: not [process for process in family if _lives(process)],
                "the killed agent's processes are gone",
                within=_CLEAN_WITHIN,
            )
            return
        await _until_empty(bench)
        zombies = [process.pid for process in bench.agent.children(recursive=True) if not _lives(process)]
        if zombies:
            await bench.until(
                lambda: not any(map(psutil.pid_exists, zombies)), "no zombies", within=_CLEAN_WITHIN
            )
        pages = len(bench.victims(is_renderer))
        if pages > 2:
            trial.wrong.append(f"{pages} renderers are left")
        drivers = set(bench.below(lambda command: "run-driver" in command))
        homes = list((bench.place / "run" / "default" / "tmp").glob("*/browser-*"))
        if len(homes) > len(drivers):
            trial.wrong.append(f"{len(homes)} temporary directories are left of {len(drivers)} browsers")
    except TimeoutError as exc:
        trial.wrong.append(str(exc))


async def _until_empty(bench: Bench) -> None:
    deadline = time.monotonic() + 5.0
    while True:
        there = await bench.control.browser.list_sessions(timeout=5.0)
        pressure = await bench.pressure()
        if len(there) == 1 and (pressure.active, pressure.queued) == (1, 0):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{len(there)} sessions, {pressure.active} slots and {pressure.queued} waiting"
            )
        await asyncio.sleep(_PAUSE)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _short(came: Any) -> str:
    said = f"{type(came).__name__}: {' '.join(str(came).split())[:200]}"
    cause = came.__cause__ if isinstance(came, BaseException) else None
    return said if cause is None or cause is came else f"{said}, because of {_short(cause)}"
