"""Pages by the command line: fetched, pictured, and looked at in a shell."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.process.shell import COMMAND

if TYPE_CHECKING:
    from tests.process.shell import Shell


def test_fetch_prints_what_the_scripts_left(shell: Shell, shop: str) -> None:
    done = shell.run("fetch", f"{shop}/books", ".book .title", "--wait-for", ".book[data-sku]")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<")
    text = shell.run("fetch", f"{shop}/", "h1", "--text").stdout
    assert text.strip()
    assert "<" not in text
    document = shell.json("fetch", f"{shop}/", "-o", "page.html")
    assert (document["status"], document["output"]) == (200, "page.html")
    assert "</html>" in (shell.directory / "page.html").read_text()


def test_fetch_fails_on_an_error_status(warm_shell: Shell, shop: str) -> None:
    failed = warm_shell.json("fetch", f"{shop}/no-such-page", code=1)
    assert failed["error"]["details"]["status"] == 404
    assert warm_shell.json("fetch", f"{shop}/no-such-page", "--any-status")["status"] == 404


def test_errors_carry_evidence_and_are_saved(warm_shell: Shell, shop: str) -> None:
    words = ("fetch", f"{shop}/", "--wait-for", "#no-such", "--timeout", "2", "--save-errors", "errors")
    error = warm_shell.json(*words, code=1)["error"]
    assert error["fields"]["evidence"]["page"]["status"] == 200
    for name in ("screenshot", "html"):
        assert error["fields"]["evidence"].get(name, {"id": "a-"})["id"].startswith("a-")
    (report,) = (warm_shell.directory / "errors").iterdir()
    assert error["details"]["report"] == f"errors/{report.name}"
    assert "#no-such" in report.read_text(encoding="utf-8")


def test_screenshots_are_written(warm_shell: Shell, shop: str) -> None:
    document = warm_shell.json("screenshot", f"{shop}/")
    picture = warm_shell.directory / document["output"]
    assert picture.name == "127.0.0.1.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert document["bytes"] == picture.stat().st_size
    assert warm_shell.run("screenshot", f"{shop}/", "-o", "a.jpg", "--selector", "h1").returncode == 0
    assert (warm_shell.directory / "a.jpg").read_bytes().startswith(b"\xff\xd8")


def test_a_page_that_cannot_be_written_is_not_fetched(shell: Shell) -> None:
    error = shell.json("fetch", "http://127.0.0.1:9/", "-o", "missing/page.html", code=1)["error"]
    assert error["code"] == "FILE_NOT_FOUND"
    assert "there is no directory" in error["message"]
    assert shell.run("screenshot", "http://127.0.0.1:9/", "-o", "page.gif").returncode == 2
    assert shell.processes() == []


@pytest.mark.parametrize(("stdout", "why"), [(">&-", "it is closed"), (">/dev/full", "No space left")])
@pytest.mark.parametrize("form", ["", "--json"])
def test_a_page_that_cannot_be_printed_is_an_error(
    warm_shell: Shell, shop: str, stdout: str, why: str, form: str
) -> None:
    words = [*COMMAND, "fetch", f"{shop}/", "h1", *form.split()]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {stdout}', "sh", *words],
        cwd=warm_shell.directory,
        env=warm_shell.environment,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"cannot write stdout: {why}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_shell_needs_a_terminal(shell: Shell, shop: str) -> None:
    done = shell.run("shell", shop)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_a_shell_has_client_and_session(warm_shell: Shell, shop: str) -> None:
    leader, follower = pty.openpty()
    prompt = subprocess.Popen(
        [*COMMAND, "shell", shop],
        cwd=warm_shell.directory,
        env=warm_shell.environment | {"TERM": "dumb", "IPYTHONDIR": str(warm_shell.directory)},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    try:
        read_until(leader, "In [1]")
        os.write(leader, b"'answer-' + str(session.dom.count('h1') + len(client.browser.list_sessions()))\n")
        read_until(leader, "answer-2")
        os.write(leader, b"exit()\n")
        assert prompt.wait(20) == 0
    finally:
        prompt.kill()
        prompt.wait()
        os.close(leader)


def read_until(fd: int, text: str) -> None:
    seen = ""
    while text not in seen:
        assert select.select([fd], [], [], 30)[0], seen
        seen += os.read(fd, 4096).decode("utf-8", "replace")


def test_a_picture_in_a_format_that_there_is_not_is_refused(warm_shell: Shell, shop: str) -> None:
    error = warm_shell.json("screenshot", f"{shop}/", "-o", "a.GIF", code=2)["error"]
    assert error["code"] == "BAD_REQUEST"
    assert "a.png" in error["tips"][0]
    assert not list(warm_shell.directory.iterdir())
