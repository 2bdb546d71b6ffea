"""What `python -m agent_bridge` does: serve, find or install a browser, clean up."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

# gRPC would run its handlers at every start of a browser's driver, and complain that
# it cannot; nothing here forks without exec. Read when grpc is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")

from agent_bridge.observation import log
from agent_bridge.supervision import prctl
from cmdop_browser.exceptions import BrowserNotInstalledError, CMDOPError, ConfigurationError
from cmdop_browser.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from agent_bridge.browser.executable import InstalledBrowser

T = TypeVar("T")

_EXIT_USAGE = 2
# Chromium answers in some ten milliseconds, on a busy machine in a hundred times as many.
_VERSION_SECONDS: Final = 2.0
_VERSION: Final = re.compile(r"\b\d+(\.\d+){3}\b")
# What an agent may take beyond its running calls: closing browsers, removing their profiles.
_CLOSING_SECONDS: Final = 10.0
# The agent renews its record every second. One that is silent for so long is stopped, or
# its event loop hangs; its clients have given up on it before.
_SILENCE_SECONDS: Final = 15.0


def main(words: list[str] | None = None) -> int:
    """Run a command; returns the exit code of the process."""
    arguments = _parser().parse_args(words)
    try:
        settings = Settings.load()
    except ConfigurationError as error:
        return _configuration_wrong(arguments, error)
    log.set_up(settings, agent=getattr(arguments, "agent", None), file=getattr(arguments, "log_file", None))
    code: int = arguments.run(arguments, settings)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m agent_bridge", description="The agent of cmdop-browser.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run an agent until it is told to stop")
    serve.add_argument("--agent", default="default", metavar="NAME", help="its name")
    serve.add_argument("--idle-exit", type=float, metavar="SECONDS", help="end after so long without clients")
    serve.add_argument("--ready-fd", type=int, metavar="FD", help="where to report that it is ready")
    serve.add_argument(
        "--log-file", type=Path, metavar="FILE", help="what stderr leads to; set aside when large"
    )
    serve.add_argument("--supervised", action="store_true", help="start it again when it crashes")
    serve.add_argument(
        "--max-crashes",
        type=int,
        default=5,
        metavar="N",
        help="so many crashes within the window are too many",
    )
    serve.add_argument("--crash-window", type=float, default=60.0, metavar="SECONDS", help="see there")
    serve.add_argument("--turn-fd", type=int, metavar="FD", help=argparse.SUPPRESS)
    serve.add_argument("--supervisor", type=int, metavar="PID", help=argparse.SUPPRESS)
    serve.set_defaults(run=_serve)
    browsers = commands.add_parser("browsers", help="list the browsers that could be driven")
    browsers.add_argument("--json", action="store_true", help="report as JSON")
    browsers.set_defaults(run=_browsers)
    clean = commands.add_parser("clean", help="remove what an agent that does not run has left")
    clean.add_argument("--agent", default="default", metavar="NAME", help="its name")
    clean.add_argument("--json", action="store_true", help="report as JSON")
    clean.set_defaults(run=_clean)
    install = commands.add_parser("install", help="find a browser, or install one")
    install.add_argument("--json", action="store_true", help="report as JSON")
    install.set_defaults(run=_install)
    return parser


def _serve(arguments: argparse.Namespace, settings: Settings) -> int:
    # As the first process of a container it would be the init, and there would be nobody
    # to clean up after it: so that becomes another's part.
    alone = arguments.supervisor is None and arguments.ready_fd is None
    if alone and (arguments.supervised or os.getpid() == 1):
        return _become_supervisor(arguments, settings)
    if arguments.supervisor is not None:
        prctl.end_with_parent(arguments.supervisor)
    from agent_bridge.startup import serve  # noqa: PLC0415 -- the other commands need no server

    idle_exit = arguments.idle_exit if arguments.idle_exit is not None else settings.idle_exit
    return _run(
        serve(
            arguments.agent,
            settings,
            idle_exit=idle_exit,
            ready_fd=arguments.ready_fd,
            turn_fd=arguments.turn_fd,
            supervised=arguments.supervisor is not None,
        )
    )


def _become_supervisor(arguments: argparse.Namespace, settings: Settings) -> int:  # noqa: RET503
    """Have the supervisor take the place of this process; returns, with the exit code, only if it cannot."""
    from agent_bridge.supervision import program, supervisor  # noqa: PLC0415
    from cmdop_browser.wire.rendezvous import AgentPaths  # noqa: PLC0415

    try:
        paths = AgentPaths.of(arguments.agent, settings.runtime_dir)
        paths.create()
    except CMDOPError as error:
        _failed(arguments, error)
        return _EXIT_USAGE
    idle_exit = () if arguments.idle_exit is None else (f"--idle-exit={arguments.idle_exit}",)
    # The agent's stderr will be a pipe, whatever this one is.
    os.environ["CMDOP_LOG_FORMAT"] = log.resolved_format(settings)
    supervisor.replace_process(
        supervisor.Orders(
            agent=arguments.agent,
            directory=str(paths.directory),
            stop_seconds=settings.drain_timeout + _CLOSING_SECONDS,
            silence_seconds=_SILENCE_SECONDS,
            respawn=arguments.supervised,
            max_crashes=arguments.max_crashes,
            crash_window=arguments.crash_window,
            command=tuple(program.command("agent_bridge", "serve", f"--agent={arguments.agent}", *idle_exit)),
        )
    )


def _browsers(arguments: argparse.Namespace, settings: Settings) -> int:
    from agent_bridge.browser.executable import find_browser, find_browsers, launch_arguments  # noqa: PLC0415

    try:
        used = find_browser(settings)
        version = _version(used)
    except CMDOPError as error:
        return _failed(arguments, error)
    others = [browser for browser in find_browsers() if browser.path != used.path]
    found = [{"path": str(browser.path), "kind": browser.kind.value} for browser in (used, *others)]
    # Not what the settings ask for, but what could be had.
    sandbox = launch_arguments(used, settings.model_copy(update={"sandbox": "auto"})).sandboxed
    report = {**_described(used), "version": version, "sandbox": sandbox, "found": found}
    _print(arguments, report, "\n".join(str(browser) for browser in (used, *others)))
    return 0


def _clean(arguments: argparse.Namespace, settings: Settings) -> int:
    from agent_bridge.lifecycle import AgentLock  # noqa: PLC0415
    from agent_bridge.supervision import orphans  # noqa: PLC0415
    from cmdop_browser.wire.rendezvous import AgentPaths, kept  # noqa: PLC0415

    try:
        paths = AgentPaths.of(arguments.agent, settings.runtime_dir)
        with AgentLock.acquire(paths):
            instances, sessions = orphans.sweep(paths), kept.remove_all(paths)
    except CMDOPError as error:
        return _failed(arguments, error)
    report = {"instances": instances, "sessions": sessions}
    _print(arguments, report, f"removed what is left of {len(instances)} instances and {sessions} sessions")
    return 0


def _install(arguments: argparse.Namespace, settings: Settings) -> int:
    from agent_bridge.browser.install import install  # noqa: PLC0415

    try:
        used = _run(install(settings, lambda line: print(line, file=sys.stderr, flush=True)))  # noqa: T201
    except CMDOPError as error:
        return _failed(arguments, error)
    _print(arguments, _described(used), f"agents will use {used}")
    return 0


def _version(browser: InstalledBrowser) -> str | None:
    """Run *browser* to ask for its version; None when it did not answer in time.

    Raises:
        BrowserNotInstalledError: It does not run, or is no Chromium.
    """
    try:
        done = subprocess.run(  # noqa: S603 -- the program that agents run, too
            [browser.path, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise _no_browser(browser, error.strerror or str(error)) from error
    found = _VERSION.search(done.stdout.decode(errors="replace"))
    if done.returncode == 0 and found:
        return found.group()
    complaint = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode:
        why = f"exit code {done.returncode}" + (f": {complaint[-1]:.200}" if complaint else "")
    else:
        why = "it names no version as Chromium does"
    raise _no_browser(browser, why)


def _no_browser(browser: InstalledBrowser, why: str) -> BrowserNotInstalledError:
    configured = browser.kind.value == "configured"
    return BrowserNotInstalledError(
        f"{browser} does not run as a Chromium: {why}",
        backend="chromium",
        install_hint="cmdop-browser install",
        tips=(("correct or remove the setting (CMDOP_BROWSER_PATH)",) if configured else ())
        + (f"see what it says: {browser.path} --version", "see: cmdop-browser install"),
    )


def _described(browser: InstalledBrowser) -> dict[str, Any]:
    return {"used": str(browser.path), "kind": browser.kind.value}


def _configuration_wrong(arguments: argparse.Namespace, error: ConfigurationError) -> int:
    ready_fd = getattr(arguments, "ready_fd", None)
    if ready_fd is not None:
        from agent_bridge.lifecycle import Report  # noqa: PLC0415

        Report(ready_fd).failure(error)
    _failed(arguments, error)
    return _EXIT_USAGE


def _failed(arguments: argparse.Namespace, error: CMDOPError) -> int:
    if getattr(arguments, "json", False):
        print(json.dumps({"error": error.to_dict()}))  # noqa: T201 -- the command's output
    else:
        print(error, file=sys.stderr)  # noqa: T201
    return 1


def _print(arguments: argparse.Namespace, report: dict[str, Any], text: str) -> None:
    print(json.dumps(report) if arguments.json else text)  # noqa: T201 -- the command's output


def _run(main: Coroutine[Any, Any, T]) -> T:
    try:
        import uvloop  # noqa: PLC0415 -- there is none on some systems
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
