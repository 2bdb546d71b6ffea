from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from agent_bridge.browser.keepsake import Keepsake, OriginStorage, Place
from agent_bridge.browser.options import ContextOptions
from agent_bridge.keepsakes import Keepsakes
from agent_bridge.lifecycle import new_record
from agent_bridge.pool.ladder import Losses
from cmdop_browser.wire.rendezvous import AgentPaths, FileLock, kept
from tests.fakes.old_files import grow_old

if TYPE_CHECKING:
    from pathlib import Path

SESSION = "s-0123456789abcdef"
KEEPSAKE = Keepsake(
    ({"name": "a", "value": "s3cret", "domain": "shop.test", "path": "/"},),
    {"http://shop.test": OriginStorage((("k", "v"),), (("s", "☂"),))},
    frozenset({"http://huge.test"}),
    Place("http://shop.test/x", "domcontentloaded", "http://shop.test/", repeatable=False),
    "http://shop.test/",
)


@pytest.fixture
def keepsakes(tmp_path: Path) -> Keepsakes:
    return Keepsakes(tmp_path / "kept")


@pytest.mark.parametrize("keepsake", [KEEPSAKE, Keepsake()])
def test_a_keepsake_can_be_written_down(keepsake: Keepsake) -> None:
    assert Keepsake.from_json(keepsake.to_json()) == keepsake


def test_a_keepsake_does_not_show_what_logs_in() -> None:
    assert "s3cret" not in repr(KEEPSAKE)
    assert "☂" not in repr(KEEPSAKE)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"cookies": []}'])
def test_what_is_no_keepsake_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no keepsake|Expecting value"):
        Keepsake.from_json(text)


def test_a_new_session_remembers_what_it_was_made_with() -> None:
    state = {
        "cookies": [{"name": "a", "value": "b"}],
        "origins": [{"origin": "http://x.test", "localStorage": [{"name": "k", "value": "v"}]}],
    }
    keepsake = Keepsake.of(ContextOptions(storage_state=json.dumps(state).encode()))
    assert keepsake.cookies == ({"name": "a", "value": "b"},)
    assert keepsake.origins == {"http://x.test": OriginStorage((("k", "v"),))}
    assert Keepsake.of(ContextOptions(storage_state=b"no json")) == Keepsake()


def test_the_options_of_a_rebuilt_context_are_the_old_ones_with_other_cookies() -> None:
    options = ContextOptions(viewport=(10, 20), headers=(("a", "b"),), storage_state=b'{"cookies": []}')
    rebuilt = KEEPSAKE.options(options)
    assert (rebuilt.viewport, rebuilt.headers) == (options.viewport, options.headers)
    assert json.loads(rebuilt.storage_state)["cookies"] == [dict(cookie) for cookie in KEEPSAKE.cookies or ()]
    assert Keepsake().options(options) is options


def test_an_origin_is_remembered_as_it_was_last_seen() -> None:
    one, two = OriginStorage((("a", "1"),)), OriginStorage((("a", "2"),))
    keepsake = Keepsake().with_origin("http://x.test", one).with_origin("http://x.test", two)
    assert keepsake.origins == {"http://x.test": two}
    assert keepsake.with_origin("http://x.test", OriginStorage()).origins == {}
    huge = keepsake.with_origin("http://x.test", None)
    assert not huge.origins
    assert huge.too_large == {"http://x.test"}
    assert huge.with_origin("http://x.test", one).too_large == frozenset()


def test_only_so_many_origins_are_remembered() -> None:
    keepsake = Keepsake()
    for number in range(60):
        keepsake = keepsake.with_origin(f"http://h{number}.test", OriginStorage((("a", "1"),)))
    assert len(keepsake.origins) == 50
    assert "http://h59.test" in keepsake.origins


async def test_what_is_kept_is_for_its_owner_alone(keepsakes: Keepsakes, tmp_path: Path) -> None:
    await keepsakes.of(SESSION, "ada", 300.0).save(KEEPSAKE, 0)
    assert keepsakes.load(SESSION, "ada") == KEEPSAKE
    assert keepsakes.load(SESSION, "bob") is None
    assert keepsakes.load("s-ffffffffffffffff", "ada") is None
    (file,) = (tmp_path / "kept").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    keepsakes.remove(SESSION)
    keepsakes.remove(SESSION)
    assert not list((tmp_path / "kept").iterdir())


async def test_a_session_id_names_no_other_file(keepsakes: Keepsakes) -> None:
    with pytest.raises(ValueError, match="no session id"):
        await keepsakes.of("../../agent.json", "ada", 300.0).save(KEEPSAKE, 0)


async def test_a_file_that_is_damaged_is_as_none(keepsakes: Keepsakes, tmp_path: Path) -> None:
    await keepsakes.of(SESSION, "ada", 300.0).save(KEEPSAKE, 0)
    file = tmp_path / "kept" / SESSION
    file.write_text(file.read_text()[:50])
    assert keepsakes.load(SESSION, "ada") is None


