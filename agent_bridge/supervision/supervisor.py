"""``python -m agent_bridge.supervision.supervisor``: keeps an agent running.

Small on purpose: what it does not import cannot take memory or break, so it imports
neither gRPC nor Playwright nor settings. Whoever starts it has checked those, and takes
its place: see `command_line`. As process 1 of a container it is the init, too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from agent_bridge.supervision import notify, prctl, program
from agent_bridge.supervision.respawn import Crashes, Policy
from agent_bridge.supervision.silence import Pulse

if TYPE_CHECKING:
    from types import FrameType

EXIT_FAILED: Final = 1
EXIT_EXISTS: Final = 3
EXIT_CRASH_LOOP: Final = 6

# What it dies of when it is told to end and has not come so far as to handle that.
_TOLD_TO_END: Final = frozenset({-signal.SIGTERM, -signal.SIGINT, 130})
# As a shell has it.
_CANNOT_RUN: Final = 127
# An agent that was never ready and says so itself would say the same again: its settings
# are wrong, another one runs, it has no browser.
_FINAL: Final = frozenset({2, EXIT_EXISTS, 4})
_TICK_SECONDS: Final = 1.0
# An agent is ready within a second; on a machine that is far too busy it took twenty.
_START_SECONDS: Final = 120.0
_HALTED_SECONDS: Final = 0.4  # one that soon runs on is left alone
_CLEANING_SECONDS: Final = 10.0
# Clients hold the lock for a moment to see whether it is free.
_LOCK_SECONDS: Final = 0.5
_LOCK_PAUSE: Final = 0.01
_TAIL_LINES: Final = 30
_LONGEST_LINE: Final = 500
_CHUNK: Final = 64 * 1024
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Orders(NamedTuple):
    """What a supervisor is told when it is started.

    Attributes:
        agent: The agent's name.
        directory: Of the agent's files.
        stop_seconds: How long an agent that is told to end may take.
        silence_seconds: After how long without a sign of life it is killed.
        respawn: Whether one that crashed is started again.
        max_crashes: See `Policy`.
        crash_window: See `Policy`.
        command: What runs the agent.
    """

    agent: str
    directory: str
    stop_seconds: float
    silence_seconds: float
    respawn: bool
    max_crashes: int
    crash_window: float
    command: tuple[str, ...]

    @classmethod
    def of(cls, words: list[str]) -> Orders:
        """The orders in the words of a command line."""
        agent, directory, stop_seconds, silence_seconds, respawn, max_crashes, crash_window, *command = words
        return cls(
            agent,
            directory,
            float(stop_seconds),
            float(silence_seconds),
            respawn == "respawn",
            int(max_crashes),
            float(crash_window),
            tuple(command),
        )

    def words(self) -> list[str]:
        """The orders as words of a command line."""
        how = "respawn" if self.respawn else "once"
        numbers = (
            str(self.stop_seconds),
            str(self.silence_seconds),
            how,
            str(self.max_crashes),
            str(self.crash_window),
        )
        return [self.agent, self.directory, *numbers, *self.command]


def replace_process(orders: Orders) -> NoReturn:
    """Become the supervisor: this process's place, pid and parent are its own."""
    words = program.command("agent_bridge.supervision.supervisor", *orders.words())
    # Whoever interrupts now is answered when the supervisor can: Python at its start would show a traceback.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.execve(words[0], words, program.environment())  # noqa: S606 -- our own program, without a shell


