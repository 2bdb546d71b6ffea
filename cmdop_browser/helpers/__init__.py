"""Jobs that outlive the agent, and short ways to what scripts need most."""

from __future__ import annotations

from cmdop_browser._async.recovery import (
    async_ensure_agent_running,
    async_get_client_with_recovery,
    async_quick_fetch,
    async_with_session,
)
from cmdop_browser._sync.recovery import (
    ensure_agent_running,
    get_client_with_recovery,
    quick_fetch,
    with_session,
)
from cmdop_browser.helpers._decorator import with_auto_restart

__all__ = [
    "async_ensure_agent_running",
    "async_get_client_with_recovery",
    "async_quick_fetch",
    "async_with_session",
    "ensure_agent_running",
    "ensure_desktop_running",
    "get_client_with_recovery",
    "quick_fetch",
    "with_auto_restart",
    "with_session",
]

ensure_desktop_running = ensure_agent_running
