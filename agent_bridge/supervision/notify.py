"""Telling a service manager how it goes: the protocol of sd_notify(3)."""

from __future__ import annotations

import os
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
ALIVE: Final = "WATCHDOG=1"

_VARIABLE: Final = "NOTIFY_SOCKET"


def is_managed() -> bool:
    """Whether a service manager looks after this process."""
    return _VARIABLE in os.environ


def notify(state: str) -> None:
    """Send *state* to the service manager; does nothing where there is none, or it is gone."""
    address = os.environ.get(_VARIABLE)
    if not address:
        return
    import socket  # noqa: PLC0415 -- a supervisor without a manager stays smaller

    if address.startswith("@"):  # a name in Linux's abstract name space
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setblocking(False)
            manager.sendto(state.encode(), address)
    except OSError:
        return  # an agent serves its clients with a manager or without


def without_manager(environment: dict[str, str]) -> dict[str, str]:
    """*environment* for a process that is not the one that the service manager listens to."""
    return {name: value for name, value in environment.items() if name != _VARIABLE}
