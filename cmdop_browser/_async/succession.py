"""Going on in the agent that takes the place of another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc

from cmdop_browser._acompat import async_sleep
from cmdop_browser._convert import checks
from cmdop_browser._deadline import Deadline
from cmdop_browser._halt import AgentHalted
from cmdop_browser._replay import was_not_sent
from cmdop_browser.exceptions import AgentNotRunningError, AgentOfflineError, StalePortFileError
from cmdop_browser.wire.channel import DRAINING

if TYPE_CHECKING:
    from cmdop_browser._async.rpc import AsyncRpc
    from cmdop_browser.exceptions import CMDOPError

# A supervisor starts another agent within about a second, on a loaded machine within a
# few. A client that may start one itself does not wait.
_REPLACEMENT_SECONDS: Final = 5.0
_REPLACEMENT_PAUSE: Final = 0.05
# An agent starts within two seconds. On a machine that is far too busy it takes ten times as
# long, and the call that waits for it was given its own time.
_START_SECONDS: Final = 30.0


async def connect_to_successor(rpc: AsyncRpc, deadline: Deadline) -> None:
    """Be connected to an agent that works, which this client starts if it may.

    Args:
        rpc: The client's way to its agents.
        deadline: Of the call that needs it.

    Raises:
        AgentNotRunningError: There is none, and nobody starts one in time.
        StalePortFileError: The same, and the last one did not end in order.
        CMDOPError: It could not be connected to, or could not be started.
    """
    # Nobody has to be waited for where nobody starts it again.
    replacement = _REPLACEMENT_SECONDS if rpc.respawned else 0.0
    patience = Deadline.after(min(deadline.remaining(), replacement))
    limit = max(rpc.connect_timeout, _START_SECONDS if rpc.succeeded else 0.0)
    while True:
        seconds = max(deadline.remaining(), checks.MIN_SECONDS)
        try:
            return await rpc.connect(min(seconds, limit))
        except (AgentNotRunningError, StalePortFileError, AgentOfflineError):
            if not patience.remaining():
                raise
        await async_sleep(_REPLACEMENT_PAUSE)


async def moved(rpc: AsyncRpc, refusal: CMDOPError, deadline: Deadline) -> bool:
    """Whether another agent has taken over from one that is gone, or was told to end.

    The client is connected to it then, and what needs no session of the one before can
    be done there.

    Args:
        rpc: The client's way to its agents.
        refusal: Of the call that may be made there.
        deadline: Of that call.

    Raises:
        CMDOPError: It could not be connected to, or could not be started.
    """
    if not await _may_have_moved(rpc, refusal):
        return False
    try:
        await connect_to_successor(rpc, deadline)
    except (AgentNotRunningError, StalePortFileError):
        return False
    return rpc.info.instance_id != refusal.agent_id


async def _may_have_moved(rpc: AsyncRpc, refusal: CMDOPError) -> bool:
    if was_not_sent(refusal) and rpc.succeeded:
        return True
    if isinstance(refusal.__cause__, AgentHalted):
        return False  # the connection is there, and says nothing for as long as the agent is stopped
    if refusal.details.get(DRAINING):
        return True
    # A connection that is whole may say nothing for ever.
    broken = refusal.details.get("grpc_status") == grpc.StatusCode.UNAVAILABLE.name
    return broken and await rpc.has_drained(refusal.agent_id)
