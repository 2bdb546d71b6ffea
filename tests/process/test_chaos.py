"""The harness of the faults itself: a little of each run, so that it cannot rot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chaos.cells import Cell, During, Fault, Mode, Victim, all_cells
from chaos.documented import Due, NotHere, documented
from chaos.facts import quantiles
from chaos.matrix import row_of
from chaos.trial import Trial
from chaos.trials import Trials
from cmdop_browser.exceptions import BrowserSessionClosedError, CloseReason, Outcome

ROOT = Path(__file__).resolve().parents[2]
KILLED = Cell(Victim.RENDERER, Fault.SIGKILL, During.CLICK, Mode.RAISE)


def chaos(tmp_path: Path, what: str, *words: str, code: int = 0) -> Any:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CMDOP_")}
    done = subprocess.run(
        [sys.executable, "-m", "chaos", what, f"--output={tmp_path}", *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert what in done.stdout
    return json.loads((tmp_path / f"{what}.json").read_text())


# The table


def test_every_cell_says_what_it_comes_to_or_why_there_is_none() -> None:
    assert len(all_cells()) == 5 * 4 * 6 * 2
    for cell in all_cells():
        due = documented(cell)
        assert due.why if isinstance(due, NotHere) else str(due)


def test_a_cell_accepts_nothing_but_what_is_documented() -> None:
    due = documented(KILLED)
    assert isinstance(due, Due)
    right = BrowserSessionClosedError(reason=CloseReason.RENDERER_CRASH, outcome=Outcome.UNKNOWN)
    assert due.wrong(right) == ""
    for wrong in (
        None,
        ValueError("bare"),
        BrowserSessionClosedError(reason=CloseReason.BROWSER_CRASH, outcome=Outcome.UNKNOWN),
        BrowserSessionClosedError(reason=CloseReason.RENDERER_CRASH, outcome=Outcome.NOT_EXECUTED),
    ):
        assert due.wrong(wrong)


@pytest.mark.parametrize(("field", "limit"), [("detection", 1.0), ("recovery", 2.0)])
def test_a_figure_over_its_limit_is_wrong(field: str, limit: float) -> None:
    within, beyond = Trial(str(KILLED), "sync"), Trial(str(KILLED), "sync")
    setattr(within, field, limit)
    setattr(beyond, field, limit + 0.1)
    assert row_of(KILLED, [within], 1)["wrong"] == []
    assert row_of(KILLED, [within, beyond], 1)["wrong"]


def test_times_of_a_machine_without_processors_are_not_told() -> None:
    quiet = Trial(str(KILLED), "sync", detection=0.1, recovery=0.5)
    disturbed = Trial(str(KILLED), "sync", detection=2.0, recovery=9.0, stolen=0.5)
    row = row_of(KILLED, [quiet, disturbed], 2)
    assert row["wrong"] == []
    assert (row["trials"], row["undisturbed"], row["recovery"]["max"]) == (2, 1, 0.5)
    assert row_of(KILLED, [quiet, disturbed, disturbed], 3)["wrong"]
    outcome = Trial(str(KILLED), "sync", ["the wrong error"], stolen=0.5)
    assert row_of(KILLED, [quiet, outcome], 2)["wrong"] == ["sync: the wrong error"]


def test_a_run_goes_on_where_it_was_broken_off(tmp_path: Path) -> None:
    file = tmp_path / "matrix.jsonl"
    untimed = Cell(Victim.RENDERER, Fault.HANG, During.CLICK, Mode.RAISE)
    cells = [KILLED, untimed]
    with Trials(2, file, resume=True) as trials:
        assert trials.missing(cells) == [(KILLED, 0), (untimed, 1), (KILLED, 1), (untimed, 2)]
        trials.add(KILLED, Trial(str(KILLED), "sync", stolen=0.5))
        trials.add(KILLED, Trial(str(KILLED), "async"))
        trials.add(untimed, Trial(str(untimed), "sync", stolen=0.5))
    with Trials(2, file, resume=True) as trials:
        assert trials.of[KILLED][0].stolen == 0.5
        assert trials.missing(cells) == [(KILLED, 2), (untimed, 2)]
    with Trials(2, file, resume=False) as trials:
        assert len(trials.missing(cells)) == 4


def test_quantiles() -> None:
    assert quantiles([]) is None
    assert quantiles([float(each) for each in range(1, 21)]) == {"p50": 10.0, "p95": 19.0, "max": 20.0}


# A little of each


def test_a_cell_of_the_matrix(tmp_path: Path) -> None:
    # One without a limit of time, which other tests would have it pass.
    words = ("--victim", "renderer", "--fault", "hang", "--during", "click", "--trials", "1")
    report = chaos(tmp_path, "matrix", *words)
    assert [row["as_documented"] for row in report["cells"]] == [1, 1]
    assert (report["hangs"], report["bare_exceptions"]) == (0, 0)
    assert report["facts"]["cpus"]


def test_submits(tmp_path: Path) -> None:
    report = chaos(tmp_path, "submits", "--submits", "20")
    assert sum(report["said"].values()) == 20
    assert report["executed_twice"] == 0


def test_restored(tmp_path: Path) -> None:
    report = chaos(tmp_path, "restored", "--calls", "200")
    assert report["calls"] >= 200
    assert report["told"]["done"] > 100


def test_soak(tmp_path: Path) -> None:
    report = chaos(tmp_path, "soak", "--pages", "60", "--sessions", "12", "--every", "3")
    assert (report["pages"] >= 60, report["lost"], report["orphans"]) == (True, 0, 0)


def test_election(tmp_path: Path) -> None:
    report = chaos(tmp_path, "election", "--rounds", "2", "--clients", "10")
    assert (report["rounds"], report["wrong"]) == (2, [])
