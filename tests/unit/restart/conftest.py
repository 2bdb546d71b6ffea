from __future__ import annotations

import pytest

from cmdop_browser import AsyncCMDOPClient, CMDOPClient
from cmdop_browser._async import recovery as async_recovery
from cmdop_browser._sync import recovery
from tests.fakes.clients import FakeMachine


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    machine = FakeMachine()
    monkeypatch.setattr(CMDOPClient, "local", machine.local)
    monkeypatch.setattr(AsyncCMDOPClient, "local", machine.local_async)
    monkeypatch.setattr(recovery, "ensure_agent", machine.ensure)
    monkeypatch.setattr(async_recovery, "ensure_agent", machine.ensure_async)
    return machine
