"""``install`` and ``demo``, by the command line."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from cmdop_browser.demo.catalog import rows as catalogue
from tests.process.shell import wait_until_line

if TYPE_CHECKING:
    from tests.process.shell import Shell


def test_install_says_which_browser_is_used(shell: Shell) -> None:
    report = shell.json("install")
    assert Path(report["used"]).exists()
    assert report["used"] in shell.run("install").stdout


def test_the_demo_scrapes_every_book_and_leaves_nothing_behind(shell: Shell) -> None:
    document = shell.json("demo", "--output-dir", "out")
    assert (document["rows"], document["of"]) == (60, 60)
    rows = [json.loads(line) for line in (shell.directory / "out" / "books.jsonl").read_text().splitlines()]
    base = rows[0]["url"].partition("/books/")[0]
    assert rows == catalogue(base)
    assert (shell.directory / "out" / "books.png").read_bytes().startswith(b"\x89PNG")
    assert shell.processes() == []
    assert shell.sockets() == []
    assert list(Path(shell.environment["TMPDIR"]).glob("cmdop*")) == []


def test_the_demo_shows_a_table(shell: Shell) -> None:
    done = shell.run("demo")
    assert done.returncode == 0, done.stderr
    assert "60 of 60 books" in done.stderr
    assert len(done.stdout.splitlines()) == 61


def test_an_interrupted_demo_leaves_nothing_behind(shell: Shell) -> None:
    running = shell.start("demo")
    wait_until_line(running.stdout, "the shop is open")
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 130
    assert shell.processes() == []
    assert shell.sockets() == []
