"""The check that asks the agent's program which browser it would use."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, Final, Self

from cmdop_browser import _spawn
from cmdop_browser.cli.doctor.finding import Finding, ok, problem

if TYPE_CHECKING:
    from types import TracebackType

    from cmdop_browser.settings import Settings

_NAME: Final = "browser"
_FIX: Final = "cmdop-browser install"
_TIMEOUT: Final = 2.5


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

    def finding(self) -> Finding:
        """Wait for the answer."""
        try:
            stdout, stderr = self._process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            return problem(_NAME, f"looking for one took more than {_TIMEOUT} s", _FIX)
        try:
            answer = json.loads(stdout)
        except ValueError:
            return problem(
                _NAME,
                f"the agent's program fails: {_last_line(stderr)}",
                "pip install --force-reinstall cmdop-browser",
            )
        return judge(answer)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


def judge(answer: dict[str, Any]) -> Finding:
    """Read what ``python -m agent_bridge browsers --json`` said."""
    if "error" in answer:
        return problem(_NAME, answer["error"]["message"], "; ".join(answer["error"]["tips"]) or _FIX)
    return ok(_NAME, f"{answer['used']} ({answer['kind']})")


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"
