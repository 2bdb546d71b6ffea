"""Lines of the agent's log: what is in them, and what becomes of them when there is no room."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

from agent_bridge.calls import Call
from agent_bridge.observation.calls import CallObserver
from agent_bridge.observation.log import JsonFormatter, TextFormatter
from agent_bridge.observation.subject import current_subject
from cmdop_browser._log_lines import as_text, parse
from cmdop_browser.exceptions import BrowserTimeoutError
from cmdop_browser.wire.v1 import actions_pb2, common_pb2, sessions_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SESSION, OTHER = "s-0123456789abcdef", "s-ffffffffffffffff"
CALL = Call("/cmdop.browser.v1.ActionService/Click", request_id="r1", client_id="c1")
CLICK = actions_pb2.ClickRequest(
    call=common_pb2.SessionCall(session=common_pb2.SessionRef(session_id=SESSION, epoch=1))
)


@pytest.fixture(autouse=True)
def outside_calls() -> Iterator[None]:
    token = current_subject.set(None)
    yield
    current_subject.reset(token)


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(JsonFormatter(agent="default").format(record)))


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """What is logged meanwhile, as the agent would write it."""
    caplog.set_level(logging.DEBUG)
    listener = _Listener()
    logging.getLogger().addHandler(listener)
    yield listener.lines
    logging.getLogger().removeHandler(listener)


def _record(text: str, *args: object, **more: Any) -> logging.LogRecord:
    return logging.LogRecord("some.logger", logging.WARNING, "", 0, text, args, more.get("exc_info"))


def test_a_line_is_one_json_object() -> None:
    line = JsonFormatter(agent="default", instance_id="i1").format(_record("two\nlines of %s\u2028☂", "text"))
    assert line.splitlines() == [line]
    read = json.loads(line)
    assert read.pop("time").endswith("Z")
    assert read == {
        "level": "warning",
        "logger": "some.logger",
        "event": "two\nlines of text\u2028☂",
        "agent": "default",
        "instance_id": "i1",
    }


def test_a_call_is_in_the_lines_of_all_that_it_does(lines: list[dict[str, Any]]) -> None:
    with CallObserver().observe(CALL, CLICK) as seen:
        logging.getLogger("deep.down").warning("something")
        seen.replied(common_pb2.PageState())
    logging.getLogger("deep.down").warning("later")
    during, done, later = lines
    assert (during["request_id"], during["session_id"], during["client_id"]) == ("r1", SESSION, "c1")
    assert (done["level"], done["method"], done["outcome"]) == ("debug", "ActionService/Click", "ok")
    assert done["duration"] >= 0
    # A consequence, but no part of the call.
    assert "request_id" not in later
    assert (later["caused_by"], later["session_id"]) == ("r1", SESSION)


def test_a_line_that_names_a_session_is_about_that_one(lines: list[dict[str, Any]]) -> None:
    with CallObserver().observe(CALL, CLICK):
        logging.getLogger("deep.down").warning("session %s closed", OTHER)
    assert lines[0]["session_id"] == OTHER


def test_who_asks_for_a_session_learns_from_the_reply_which_it_is(lines: list[dict[str, Any]]) -> None:
    with CallObserver().observe(CALL, sessions_pb2.CreateSessionRequest()) as seen:
        seen.replied(sessions_pb2.SessionInfo(session=common_pb2.SessionRef(session_id=SESSION)))
    assert lines[0]["session_id"] == SESSION


def test_failures_and_cancellations_are_told_apart(lines: list[dict[str, Any]]) -> None:
    with CallObserver().observe(CALL, CLICK) as seen:
        seen.failed(BrowserTimeoutError("click timed out", timeout_seconds=1.0))
    with pytest.raises(KeyboardInterrupt), CallObserver().observe(CALL, CLICK):
        raise KeyboardInterrupt
    failed, cancelled = lines
    assert (failed["level"], failed["outcome"]) == ("info", "BROWSER_TIMEOUT")
    assert failed["event"] == "ActionService/Click failed: click timed out"
    assert cancelled["outcome"] == "cancelled"


def test_an_id_that_is_none_stays_out(lines: list[dict[str, Any]]) -> None:
    request = sessions_pb2.CloseSessionRequest(session_id="\u001b[31m" + "x" * 10_000)
    with CallObserver().observe(Call("/m", request_id="r" * 1000), request) as seen:
        seen.replied(None)
    assert "session_id" not in lines[0]
    assert len(lines[0]["request_id"]) == 64


def test_a_traceback_holds_no_secret() -> None:
    try:
        raise ValueError("http://ada:s3cret@x.test/ refused, Authorization: Bearer abc.def123456")
    except ValueError:
        record = _record("incident", exc_info=sys.exc_info())
    for formatter in (JsonFormatter(), TextFormatter()):
        line = formatter.format(record)
        assert "ValueError" in line
        assert "s3cret" not in line
        assert "abc.def123456" not in line


def test_people_read_the_same_as_text() -> None:
    line = JsonFormatter(agent="default").format(_record("session %s closed", SESSION))
    text = as_text(line)
    assert f"WARNING some.logger: session {SESSION} closed [session_id={SESSION}]" in text
    assert text.split()[0] == json.loads(line)["time"]
    assert as_text("no JSON {") == "no JSON {"
    assert [parse(each) for each in ("", "{", "{}", "[]", '{"a": 1}')] == [None] * 5
    assert parse(line) is not None


_WRITER = """
import logging, resource, sys
from agent_bridge.observation import log
from cmdop_browser.settings import Settings
handler = log.set_up(Settings(log_format="json"), agent="a")
say = logging.getLogger("x").warning
say("one")
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400, hard))
for number in range(5):
    say("too much %d %s", number, "x" * 100)
