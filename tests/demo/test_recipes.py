"""Every recipe, run as people run it, against the shop that it is written for."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdop_browser.demo.account import ORDERS
from cmdop_browser.demo.catalog import rows
from cmdop_browser.demo.server import DemoSite

ROOT = Path(__file__).parents[2]
RECIPES = sorted(path.name for path in (ROOT / "recipes").glob("*.py"))


def run(*arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def recorded(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the recipes start the default agent, which ends with these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMDOP_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        patch.setenv("CMDOP_LOG_DIR", str(tmp_path_factory.mktemp("log")))
        yield
        run("-m", "cmdop_browser.cli", "agents", "stop", "--force")


def test_every_recipe_is_tested_here() -> None:
    assert RECIPES == ["books.py", "login.py", "search_async.py"]


def test_books_as_a_script(agent: None, shop: DemoSite, tmp_path: Path) -> None:
    run(ROOT / "recipes/books.py", shop.url, "-o", tmp_path / "books.jsonl")
    assert recorded(tmp_path / "books.jsonl") == rows(shop.url)


def test_books_by_the_command(agent: None, shop: DemoSite, tmp_path: Path) -> None:
    run_recipe("books", shop, tmp_path, "--screenshot", tmp_path / "books.png")
    assert recorded(tmp_path / "books.jsonl") == rows(shop.url)
    assert (tmp_path / "books.png").read_bytes().startswith(b"\x89PNG")


def test_login(agent: None, shop: DemoSite, tmp_path: Path) -> None:
    run_recipe("login", shop, tmp_path)
    assert recorded(tmp_path / "login.jsonl") == [
        {"Order": str(number), "Date": date, "Book": product.title, "Price": f"€{product.price}"}
        for number, date, product in ORDERS
    ]


def test_search_async(agent: None, shop: DemoSite) -> None:
    found = run(ROOT / "recipes/search_async.py", shop.url, "tide", "soup", "no such thing")
    assert found.splitlines()[0] == "tide: The Tide Table, The Tide Table"
    assert "Soup Is a Verb" in found.splitlines()[1]
    assert found.splitlines()[2] == "no such thing: nothing"


def run_recipe(name: str, shop: DemoSite, directory: Path, *options: str | Path) -> None:
    recipe, output = ROOT / "recipes" / f"{name}.py", directory / f"{name}.jsonl"
    command = ("-m", "cmdop_browser.cli", "run", recipe, "--set", f"base_url={shop.url}", "-o", output)
    run(*command, *options)