class Supervisor:
    """Runs one agent after the other until it is told to end, or it makes no sense any more."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._crashes = Crashes(Policy(max_crashes=orders.max_crashes, crash_window=orders.crash_window))
        self._lock: int | None = None
        self._asked: deque[int] = deque()
        self._stopping = self._restarting = False
        self._was_ready = False
        self._child = 0
        self._code: int | None = None
        self._tail: deque[bytes] = deque(maxlen=_TAIL_LINES)
        # One for all agents: what a dead one started may still have something to say.
        self._said, self._stderr = os.pipe()
        os.set_blocking(self._said, False)
        self._wake, self._waker = os.pipe()
        for fd in (self._wake, self._waker):
            os.set_blocking(fd, False)

    def run(self) -> int:
        """Supervise; returns the exit code of the process."""
        prctl.adopt_orphans()
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # see `replace_process`
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only wakes
        try:
            return self._run()
        except OSError as error:
            self._say(f"cannot go on: {error}")
            return EXIT_FAILED
        finally:
            self._outlive_orphans()

    def _run(self) -> int:
        while True:
            if not self._take_lock():
                self._say("another supervisor runs it")
                return EXIT_EXISTS
            code, uptime = self._run_agent()
            if code in _TOLD_TO_END:
                code = 0
            if self._stopping:
                return _exit_code(code)
            if self._restarting:
                self._restarting = False
                continue
            if code == 0 or not self._orders.respawn or (not self._was_ready and code in _FINAL):
                return _exit_code(code)
            delay = self._crashes.delay_after(time.monotonic(), uptime)
            if delay is None:
                return self._give_up(code)
            self._say(f"{_how(code)} after {uptime:.1f} s; started again in {delay:.1f} s")
            if self._pause(delay):
                return 0

    # The agent

    def _run_agent(self) -> tuple[int, float]:
        """Run the agent once; returns how it ended, as `waitstatus_to_exitcode` has it, and its uptime."""
        self._tail.clear()
        ready, report = os.pipe()
        os.set_inheritable(report, True)
        me = str(os.getpid())
        words = [*self._orders.command, f"--ready-fd={report}", f"--supervisor={me}"]
        environment = notify.without_manager(dict(os.environ))
        # Whatever else is open here is closed there.
        self._code = None
        self._halted_at: float | None = None
        try:
            self._child = os.posix_spawn(
                words[0],
                words,
                environment,
                file_actions=[(os.POSIX_SPAWN_DUP2, self._stderr, 2)],
                setsigmask=(signal.SIGINT,),  # the agent lets it through when it has begun
            )
        except OSError as error:
            os.close(ready)
            self._say(f"cannot run {words[0]}: {error.strerror}")
            return _CANNOT_RUN, 0.0
        finally:
            os.close(report)
        try:
            return self._watch(ready)
        finally:
            os.close(ready)
            self._relay()

    def _watch(self, ready: int) -> tuple[int, float]:
        ready_at: float | None = None
        kill_at: float | None = None
        killed = False
        pipes = [ready]
        # Before it is ready the sign of life that is there is that of the one before it.
        pulse: Pulse | None = None
        began = time.monotonic()
        while self._code is None:
            notify.notify(notify.ALIVE)
            if ready in self._wait(_TICK_SECONDS if self._halted_at is None else _HALTED_SECONDS, *pipes):
                pipes.clear()
                if os.read(ready, _CHUNK).startswith(b'{"ready"'):
                    ready_at = time.monotonic()
                    pulse = Pulse(f"{self._orders.directory}/agent.json", _TICK_SECONDS)
                    self._was_ready = True
                    notify.notify(notify.READY)
            if self._told_to_end():
                if self._stopping:
                    notify.notify(notify.STOPPING)
                kill_at = kill_at or time.monotonic() + self._orders.stop_seconds
                self._send(signal.SIGTERM)
            if killed:
                continue
            if kill_at is not None and time.monotonic() > kill_at:
                self._say(f"it did not end within {self._orders.stop_seconds:g} s and is killed")
                killed = True
            elif kill_at is None and pulse is None and time.monotonic() - began > _START_SECONDS:
                self._say(f"it was not ready after {_START_SECONDS:g} s and is killed")
                killed = True
            elif kill_at is None and pulse and (silence := pulse.silence()) > self._orders.silence_seconds:
                self._say(f"it has shown no life for {silence:.0f} s and is killed")
                killed = True
            elif self._halted_at is not None and time.monotonic() - self._halted_at >= _HALTED_SECONDS:
                self._say("it was stopped and is killed")
                killed = True
            if killed:
                self._send(signal.SIGKILL)
        return self._code, 0.0 if ready_at is None else time.monotonic() - ready_at

    def _send(self, number: int) -> None:
        # A dead child keeps its pid until `_wait` collects it.
        if self._code is None:
            os.kill(self._child, number)

    # Events

    def _wait(self, limit: float, *pipes: int) -> list[int]:
        """Wait for something to happen, and deal with children that ended and what was said."""
        readable, _, _ = select.select([self._wake, self._said, *pipes], [], [], limit)
        if self._wake in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, _CHUNK)
        self._relay()
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
                if pid == 0:
                    break
                # All others are orphans, which came here to be collected.
                if pid == self._child:
                    self._has_changed(status)
        return readable

    def _has_changed(self, status: int) -> None:
        if os.WIFSTOPPED(status) or os.WIFCONTINUED(status):
            self._halted_at = time.monotonic() if os.WIFSTOPPED(status) else None
        else:
            self._code = os.waitstatus_to_exitcode(status)

    def _relay(self) -> None:
        """Pass on what the agent says, and keep the last of it."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._said, _CHUNK):
                _write(chunk)
                if self._tail and not self._tail[-1].endswith(b"\n"):
                    chunk = self._tail.pop()[-_LONGEST_LINE:] + chunk
                self._tail.extend(chunk.splitlines(keepends=True))

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._asked.append(number)

    def _told_to_end(self) -> bool:
        """Whether a signal came that ends the agent; takes note of whether another follows it."""
        told = bool(self._asked)
        while self._asked:
            # A terminal that is closed sends SIGHUP, too, and means the end.
            if self._asked.popleft() == signal.SIGHUP and self._orders.respawn and not os.isatty(0):
                self._restarting = True
            else:
                self._stopping = True
        return told

    def _pause(self, delay: float) -> bool:
        """Wait before the next start; returns whether to end instead."""
        until = time.monotonic() + delay
        while not self._stopping and (left := until - time.monotonic()) > 0:
            notify.notify(notify.ALIVE)
            self._wait(min(left, _TICK_SECONDS))
            self._told_to_end()
        self._restarting = False  # it is about to be done
        return self._stopping

    def _outlive_orphans(self) -> None:
        """Wait until what a killed agent left is cleaned up by its watchdog, which came here, too.

        With process 1 of a container everything in it ends.
        """
        until = time.monotonic() + _CLEANING_SECONDS
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < until:
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                self._wait(_TICK_SECONDS)

    # The rest

    def _take_lock(self) -> bool:
        """Hold the lock of this agent's supervisor; the file says who does.

        While it is held clients leave starting the agent to the supervisor.
        """
        path = f"{self._orders.directory}/supervisor.lock"
        if self._lock is not None and _is_at(self._lock, path):
            return True
        os.makedirs(self._orders.directory, 0o700, exist_ok=True)  # noqa: PTH103 -- pathlib costs memory
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + _LOCK_SECONDS
        while not _try_lock(lock):
            if time.monotonic() > until:
                os.close(lock)
                return False
            time.sleep(_LOCK_PAUSE)
        os.ftruncate(lock, 0)
        with contextlib.suppress(OSError):  # who looks for the supervisor finds none; on a full disk, it runs
            os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock
        return True

    def _give_up(self, code: int) -> int:
        window = self._orders.crash_window
        self._say(
            f"{_how(code)}, the crash number {len(self._crashes)} within {window:g} s; giving up. "
            "It said last:"
        )
        for line in self._tail or [b"(nothing)"]:
            _write(b"  | " + line.rstrip(b"\n")[:_LONGEST_LINE] + b"\n")
        return EXIT_CRASH_LOOP

    def _say(self, text: str) -> None:
        when = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}Z"
        agent = self._orders.agent
        if os.environ.get("CMDOP_LOG_FORMAT") == "json":
            # By hand, since json takes memory. Of what could need escaping there is little here.
            said = text.replace("\\", "\\\\").replace('"', '\\"')
            fields = {"time": when, "level": "error", "logger": "supervisor", "event": said, "agent": agent}
            line = "{" + ", ".join(f'"{name}": "{value}"' for name, value in fields.items()) + "}"
        else:
            line = f"{when} ERROR supervisor of agent {agent}: {text}"
        _write(f"{line}\n".encode())


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _exit_code(code: int) -> int:
    """What a shell makes of how a process ended."""
    return 128 - code if code < 0 else code


def _how(code: int) -> str:
    return f"it was killed by {signal.Signals(-code).name}" if code < 0 else f"it ended with exit code {code}"


def _is_at(fd: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.lstat(path))
    except FileNotFoundError:
        return False


def _write(content: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody listens, and the agent must not wait for that
        while content:
            content = content[os.write(2, content) :]


if __name__ == "__main__":
    sys.exit(Supervisor(Orders.of(sys.argv[1:])).run())
