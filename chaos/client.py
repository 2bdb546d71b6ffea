"""``python -m chaos.client FLAVOUR DURING MODE URL``: a client in a process of its own, which is struck.

It says on stdout how far it is, one word a line, and at the end what its call came to.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

from chaos.cells import During
from tests.flavours import Flavour

_SECONDS: Final = 25.0
_ASK: Final = """(url) => {
  const ask = () => { const asking = new XMLHttpRequest(); asking.open('POST', url, false); asking.send(); };
  document.body.innerHTML += '<button id=struck>Go</button>';
  document.querySelector('#struck').addEventListener('click', ask);
}"""
_ASK_LATER: Final = """(url) => { setTimeout(() => {
  const asking = new XMLHttpRequest(); asking.open('POST', url, false); asking.send();
}); }"""


def say(word: str) -> None:
    """Tell how far it is."""
    print(word, flush=True)  # noqa: T201 -- stdout is how it is talked to


async def main(flavour: str, during: During, mode: str, plain: str, gate: str) -> None:
    """Make the call."""
    async with Flavour("sync" if flavour == "sync" else "async").local() as client:
        session: Any = None
        if _has_session(during):
            session = await client.browser.create_session(on_crash=mode)
            await session.navigate(plain)
            say(session.id)
        if during is During.CLICK:
            await session.evaluate(_ASK, gate)
        elif during is During.SOUP:
            await session.evaluate(_ASK_LATER, gate)
        say("calling")
        if during is During.IDLE:
            await asyncio.to_thread(sys.stdin.readline)
        came = await _call(client, session, during, mode, gate)
        say(f"came {came!r}")


def _has_session(during: During) -> bool:
    return during not in {During.QUEUE, During.CREATE}


async def _call(client: Any, session: Any, during: During, mode: str, gate: str) -> Any:
    match during:
        case During.NAVIGATE:
            return (await session.navigate(gate, timeout=_SECONDS)).ok
        case During.CLICK:
            return await session.click("#struck", timeout=_SECONDS) is None
        case During.QUEUE | During.CREATE:
            made = await client.browser.create_session(
                on_crash=mode, timeout=_SECONDS, queue_timeout=_SECONDS
            )
            return await made.evaluate("1 + 1") == 2
        case _:
            return (await session.dom.soup(timeout=_SECONDS)).find("body") is not None


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], During(sys.argv[2]), *sys.argv[3:]))
