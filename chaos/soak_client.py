"""``python -m chaos.soak_client PAGES SITE NUMBER``: one session's pages, in a process that may be killed.

It says on stdout which pages it has read, one a line.
"""

from __future__ import annotations

import sys
from typing import Final

from chaos.bench import PATIENCE
from cmdop_browser import CMDOPClient, with_auto_restart

_RESTARTS: Final = 50


@with_auto_restart(max_restarts=_RESTARTS, max_delay=1.0)
def read(client: CMDOPClient, pages: int, site: str, number: int) -> list[str]:
    """Read the pages of session *number*, each from its own address."""
    rows = []
    with client.browser.create_session(timeout=PATIENCE) as session:
        for page in range(pages):
            address = f"{site}?session={number}&page={page}"
            session.navigate(address, timeout=PATIENCE)
            if session.dom.soup(timeout=PATIENCE).find("body") is None or session.url() != address:
                raise AssertionError(f"session {number}, page {page} was read at {session.url()}")
            rows.append(f"session {number}, page {page}")
    return rows


if __name__ == "__main__":
    print(*read(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])), sep="\n")  # noqa: T201 -- how it is talked to
