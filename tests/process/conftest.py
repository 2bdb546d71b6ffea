"""What tests of processes ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmdop_browser.settings import Settings
from tests.fakes.launchpad import Launchpad

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def pad(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launchpad]:
    log_dir = runtime_dir / "log"
    monkeypatch.setenv("CMDOP_LOG_DIR", str(log_dir))
    launchpad = Launchpad(Settings.load(), monkeypatch)
    yield launchpad
    launchpad.close()
