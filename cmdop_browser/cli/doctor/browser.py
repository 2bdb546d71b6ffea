"""The check that asks the agent's program which browser it would use."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, Final, Self

from cmdop_browser import _spawn
from cmdop_browser.cli.doctor.finding import Finding, ok, problem, warning

if TYPE_CHECKING:
    from types import TracebackType

    from cmdop_browser.settings import Settings

_NAME: Final = "browser"
_FIX: Final = "cmdop-browser install"
# On an idle machine it takes half a second, and with a browser that hangs two more. A machine
# that is busy may need ten times as long, which is no fault of the browser's.
_TIMEOUT: Final = 15.0


class Inquiry:
    """Asks while the other checks run; leaving the context ends the asking."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 -- our own program
            _spawn.program("browsers", "--json"),
            env=_spawn.environment(self._settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return self

    def answer(self) -> dict[str, Any]:
        """Wait for the answer; a failure of the asking has the form of an error that was answered."""
        try:
            stdout, stderr = self._process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            return _error(f"looking for one took more than {_TIMEOUT:g} s", _FIX)
        try:
            answer: dict[str, Any] = json.loads(stdout)
        except ValueError:
            again = "pip install --force-reinstall cmdop-browser"
            return _error(f"the agent's program fails: {_last_line(stderr)}", again)
        return answer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


def check_browser(answer: dict[str, Any]) -> Finding:
    """Whether there is a browser, by what ``python -m agent_bridge browsers --json`` said."""
    if "error" in answer:
        return problem(_NAME, answer["error"]["message"], "; ".join(answer["error"]["tips"]) or _FIX)
    used = f"{answer['used']} ({answer['kind']})"
    version = answer.get("version")
    if version is None:
        return warning(
            _NAME,
            f"{used} did not tell its version in time",
            f"see whether it runs: {answer['used']} --version",
        )
    return ok(_NAME, f"{used}, {version}")


def _error(message: str, tip: str) -> dict[str, Any]:
    return {"error": {"message": message, "tips": [tip]}}


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"
