"""What a session's memory owns up to when a page does not answer."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from agent_bridge.browser import remembering
from agent_bridge.browser.answers import Overdue
from agent_bridge.browser.keepsake import Keepsake, OriginStorage
from agent_bridge.browser.options import ContextOptions
from agent_bridge.browser.page import Entries
from agent_bridge.browser.remembering import Memory, origin_of
from agent_bridge.deadline import Deadline
from agent_bridge.pool.recovery import Recovery
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.pool.pages import Pages

LEFT, HERE = "http://left.test", "http://here.test"


@dataclass
class Page:
    """A page as far as it is looked at."""

    url: str = f"{LEFT}/shop"
    text: str | None = '[[["a","1"]],[]]'
    is_mute: bool = False
    knows_cookies: bool = True
    response: None = None
    entries: Entries = Entries.NONE
    wait_until: str = "load"
    requested_url: str = ""
    returning: None = None
    lost: asyncio.Future[Any] = field(default_factory=asyncio.Future)
    looks: int = 0
    looked_at: list[float] = field(default_factory=list)

    @property
    def context(self) -> Any:
        return SimpleNamespace(cookies=self._cookies)

    async def _cookies(self) -> list[dict[str, str]]:
        if not self.knows_cookies:
            raise Overdue(1.0)
        return [{"name": "a", "value": "1"}]

    async def guard(self, awaited: Awaitable[Any], _deadline: Deadline) -> Any:
        return await awaited

    async def evaluate(self, *_arguments: Any, deadline: Deadline) -> Any:
        self.looks += 1
        self.looked_at.append(time.monotonic())
        if self.is_mute:
            raise Overdue(1.0)
        if self.text is None:
            return None
        return {"origin": origin_of(self.url), "mark": f"{self.looks}", "text": self.text}

    @property
    def managed(self) -> ManagedPage:
        return cast("ManagedPage", self)


class Disk:
    """Where keepsakes are saved as soon as it is let, if there is room."""

    def __init__(self) -> None:
        self.may_save = asyncio.Event()
        self.may_save.set()
        self.begun = asyncio.Event()
        self.is_full = False
        self.saved: list[Keepsake] = []
        self.changes = self.kept = 0

    def changed(self) -> None:
        self.changes += 1

    def confirm(self, changes: int) -> None:
        self.kept = changes

    async def save(self, keepsake: Keepsake, changes: int) -> bool:
        self.begun.set()
        await self.may_save.wait()
        if not self.is_full:
            self.saved.append(keepsake)
            self.kept = changes
        return not self.is_full


async def looked(memory: Memory, page: Page, *, is_read: bool = False) -> Keepsake:
    memory.look(page.managed, is_read=is_read)
    await memory.settle()
    return memory.keepsake


async def test_what_was_seen_is_not_unseen() -> None:
    kept = await looked(Memory(Keepsake(), Disk()), Page())
    assert kept.unseen == frozenset()
    assert dict(kept.origins) == {LEFT: OriginStorage((("a", "1"),))}


async def test_an_origin_that_did_not_answer_stays_unseen_when_it_was_left() -> None:
    memory, page = Memory(Keepsake(), Disk()), Page(is_mute=True)
    assert (await looked(memory, page)).unseen == {LEFT}
    page.url, page.is_mute = f"{HERE}/", False
    assert (await looked(memory, page)).unseen == {LEFT}
    page.url = f"{LEFT}/again"
    assert (await looked(memory, page)).unseen == frozenset()


async def test_an_origin_that_was_left_before_the_look_is_unseen() -> None:
    memory, page = Memory(Keepsake(), Disk()), Page()
    memory.look(page.managed, is_read=False)
    page.url = f"{HERE}/"
    await memory.settle()
    assert memory.keepsake.unseen == {LEFT}


async def test_an_origin_that_the_page_left_by_itself_is_unseen_until_it_is_there_again() -> None:
    memory, page = Memory(Keepsake(), Disk()), Page()
    await looked(memory, page)
    page.url = f"{HERE}/"
    await memory.look_before_leaving(page.managed, 10.0)
    assert memory.keepsake.unseen == {LEFT}
    page.url = f"{LEFT}/again"
    assert (await looked(memory, page)).unseen == frozenset()


async def test_an_origin_that_a_call_left_is_not() -> None:
    memory, page = Memory(Keepsake(), Disk()), Page()
    await looked(memory, page)
    page.url = f"{HERE}/"
    assert (await looked(memory, page)).unseen == frozenset()


async def test_nor_is_the_one_of_a_page_that_was_lost() -> None:
    memory = Memory(Keepsake(), Disk())
    await looked(memory, Page())
    await memory.look_before_leaving(Page(url="about:blank").managed, 10.0)
    assert memory.keepsake.unseen == frozenset()


async def test_what_was_stored_since_the_last_look_is_seen_before_a_page_is_left() -> None:
    page = Page()
    recovery = Recovery(cast("Pages", None), ContextOptions(), Disk())
    await looked(recovery.memory, page)
    page.text = '[[["login","mine"]],[]]'
    await recovery.bring_back("navigate", page.managed, Deadline.after(30))
    assert dict(recovery.memory.keepsake.origins) == {LEFT: OriginStorage((("login", "mine"),))}
    recovery.memory.end()


async def test_reads_have_changed_nothing_that_could_be_missed() -> None:
    kept = await looked(Memory(Keepsake(), Disk()), Page(is_mute=True), is_read=True)
    assert kept.unseen == frozenset()


async def test_a_document_without_storage_is_not_unseen() -> None:
    assert (await looked(Memory(Keepsake(), Disk()), Page(text=None))).unseen == frozenset()


async def test_cookies_that_were_not_told_are_unseen_until_they_are() -> None:
    memory, page = Memory(Keepsake(), Disk()), Page(knows_cookies=False)
    assert (await looked(memory, page)).unseen == {"cookies"}
    page.knows_cookies = True
    assert (await looked(memory, page)).unseen == frozenset()


def test_what_is_unseen_outlives_the_agent() -> None:
    kept = Keepsake(unseen=frozenset({LEFT, "cookies"}))
    assert Keepsake.from_json(kept.to_json()).unseen == kept.unseen


@pytest.mark.parametrize(("url", "origin"), [
    ("http://user:secret@a.test:8080/b?c", "http://a.test:8080"),
    ("https://a.test/", "https://a.test"),
    ("about:blank", ""),
    ("chrome-error://chromewebdata/", ""),
])  # fmt: skip
def test_origins_are_named_as_pages_name_them(url: str, origin: str) -> None:
    assert origin_of(url) == origin


async def test_what_there_was_no_room_for_is_saved_later_once() -> None:
    disk = Disk()
    memory, disk.is_full = Memory(Keepsake(), disk), True
    seen = await looked(memory, Page())
    assert disk.saved == []
    disk.is_full = False
    for _ in range(2):
        memory.save_again()
        await memory.settle()
    assert disk.saved == [seen]


async def test_a_page_is_looked_at_also_while_what_was_seen_before_is_saved() -> None:
    disk, page = Disk(), Page()
    memory, disk.is_full = Memory(Keepsake(), disk), True
    await looked(memory, page)
    disk.is_full = False
    disk.may_save.clear()
    disk.begun.clear()
    memory.save_again()
    await disk.begun.wait()
    page.url = f"{HERE}/"
    memory.look(page.managed, is_read=False)
    disk.may_save.set()
    await memory.settle()
    assert [set(each.origins) for each in disk.saved] == [{LEFT}, {LEFT, HERE}]


@pytest.mark.parametrize("action", ["navigate", "click", "evaluate", "back"])
async def test_an_act_waits_for_the_look_at_the_page_that_it_may_leave(action: str) -> None:
    disk, page = Disk(), Page()
    recovery = Recovery(cast("Pages", None), ContextOptions(), disk)
    disk.may_save.clear()
    recovery.look("navigate", page.managed)
    await disk.begun.wait()  # a slow disk holds up the first look, and the second comes after it
    recovery.look("evaluate", page.managed)
    assert page.looks == 1
    acting = asyncio.ensure_future(recovery.bring_back(action, page.managed, Deadline.after(30)))
    disk.may_save.set()
    await acting
    assert page.looks == 2


async def test_a_read_waits_for_no_look() -> None:
    disk, page = Disk(), Page()
    recovery = Recovery(cast("Pages", None), ContextOptions(), disk)
    disk.may_save.clear()
    recovery.look("navigate", page.managed)
    await disk.begun.wait()
    await recovery.bring_back("dom.text", page.managed, Deadline.after(30))
    assert not disk.may_save.is_set()
    disk.may_save.set()
    await recovery.memory.settle()


async def test_a_page_that_does_not_answer_leaves_an_act_half_of_its_time() -> None:
    disk, page = Disk(), Page()
    recovery = Recovery(cast("Pages", None), ContextOptions(), disk)
    disk.may_save.clear()
    recovery.look("navigate", page.managed)
    deadline = Deadline.after(2.0)
    await recovery.bring_back("navigate", page.managed, deadline)
    assert deadline.remaining > 0
    disk.may_save.set()
    await recovery.memory.settle()


async def test_what_was_changed_is_kept_when_it_was_seen() -> None:
    disk, page = Disk(), Page()
    memory = Memory(Keepsake(), disk)
    await looked(memory, page)
    assert (disk.changes, disk.kept, len(disk.saved)) == (1, 1, 1)
    await looked(memory, page)  # as it was before: so nothing has to be written
    assert (disk.changes, disk.kept, len(disk.saved)) == (2, 2, 1)
    memory.look(page.managed, is_read=True)  # they change nothing
    await memory.settle()
    assert disk.changes == 2


async def test_what_was_not_saved_is_not_taken_for_kept() -> None:
    disk, page = Disk(), Page()
    memory, disk.is_full = Memory(Keepsake(), disk), True
    await looked(memory, page)
    await looked(memory, page)
    assert (disk.changes, disk.kept) == (2, 0)
    disk.is_full = False
    memory.save_again()
    await memory.settle()
    assert disk.kept == 2


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> tuple[float, ...]:
    pauses = (0.02, 0.06, 0.18)
    monkeypatch.setattr(remembering, "_PAUSES", pauses)
    return pauses


async def test_a_page_is_looked_at_also_while_no_call_comes_less_and_less_often(
    short_pauses: tuple[float, ...],
) -> None:
    disk, page = Disk(), Page()
    memory = Memory(Keepsake(), disk)
    await looked(memory, page)
    page.text = '[[["login","mine"]],[]]'
    await asyncio.to_thread(eventually, lambda: len(disk.saved) == 2)
    assert dict(memory.keepsake.origins) == {LEFT: OriginStorage((("login", "mine"),))}
    await asyncio.to_thread(eventually, lambda: page.looks >= 5)
    memory.end()
    pauses = [after - before for before, after in itertools.pairwise(page.looked_at[:5])]
    for pause, least in zip(pauses, (*short_pauses, short_pauses[-1]), strict=True):
        assert pause >= least
    assert disk.changes == 1  # nobody was told that anything is done


async def test_what_changed_after_a_read_that_was_not_looked_at_is_seen(
    short_pauses: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "_PAUSES", (0.3, *short_pauses))
    page = Page()
    memory = Memory(Keepsake(), Disk())
    await looked(memory, page)
    memory.look(page.managed, is_read=True)  # too soon for another look
    page.text = '[[["login","mine"]],[]]'
    await asyncio.to_thread(eventually, lambda: page.looks >= 2)
    await memory.settle()
    memory.end()
    assert dict(memory.keepsake.origins) == {LEFT: OriginStorage((("login", "mine"),))}


async def test_pauses_begin_anew_with_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_PAUSES", (0.02, 600.0))
    page = Page()
    memory = Memory(Keepsake(), Disk())
    memory.look(page.managed, is_read=False)
    await asyncio.to_thread(eventually, lambda: page.looks == 2)
    memory.look(page.managed, is_read=False)
    await asyncio.to_thread(eventually, lambda: page.looks == 4)
    memory.end()


@pytest.mark.parametrize("has_ended", [True, False])
async def test_a_page_that_is_no_more_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, *, has_ended: bool
) -> None:
    monkeypatch.setattr(remembering, "_PAUSES", (1.0,))  # its end comes before the second look
    page = Page()
    memory = Memory(Keepsake(), Disk())
    await looked(memory, page)
    if has_ended:
        memory.end()
    else:
        page.lost.set_result(None)
    await asyncio.sleep(1.2)
    await memory.settle()
    assert page.looks == 1