assert handler.problem == "File too large", handler.problem
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
say("again")
assert (handler.problem, handler.lost) == ("", 4), handler.lost
"""


def test_without_room_lines_are_lost_whole_and_it_is_said_how_many(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("a") as file:
        done = subprocess.run([sys.executable, "-c", _WRITER], stderr=file, check=False)
    assert done.returncode == 0, path.read_text()
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert events[0] == "one"
    assert events[1].startswith("too much 0")
    assert events[2:] == ["4 lines before this one were lost: File too large", "again"]


_TALKER = """
import logging, os, sys
from pathlib import Path
from agent_bridge.observation import log
from cmdop_browser.settings import Settings
path = Path(sys.argv[1])
handler = log.LogHandler(path, largest=5_000)
handler.setFormatter(log.JsonFormatter())
logging.getLogger().handlers[:] = [handler]
os.truncate(path, 5 * 1024 * 1024)
for number in range(200):
    logging.getLogger("x").warning("line %d", number)
os.write(2, b"from somebody else\\n")
"""


def test_a_log_that_has_grown_is_set_aside_by_the_agent_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with path.open("a") as file:
        subprocess.run([sys.executable, "-c", _TALKER, path], stderr=file, check=True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.log", "a.log.1"]
    lines = path.read_text().splitlines()
    assert lines[-1] == "from somebody else"
    assert json.loads(lines[-2])["event"] == "line 199"
    assert path.stat().st_mode & 0o777 == 0o600


_MOVED: Final = """
import logging, sys
from pathlib import Path
from agent_bridge.observation import log
path = Path(sys.argv[1])
logging.getLogger().handlers[:] = [log.LogHandler(path)]
logging.getLogger("x").warning("one")
path.rename(path.with_name("elsewhere"))
logging.getLogger("x").warning("two")
path.unlink()
logging.getLogger("x").warning("three")
"""


def test_a_log_that_somebody_else_moved_or_removed_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with path.open("a") as file:
        subprocess.run([sys.executable, "-c", _MOVED, path], stderr=file, check=True)
    assert (tmp_path / "elsewhere").read_text() == "one\n"
    assert path.read_text() == "three\n"
