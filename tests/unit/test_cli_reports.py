"""``--save-errors``: where the report is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmdop_browser.cli.reports import errors_saved
from cmdop_browser.exceptions import CMDOPError

if TYPE_CHECKING:
    from pathlib import Path


def _fail(directory: Path | None) -> CMDOPError:
    with pytest.raises(CMDOPError) as caught, errors_saved(directory):
        raise CMDOPError("it broke", tips=("try again",))
    return caught.value


def test_an_error_names_its_report(tmp_path: Path) -> None:
    error = _fail(tmp_path / "errors")
    (report,) = (tmp_path / "errors").iterdir()
    assert error.to_dict()["details"] == {"report": str(report)}
    assert error.tips == ("try again", f"look at the report: {report}")


def test_nothing_is_written_unasked(tmp_path: Path) -> None:
    error = _fail(None)
    assert (error.details, error.tips) == ({}, ("try again",))


def test_a_report_that_cannot_be_written_hides_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error = _fail(tmp_path / "file")
    assert error.message == "it broke"
    assert error.tips[-1].startswith("there is no report of this: cannot write")
