"""What pages store, and what becomes of it when they are lost."""

from __future__ import annotations

from tests.process.faults import faults
from tests.process.faults.bench import Bench, on_both_benches
from tests.process.faults.losses import lose_page_untold, restored, strike


@on_both_benches
async def test_storage_outlives_a_second_loss_before_its_site_is_visited(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.elsewhere("/plain.html"))
    await session.evaluate("localStorage.login = 'mine'; sessionStorage.basket = 'full'")
    await session.navigate(bench.site.at("/plain.html"))
    await session.info()
    await strike(bench, session, "browser")  # nothing of the other site is in the new one's context yet
    for _ in range(2):
        await session.navigate(bench.site.at("/plain.html"))
        await strike(bench, session, "renderer")
    await session.navigate(bench.site.elsewhere("/plain.html"))
    assert await session.evaluate("[localStorage.login, sessionStorage.basket]") == ["mine", "full"]


# As a login does: what it stores comes from the site, some time after the click.
LATER = "url => setTimeout(() => { localStorage.login = 'mine'; fetch(url); }, 20)"
AND_LEAVES = """
([gate, there]) => {
    fetch(gate).then(() => {
        localStorage.login = 'mine';
        location.href = there;
    });
}
"""


@on_both_benches
async def test_what_a_page_stored_after_a_call_is_seen_before_the_next_one_leaves_it(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.elsewhere("/plain.html"))
    mark = f"/count/stored-{bench.flavour.name}"
    await session.evaluate(LATER, bench.site.elsewhere(mark))
    await bench.site.records.arrival(mark)
    await session.navigate(bench.site.at("/plain.html"))
    await strike(bench, session, "browser")
    await session.navigate(bench.site.elsewhere("/plain.html"))
    assert await session.evaluate("localStorage.login") == "mine"


@on_both_benches
async def test_what_a_page_stored_before_it_left_by_itself_is_told(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.elsewhere("/plain.html"))
    gate, there = f"left-{bench.flavour.name}", bench.site.at("/links.html")
    await session.evaluate(AND_LEAVES, [bench.site.elsewhere(f"/gate/{gate}"), there])
    await session.info()  # the site has been looked at then
    bench.site.open_gate(gate)
    await session.wait_for_url(there)
    await strike(bench, session, "browser")
    lost = (await session.info()).not_restored
    site = bench.site.elsewhere("/").rstrip("/")
    assert f"the latest changes of storage of {site}: the page could not be asked in time" in lost


@on_both_benches
async def test_a_smaller_loss_does_not_hide_the_one_before(bench: Bench) -> None:
    session = await restored(bench)
    await session.navigate(bench.site.at("/plain.html"))
    for what in ("browser", "renderer"):
        await session.title()
        await lose_page_untold(bench, session, getattr(faults, f"is_{what}"))
    assert "IndexedDB and caches" in (await session.info()).not_restored
    assert "IndexedDB and caches" in (await session.info()).not_restored
    await strike(bench, session, "renderer")
    assert "IndexedDB and caches" not in (await session.info()).not_restored
