"""The process that cleans up after an agent that is killed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
from typing import TYPE_CHECKING, Final, Self

import psutil

from agent_bridge.observation import log as log_form
from agent_bridge.supervision import program
from agent_bridge.supervision.orphans import INSTANCE_VARIABLE
from agent_bridge.supervision.processes import ExitWatch, is_stopped

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

log = logging.getLogger(__name__)

_NOTHING_TO_DO: Final = b"."
_END_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 1.0
# Who kills it again and again does not want it.
_STARTS: Final = 10


class Watchdog:
    """Has a process of its own clean up if this one is killed: a context manager, inside an event loop.

    Nothing can be sent by a process that is killed, but the kernel closes its files: the
    watchdog waits on a pipe of which the agent alone has the other end. Without one, that
    work is left to the next agent of the name. One that is killed is replaced, and so is one that
    is halted, since it would clean up nothing.

    Args:
        note: Of what this instance may leave behind; it need not exist yet.
    """

    def __init__(self, note: Path) -> None:
        self._note = note
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: ExitWatch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._was_halted = False
        self._starts = 0

    def __enter__(self) -> Self:
        self._start()
        self._look()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the watchdog go; there must be nothing left to clean up."""
        if self._timer is not None:
            self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        process = self._process
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):  # it was killed just now
            process.stdin.write(_NOTHING_TO_DO)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:  # it is stopped
            process.kill()
            process.wait()

    def _start(self) -> None:
        self._starts += 1
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- our own program
                program.command("agent_bridge.supervision.reaper", str(self._note), log_form.word()),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                bufsize=0,
                # Out of reach of what is sent to the agent's group, by a terminal or by a client.
                start_new_session=True,
                cwd="/",
                # The next agent kills it, too, if it finds it: stopped, for example.
                env=program.environment(**{INSTANCE_VARIABLE: self._note.stem}),
            )
        except OSError as error:
            log.warning("no watchdog: %s; what is left of a killed agent waits for the next one", error)
            return
        self._watch = ExitWatch(self._process.pid, self._replace)

    def _look(self) -> None:
        process, halted = self._process, False
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):  # it is being replaced
                halted = is_stopped(psutil.Process(process.pid))
        if process is not None and halted and self._was_halted:
            log.warning("the watchdog is halted, and is replaced")
            process.kill()
        self._was_halted = halted
        self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _replace(self) -> None:
        log.warning("the watchdog was ended by somebody")
        if self._process is not None:
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None
        if self._starts < _STARTS:
            self._start()
