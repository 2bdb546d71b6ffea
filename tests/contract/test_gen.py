"""The generator: what it writes, and what it notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.gen import flavours
from tools.gen.flavours import GenerationError
from tools.gen.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

_RULES = {"__aenter__": "__enter__", "AsyncThing": "Thing", "_async": "_sync"}


def _translate(text: str) -> str:
    return flavours.translate(text, _RULES, set())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("async def f() -> None: ...", "def f() -> None: ..."),
        ("async with a, b: ...", "with a, b: ..."),
        ("[x async for x in y]", "[x for x in y]"),
        ("return await (await f()).g()", "return (f()).g()"),
        ("from a._async.b import AsyncThing", "from a._sync.b import Thing"),
        ('"""Use ``async with AsyncThing()`` or await it."""', '"""Use ``with Thing()`` or it."""'),
        ("async def __aenter__(self): ...", "def __enter__(self): ..."),
        ("AsyncThings = my_async = 1", "AsyncThings = my_async = 1"),
    ],
)
def test_words_are_replaced(source: str, expected: str) -> None:
    assert _translate(source) == expected


@pytest.mark.parametrize(
    "left", ["import asyncio", "x = AsyncOther()", "# an async thing", "async_sleep(1)", "a.__anext__()"]
)
def test_what_was_forgotten_is_named(left: str, tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="line 2"):
        flavours.check(f"x = 1\n{left}\n", tmp_path / "source.py")


def test_a_translation_that_does_not_parse_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="does not parse"):
        flavours.check("def f(:", tmp_path / "source.py")


def test_a_rule_that_nothing_uses_is_refused() -> None:
    used: set[str] = set()
    flavours.translate("AsyncThing", _RULES, used)
    with pytest.raises(GenerationError, match="__aenter__, _async"):
        flavours.require_all_used(_RULES, used)


def test_a_tree_is_compared_as_a_whole(tmp_path: Path) -> None:
    tree = Tree(tmp_path, ("**/*.py",), {"a.py": "a = 1\n", "sub/b.py": "b = 1\n"})
    assert [difference.partition(": ")[2] for difference in tree.differences()] == ["missing", "missing"]
    tree.write()
    assert list(tree.differences()) == []
    (tmp_path / "a.py").write_text("a = 2\n")
    (tmp_path / "left_over.py").touch()
    (tmp_path / "other.txt").touch()
    changed, left_over = tree.differences()
    assert "-a = 2" in changed
    assert "+a = 1" in changed
    assert "nothing generates it" in left_over
    tree.write()
    assert list(tree.differences()) == []
    assert (tmp_path / "other.txt").exists()


def test_the_sync_client_is_up_to_date() -> None:
    root = flavours_root()
    assert list(flavours.generate(root).differences()) == []


def flavours_root() -> Path:
    from tools.gen.__main__ import ROOT

    return ROOT
