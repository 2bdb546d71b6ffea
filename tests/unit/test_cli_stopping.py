"""When an agent that was told to end counts as ended."""

from __future__ import annotations

from typing import cast

import psutil
import pytest

from cmdop_browser.cli import stopping


class Uncollected:
    """A process that ends at the second look, and whose parent never asks for its exit code."""

    pid = 1

    def __init__(self) -> None:
        self.looks = 0

    def wait(self, timeout: float) -> None:
        self.looks += 1
        raise psutil.TimeoutExpired(timeout, self.pid)

    def status(self) -> str:
        return psutil.STATUS_ZOMBIE if self.looks > 1 else psutil.STATUS_RUNNING


def test_nobody_waits_for_the_parent_of_what_has_ended() -> None:
    process = Uncollected()
    stopping._wait(cast("psutil.Process", process), 60.0)
    assert process.looks == 2


def test_what_runs_on_is_waited_for_until_the_limit() -> None:
    process = Uncollected()
    with pytest.raises(psutil.TimeoutExpired):
        stopping._wait(cast("psutil.Process", process), 0.0)