async def test_a_disk_that_takes_nothing_costs_no_call(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way")
    keepsakes = Keepsakes(tmp_path / "kept")
    await keepsakes.of(SESSION, "ada", 300.0).save(KEEPSAKE, 0)
    assert keepsakes.load(SESSION, "ada") is None


async def test_what_nobody_came_for_is_removed(keepsakes: Keepsakes, tmp_path: Path) -> None:
    for number in range(4):
        await keepsakes.of(f"s-000000000000000{number}", "ada", 60.0).save(KEEPSAKE, 0)
    for number in (0, 1):
        grow_old(tmp_path / "kept" / f"s-000000000000000{number}")
    (tmp_path / "kept" / "s-0000000000000003").write_text("damaged")
    assert kept.sweep(AgentPaths(tmp_path, tmp_path / "tmp"), {"s-0000000000000001"}) == 2
    assert left(tmp_path) == ["1", "2"]


async def test_what_is_kept_of_a_session_that_is_open_does_not_grow_old(
    keepsakes: Keepsakes, tmp_path: Path
) -> None:
    paths = AgentPaths(tmp_path, tmp_path / "tmp")
    open_ones, lost = ("s-0000000000000001", "s-0000000000000002"), "s-0000000000000003"
    for session_id in (*open_ones, lost):
        await keepsakes.of(session_id, "ada", 60.0).save(KEEPSAKE, 0)
        grow_old(paths.kept / session_id)
    (paths.kept / open_ones[1]).rename(paths.kept / f"{open_ones[1]}.old")
    await keepsakes.renew([*open_ones, SESSION])
    assert kept.sweep(paths) == 1
    assert keepsakes.load(open_ones[0], "ada") == KEEPSAKE
    assert keepsakes.load(open_ones[1], "ada") == replace(KEEPSAKE, is_outdated=True)


async def test_what_was_kept_in_another_form_stays_as_it_is(keepsakes: Keepsakes, tmp_path: Path) -> None:
    file = tmp_path / "kept" / SESSION
    await keepsakes.of(SESSION, "ada", 60.0).save(KEEPSAKE, 0)
    file.write_text("something else")
    await keepsakes.renew([SESSION])
    assert file.read_text() == "something else"


async def test_what_an_agent_has_left_is_removed_by_whoever_looks(
    keepsakes: Keepsakes, tmp_path: Path
) -> None:
    paths = AgentPaths(tmp_path, tmp_path / "tmp")
    await keepsakes.of("s-0000000000000001", "ada", 60.0).save(KEEPSAKE, 0)
    await keepsakes.of("s-0000000000000002", "ada", -60.0).save(KEEPSAKE, 0)
    with FileLock(paths.lock) as lock:
        assert lock.try_acquire()
        assert kept.sweep_after(paths) == 0  # it runs, and sees to that itself
    assert kept.sweep_after(paths) == 1
    assert left(tmp_path) == ["1"]
    assert kept.remove_all(paths) == 1
    assert not kept.is_left(paths)


async def test_nothing_is_removed_under_an_agent_that_ends_its_sessions(
    keepsakes: Keepsakes, tmp_path: Path
) -> None:
    paths = AgentPaths(tmp_path, tmp_path / "tmp")
    record = new_record(paths, "default")
    paths.draining.mkdir(0o700)
    record.write(paths.draining / f"{record.instance_id}.json")
    await keepsakes.of(SESSION, "ada", -60.0).save(KEEPSAKE, 0)
    assert (kept.sweep(paths), kept.remove_all(paths)) == (0, 0)
    replace(record, pid_start_time=0.0).write(paths.draining / f"{record.instance_id}.json")
    assert kept.sweep(paths) == 1


async def test_what_has_changed_since_makes_a_file_outdated(keepsakes: Keepsakes) -> None:
    one, outdated = keepsakes.of(SESSION, "ada", 60.0), replace(KEEPSAKE, is_outdated=True)
    one.changed()
    assert keepsakes.load(SESSION, "ada") is None
    await one.save(KEEPSAKE, one.changes)
    assert keepsakes.load(SESSION, "ada") == KEEPSAKE
    for _ in range(2):
        one.changed()
        assert keepsakes.load(SESSION, "ada") == outdated
    one.confirm(one.changes - 1)
    assert keepsakes.load(SESSION, "ada") == outdated
    one.confirm(one.changes)
    assert keepsakes.load(SESSION, "ada") == KEEPSAKE
    newer = replace(KEEPSAKE, navigated="http://shop.test/2")
    one.changed()
    await one.save(newer, one.changes - 1)  # seen before the last change, and written after it
    assert keepsakes.load(SESSION, "ada") == replace(newer, is_outdated=True)
    await one.save(newer, one.changes)
    assert keepsakes.load(SESSION, "ada") == newer
    keepsakes.remove(SESSION)
    one.changed()
    assert keepsakes.load(SESSION, "ada") is None


def left(place: Path) -> list[str]:
    return sorted(path.name[-1] for path in (place / "kept").iterdir())


def test_a_session_that_is_lost_again_and_again_is_given_up() -> None:
    losses = Losses()
    assert [losses.are_too_many() for _ in range(6)] == [False] * 5 + [True]
