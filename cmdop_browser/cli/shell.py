"""``shell``: a session at a Python prompt."""

from __future__ import annotations

import importlib.util
import sys
from typing import Annotated, Any

import typer

from cmdop_browser.cli import options
from cmdop_browser.cli.exit_codes import UsageError
from cmdop_browser.cli.output import Output

_BANNER = (
    "session is at {url}\n  session.dom.text('h1')   session.click('a.next')   client.browser.list_sessions()"
)


def shell(
    url: Annotated[str, typer.Argument(metavar="URL")],
    *,
    agent: options.Agent = "default",
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Open a page and a Python prompt with `client` and `session`: IPython where it is installed."""
    from cmdop_browser import CMDOPClient

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "shell needs a terminal, and this is none",
            tips=("in a script, write a recipe: cmdop-browser run recipe.py", "or: cmdop-browser fetch URL"),
        )
    with (
        CMDOPClient.local(agent=agent, start=True) as client,
        client.browser.create_session() as session,
    ):
        page = session.navigate(url)
        Output(as_json=as_json).note(f"{page.status} {page.title}")
        prompt({"client": client, "session": session}, _BANNER.format(url=page.url))


def prompt(names: dict[str, Any], banner: str) -> None:
    """Read and run Python until the person leaves."""
    if importlib.util.find_spec("IPython") is None:
        import code

        code.interact(banner=banner, local=names, exitmsg="")
        return
    from IPython.terminal.embed import InteractiveShellEmbed

    InteractiveShellEmbed.instance(banner1=banner, user_ns=names)()
