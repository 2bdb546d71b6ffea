"""Several searches at the same time, each in a session of its own."""

import asyncio
import sys

from cmdop_browser import AsyncCMDOPClient


async def search(client: AsyncCMDOPClient, base_url: str, query: str) -> list[str]:
    """Return the titles that the shop finds for *query*."""
    async with client.browser.create_session(block=("image", "font")) as session:
        await session.navigate(base_url)
        await session.fill("#q", query)
        await session.press("Enter", selector="#q")
        await session.wait_for("#summary")
        return [title.text for title in await session.dom.select("#results .title")]


async def main(base_url: str, *queries: str) -> None:
    """Search for all *queries* at once and print what was found."""
    async with AsyncCMDOPClient.local(start=True) as client:
        found = await asyncio.gather(*(search(client, base_url, query) for query in queries))
    for query, titles in zip(queries, found, strict=True):
        print(f"{query}: {', '.join(titles) or 'nothing'}")  # noqa: T201 - a script's result


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
