"""The sync client in the cells of a notebook, whose kernel runs an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    from tests.agents import RunningAgent
    from tests.site import WebSite

CELLS = (
    "from cmdop_browser import CMDOPClient",
    "client = CMDOPClient.local()\nsession = client.browser.create_session()",
    "session.navigate({url!r})",
    "session.screenshot('h1')",
    "session.dom.select('h1')[0]",
    "session",
    "import asyncio\nasyncio.get_running_loop().is_running(), session.title()",
    "client.close()\nsession",
)


async def test_cells_share_a_session_and_show_what_they_get(agent: RunningAgent, site: WebSite) -> None:
    url = site.at("/plain.html")
    notebook = _notebook([cell.format(url=url) for cell in CELLS])
    await NotebookClient(notebook, timeout=60).async_execute()
    navigated, image, element, session, title = (_shown(cell) for cell in notebook.cells[2:7])
    assert url in navigated["text/html"]
    assert image["image/png"]
    assert element["text/html"].startswith("<pre>")
    assert url in session["text/html"]
    assert title["text/plain"].startswith("(True, ")


def _notebook(cells: list[str]) -> Any:
    made: Any = nbformat.v4  # it has no annotations
    return made.new_notebook(cells=[made.new_code_cell(cell) for cell in cells])


def _shown(cell: Any) -> dict[str, str]:
    (output,) = cell.outputs
    return dict(output["data"])
