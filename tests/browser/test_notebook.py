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


FAILING_CELLS = (
    CELLS[0] + "\n" + CELLS[1] + "\n" + CELLS[2] + ";",
    """for _ in range(10):
    try:
        session.click('#nope', timeout=0.3)
    except Exception as exc:
        error = exc
    if error.evidence.screenshot is not None:  # left out where the machine is too busy
        break
error""",
    "client.close()\ndisplay(error)",
)


async def test_an_error_shows_itself_with_its_picture(agent: RunningAgent, site: WebSite) -> None:
    notebook = _notebook([cell.format(url=site.at("/plain.html")) for cell in FAILING_CELLS])
    await NotebookClient(notebook, timeout=60).async_execute()
    for shown in map(_shown, notebook.cells[1:3]):
        card = shown["text/html"]
        assert "NO_MATCH" in card
        assert site.at("/plain.html") in card
        assert "<style" not in card  # which a notebook that is not trusted would take away
        assert "<script" not in card
        assert "data:image/jpeg;base64," in card


def _notebook(cells: list[str]) -> Any:
    made: Any = nbformat.v4  # it has no annotations
    return made.new_notebook(cells=[made.new_code_cell(cell) for cell in cells])


def _shown(cell: Any) -> dict[str, str]:
    (output,) = cell.outputs
    return dict(output["data"])
