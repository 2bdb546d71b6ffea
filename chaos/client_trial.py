"""Trials in which the client is struck: what the agent makes of it, and whether one that lives goes on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from chaos.bench import flavour_of, is_driver
from chaos.cells import During, Fault
from chaos.trial import Hung, Late, Trial, bounded, check_nothing_left, in_time
from cmdop_browser.exceptions import CMDOPError
from tests.process.faults import standstill

if TYPE_CHECKING:
    from chaos.bench import Bench
    from chaos.cells import Cell

# How long a client that lives on stands still.
_STANDSTILL: Final = 1.5
_POLL: Final = 0.005
# The lease's grace time of the bench's agents, and how soon after it the sessions are closed.
_GRACE: Final = 1.0
_CLOSED_WITHIN: Final = 2.0
_WAS_OVER: Final = "each time the client had its answer before it was struck"


async def run(bench: Bench, cell: Cell, number: int) -> Trial:
    """Make one trial of a cell whose victim is the client."""
    return await in_time(_strike_once, bench, cell, number)


async def _strike_once(bench: Bench, cell: Cell, number: int) -> Trial:
    flavour = flavour_of(number).name
    trial = Trial(str(cell), flavour)
    await bench.prepare()
    name = f"{time.monotonic_ns()}"
    fillers = []
    process: subprocess.Popen[str] | None = None
    try:
        if cell.during is During.QUEUE:
            fillers = [await bench.control.browser.create_session() for _ in range(2)]
        elif cell.during is During.CREATE:
            await bench.have_no_browser(bench.control)
        # Not asyncio's: its waiting thread would take the news of a thread that stands still.
        process = subprocess.Popen(  # noqa: ASYNC220 -- said above
            [
                *(sys.executable, "-m", "chaos.client", flavour, cell.during, cell.mode),
                *(bench.site.at("/plain.html"), bench.site.at(f"/gate/{name}")),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        await _strike(bench, cell, process, name, fillers, trial)
    except Hung as exc:
        trial.hung = True
        trial.wrong.append(str(exc))
    except (TimeoutError, CMDOPError) as exc:
        trial.wrong.append(f"{type(exc).__name__}: {exc}")
    finally:
        bench.site.open_gate(name)
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.communicate)
        for filler in fillers:
            with contextlib.suppress(CMDOPError):
                await filler.close()
    await check_nothing_left(bench, cell, [], trial)
    return trial


async def _strike(  # noqa: PLR0917 -- what a trial consists of
    bench: Bench, cell: Cell, process: subprocess.Popen[str], name: str, fillers: list[Any], trial: Trial
) -> None:
    session_id = await bounded(_under_way(bench, cell, process, name), "the client's call")
    began = time.monotonic()
    _hit(cell, process)
    if cell.fault is not Fault.HANG:
        gone = await bounded(_noticed(bench, cell, session_id), "the agent's noticing")
        trial.detection = gone - began if gone is not None else None
    if await bench.bystander.dom.count("body", timeout=5.0) != 1:
        trial.wrong.append("the bystander has lost its page")
    if cell.fault is Fault.SIGKILL:
        await asyncio.to_thread(process.wait)
        bench.site.open_gate(name)
        await _closed_after_grace(bench, session_id, began, trial)
        return
    # Less than its lease's grace time, so nothing is lost: it goes on where it was.
    await asyncio.sleep(max(0.0, began + _GRACE * 0.8 - time.monotonic()))
    bench.site.open_gate(name)
    if cell.fault is Fault.HANG:
        standstill.let_go(process.pid)
    else:
        standstill.resume(process.pid)
    for filler in fillers:
        await filler.close()
    resumed = time.monotonic()
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()
    trial.came = await bounded(_line(process), "the client that goes on")
    trial.recovery = time.monotonic() - resumed
    if trial.came != "came True":
        trial.wrong.append(f"the client that goes on says {trial.came!r}")
    await bounded(asyncio.to_thread(process.wait), "the client's end")


def _hit(cell: Cell, process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        raise Late(_WAS_OVER)
    if cell.fault is not Fault.HANG:
        process.send_signal(signal.SIGKILL if cell.fault is Fault.SIGKILL else signal.SIGSTOP)
        return
    try:
        standstill.hold(process.pid)
    except PermissionError as exc:  # it is about to end
        raise Late(_WAS_OVER) from exc


async def _under_way(bench: Bench, cell: Cell, process: subprocess.Popen[str], name: str) -> str | None:
    """Wait until its call is under way; returns its session's id, if it has one."""
    session_id = None
    if cell.during not in {During.QUEUE, During.CREATE}:
        session_id = await _line(process)
    await _line(process)
    match cell.during:
        case During.NAVIGATE | During.CLICK | During.SOUP:
            await bench.site.records.arrival(f"/gate/{name}")
        case During.QUEUE:
            while (await bench.pressure()).queued != 1:
                await asyncio.sleep(_POLL)
        case During.CREATE:
            await bench.victim_appears(is_driver)
    return session_id


async def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return (await asyncio.to_thread(process.stdout.readline)).strip()


async def _noticed(bench: Bench, cell: Cell, session_id: str | None) -> float | None:
    """When the agent shows that the client is away; None where it shows nothing of it."""
    if session_id is None:
        if cell.fault is Fault.SIGKILL and cell.during is During.QUEUE:
            while (await bench.pressure()).queued:
                await asyncio.sleep(_POLL)
            return time.monotonic()
        return None
    while True:
        known = {info.id: info for info in await bench.control.browser.list_sessions()}
        if session_id not in known or known[session_id].client_id is None:
            return time.monotonic()
        await asyncio.sleep(_POLL)


async def _closed_after_grace(bench: Bench, session_id: str | None, began: float, trial: Trial) -> None:
    """A client that is gone loses its sessions when its lease ends, and no sooner."""
    if session_id is None:
        return
    while any(info.id == session_id for info in await bench.control.browser.list_sessions()):
        if time.monotonic() - began > _GRACE + _CLOSED_WITHIN:
            trial.wrong.append("the session of a killed client is kept after its grace time")
            return
        await asyncio.sleep(_POLL)
    kept = time.monotonic() - began
    if kept < _GRACE * 0.9:
        trial.wrong.append(f"the session of a killed client was kept for {kept:.2f} s only")
