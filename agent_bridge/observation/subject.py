"""What a line of the log is about: the call, its client, its session."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_bridge.calls import Call


@dataclass(slots=True)
class Subject:
    """A call, as seen by whatever its task and the tasks that it starts have to say.

    Attributes:
        call: Its metadata.
        session_id: The session that it is about; empty until that is known.
        is_over: Whether it has ended, so that what still happens is its consequence.
    """

    call: Call
    session_id: str = ""
    is_over: bool = False


current_subject: ContextVar[Subject | None] = ContextVar("current_subject", default=None)
"""Of the present task; None outside calls."""
