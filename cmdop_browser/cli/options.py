"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmdop_browser.exceptions import BadRequestError
from cmdop_browser.wire.rendezvous import validate_agent_name


def _agent_name(name: str) -> str:
    try:
        return validate_agent_name(name)
    except BadRequestError as error:
        raise typer.BadParameter(error.message) from error


def _seconds(value: float | None) -> float | None:
    if value is not None and not 0 < value < float("inf"):
        raise typer.BadParameter(f"{value} is not a number of seconds above 0")
    return value


Agent = Annotated[
    str, typer.Option("--agent", "-a", metavar="NAME", callback=_agent_name, help="The agent to use.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, errors included.")]
Debug = Annotated[bool, typer.Option("--debug", help="Print the traceback of an error, too.")]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", callback=_seconds, help="How long each call may take."),
]
OutputFile = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", dir_okay=False)]
