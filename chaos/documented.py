"""What each cell is documented to come to: docs/errors.md and docs/operations.md as one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chaos.cells import During, Fault, Mode, Victim
from cmdop_browser.exceptions import (
    AgentOfflineError,
    BrowserElementNotFoundError,
    BrowserNavigationError,
    BrowserSessionClosedError,
    BrowserTimeoutError,
    CloseReason,
    CMDOPError,
    ConnectionLostError,
    ConnectionTimeoutError,
    ElementCause,
    NavigationCause,
    Outcome,
    SessionInterruptedError,
)

if TYPE_CHECKING:
    from chaos.cells import Cell


@dataclass(frozen=True, slots=True)
class Due:
    """What the call comes to that is under way, or the next one where none is.

    Attributes:
        error: The very class; None for the right result.
        fields: What the error's attributes are.
        goes_on: Whether the same handle works afterwards.
    """

    error: type[CMDOPError] | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    goes_on: bool = True
    said: str = "goes on"

    def wrong(self, came: Any) -> str:
        """What is wrong about *came*; "" when it is as documented."""
        if self.error is None:
            return f"{_told(came)}, not the right result" if isinstance(came, BaseException) else ""
        if type(came) is not self.error:
            return f"{_told(came)}, not {self.error.__name__}"
        for name, value in self.fields.items():
            if getattr(came, name) != value:
                return f"{_told(came)}: {name} is {getattr(came, name)!r}, not {value!r}"
        return ""

    def __str__(self) -> str:
        if self.error is None:
            return self.said
        name = self.error.__name__.removeprefix("Browser").removesuffix("Error")
        return " ".join((name, *(str(getattr(value, "value", value)) for value in self.fields.values())))


@dataclass(frozen=True, slots=True)
class NotHere:
    """Why a cell does not apply."""

    why: str


GOES_ON: Final = Due()


def _closed(reason: CloseReason, outcome: Outcome) -> Due:
    return Due(BrowserSessionClosedError, {"reason": reason, "outcome": outcome}, goes_on=False)


def _lost(reason: CloseReason) -> _Row:
    """A session lost for *reason*: told, or restored."""
    cut_off = _closed(reason, Outcome.UNKNOWN)
    # Only an act is not made again; the session goes on after it.
    interrupted = Due(SessionInterruptedError, {"outcome": Outcome.UNKNOWN})
    return _Row(
        idle=(_closed(reason, Outcome.NOT_EXECUTED), GOES_ON),
        navigate=(cut_off, GOES_ON),
        click=(cut_off, interrupted),
        soup=(cut_off, GOES_ON),
        # Who waits gets the slot of the session that has ended, or the next one.
        queue=(GOES_ON, GOES_ON),
        # No session is there yet that could be lost: the agent makes it in another browser.
        create=(GOES_ON, GOES_ON),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """What comes of a fault, for sessions that raise and for those that are restored."""

    idle: tuple[Due, Due] | NotHere
    navigate: tuple[Due, Due] | NotHere
    click: tuple[Due, Due] | NotHere
    soup: tuple[Due, Due] | NotHere
    queue: tuple[Due, Due] | NotHere
    create: tuple[Due, Due] | NotHere

    @classmethod
    def same(cls, what: Due | NotHere) -> _Row:
        """One thing, whatever is under way."""
        each = what if isinstance(what, NotHere) else (what, what)
        return cls(each, each, each, each, each, each)


_KILLED_FOR_MEMORY: Final = _Row.same(NotHere("the system ends it by SIGKILL: that is the row of sigkill"))
_UNSEEN: Final = Due(ConnectionLostError)
_SILENT: Final = Due(ConnectionTimeoutError)
_NO_SCRIPT: Final = NotHere("an empty page runs no script")


def _both(due: Due) -> tuple[Due, Due]:
    return due, due


def _hung(error: type[CMDOPError], **fields: Any) -> tuple[Due, Due]:
    # The script is stopped and the page goes on: nothing is lost that could be restored.
    return _both(Due(error, fields))


_AGENT_KILLED: Final = _lost(CloseReason.AGENT_RESTART)
_MEMORY: Final = _lost(CloseReason.OUT_OF_MEMORY)

TABLE: Final[dict[tuple[Victim, Fault], _Row]] = {
    (Victim.RENDERER, Fault.SIGKILL): _lost(CloseReason.RENDERER_CRASH),
    (Victim.RENDERER, Fault.SIGSTOP): _lost(CloseReason.RENDERER_HANG),
    (Victim.RENDERER, Fault.HANG): _Row(
        idle=_hung(BrowserTimeoutError, cause=ElementCause.PAGE_HUNG),
        navigate=_hung(BrowserNavigationError, cause=NavigationCause.HUNG),
        click=_hung(BrowserElementNotFoundError, cause=ElementCause.PAGE_HUNG),
        soup=_hung(BrowserTimeoutError, cause=ElementCause.PAGE_HUNG),
        queue=_both(GOES_ON),
        create=_NO_SCRIPT,
    ),
    (Victim.RENDERER, Fault.OOM): _Row(
        _MEMORY.idle, _MEMORY.navigate, _MEMORY.click, _MEMORY.soup, _MEMORY.queue, _NO_SCRIPT
    ),
    (Victim.BROWSER, Fault.SIGKILL): _lost(CloseReason.BROWSER_CRASH),
    (Victim.BROWSER, Fault.SIGSTOP): _lost(CloseReason.BROWSER_CRASH),
    (Victim.BROWSER, Fault.HANG): _lost(CloseReason.BROWSER_CRASH),
    (Victim.BROWSER, Fault.OOM): _KILLED_FOR_MEMORY,
    (Victim.DRIVER, Fault.SIGKILL): _lost(CloseReason.DRIVER_CRASH),
    (Victim.DRIVER, Fault.SIGSTOP): _lost(CloseReason.DRIVER_CRASH),
    (Victim.DRIVER, Fault.HANG): _lost(CloseReason.DRIVER_CRASH),
    (Victim.DRIVER, Fault.OOM): _KILLED_FOR_MEMORY,
    (Victim.AGENT, Fault.SIGKILL): _Row(
        idle=_AGENT_KILLED.idle,
        navigate=_AGENT_KILLED.navigate,
        click=_AGENT_KILLED.click,
        soup=_AGENT_KILLED.soup,
        # There is no session yet, and whether there was one made is not known.
        queue=_both(_UNSEEN),
        create=_both(_UNSEEN),
    ),
    # It may run on, and the session with it: so it is not called closed. One that is
    # to be restored goes on in the agent that takes its place.
    (Victim.AGENT, Fault.SIGSTOP): _Row(
        idle=(Due(AgentOfflineError, goes_on=False), GOES_ON),
        navigate=(Due(ConnectionLostError, goes_on=False), GOES_ON),
        click=(Due(ConnectionLostError, goes_on=False), _AGENT_KILLED.click[1]),  # type: ignore[index]
        soup=(Due(ConnectionLostError, goes_on=False), GOES_ON),
        queue=_both(_UNSEEN),
        create=_both(_UNSEEN),
    ),
    # It cannot be told from one that is busy until the caller's own time is over; then it goes on.
    (Victim.AGENT, Fault.HANG): _Row.same(_SILENT),
    (Victim.AGENT, Fault.OOM): _KILLED_FOR_MEMORY,
    # A client that is killed is told nothing any more: the agent is what the cell looks at.
    (Victim.CLIENT, Fault.SIGKILL): _Row.same(Due(said="closed after its grace time")),
    (Victim.CLIENT, Fault.SIGSTOP): _Row.same(GOES_ON),
    (Victim.CLIENT, Fault.HANG): _Row.same(GOES_ON),
    (Victim.CLIENT, Fault.OOM): _KILLED_FOR_MEMORY,
}


def documented(cell: Cell) -> Due | NotHere:
    """What *cell* is to come to, or why there is no such cell."""
    due = getattr(TABLE[cell.victim, cell.fault], cell.during)
    if isinstance(due, NotHere):
        return due
    told: Due = due[list(Mode).index(cell.mode)]
    return told


# Limits, in seconds

_KILL_IS_SEEN: Final = 1.0
_RECOVERY: Final = {Victim.BROWSER: 2.0, Victim.DRIVER: 2.0, Victim.RENDERER: 2.0, Victim.AGENT: 3.0}


def detection_limit(cell: Cell) -> float | None:
    """How soon the fault has to be known; None where nothing is promised.

    A script that runs long is no fault before the caller's time is over; a process that
    does not answer and is not stopped may be at work.
    """
    return None if cell.fault is Fault.HANG else _KILL_IS_SEEN


def recovery_limit(cell: Cell) -> float | None:
    """How soon 19 of 20 calls work again after a kill; None where nothing is promised."""
    return _RECOVERY.get(cell.victim) if cell.fault is Fault.SIGKILL else None


def is_timed(cell: Cell) -> bool:
    """Whether a time of the cell is held against a limit."""
    return detection_limit(cell) is not None or recovery_limit(cell) is not None


def _told(came: Any) -> str:
    if not isinstance(came, BaseException):
        return f"came back with {str(came)[:80]!r}"
    said = f"{type(came).__name__}: {' '.join(str(came).split())[:160]}"
    return said if came.__cause__ in {None, came} else f"{said}, because of {_told(came.__cause__)}"


__all__ = ["TABLE", "Due", "During", "NotHere", "detection_limit", "documented", "is_timed", "recovery_limit"]
