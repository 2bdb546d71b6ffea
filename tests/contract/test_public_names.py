"""What users import, and what that costs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cmdop_browser

ROOT = Path(cmdop_browser.__file__).parents[1]
HEAVY = (
    "bs4",
    "google.protobuf",
    "grpc",
    "lxml",
    "playwright",
    "psutil",
    "pydantic",
    "rich",
    "starlette",
    "typer",
)
IMPORT_SECONDS = 0.25

_MEASURE = """
import sys, time
began = time.perf_counter()
import cmdop_browser
print(time.perf_counter() - began)
print(*sorted(set(sys.argv[1:]) & set(sys.modules)))
"""


def _import_in_a_fresh_process() -> tuple[float, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *HEAVY], capture_output=True, text=True, check=True, cwd=ROOT
    )
    seconds, loaded = done.stdout.splitlines()
    return float(seconds), loaded.split()


def test_all_is_sorted_and_complete() -> None:
    assert cmdop_browser.__all__ == sorted(cmdop_browser.__all__)
    assert len(set(cmdop_browser.__all__)) == len(cmdop_browser.__all__)
    assert set(cmdop_browser.__all__) <= set(dir(cmdop_browser))


@pytest.mark.parametrize("name", cmdop_browser.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(cmdop_browser, name) is getattr(cmdop_browser, name)


def test_a_name_that_is_not_public() -> None:
    with pytest.raises(AttributeError, match="Nope"):
        _ = cmdop_browser.Nope  # type: ignore[attr-defined]


def test_star_import_shadows_no_builtin() -> None:
    assert not set(cmdop_browser.__all__) & set(dir(__import__("builtins")))


def test_the_import_is_light() -> None:
    runs = [_import_in_a_fresh_process() for _ in range(5)]
    assert [loaded for _, loaded in runs] == [[]] * 5
    assert statistics.median(seconds for seconds, _ in runs) < IMPORT_SECONDS


def test_the_client_needs_neither_playwright_nor_a_parser() -> None:
    code = "import sys; from cmdop_browser import *; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert "cmdop_browser._sync.client" in loaded
    assert not loaded & {"agent_bridge", "bs4", "lxml", "playwright", "starlette", "typer"}


def test_the_version_is_the_distributions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == cmdop_browser.__version__
