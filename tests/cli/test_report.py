"""``isogloss report``, as a user calls it."""

from __future__ import annotations

from pathlib import Path

from tests.support.command import Command, require_error
from tests.support.reported import numbers_of, several_reported
from tests.support.runs import contents


def test_it_writes_where_it_is_told_and_nowhere_else(command: Command, tmp_path: Path):
    runs = several_reported(tmp_path / "runs", seeds=1)
    before = contents(runs)
    page = tmp_path / "deep" / "er" / "page.html"
    assert command("report", str(runs), "-o", str(page)).out == f"{page}\n"
    assert contents(tmp_path / "deep").keys() == {str(page)}
    require_error(command("report", str(runs), "-o", str(page)), "exists; --overwrite replaces it")
    assert command("report", str(runs), "-o", str(page), "--overwrite", "--sentences", "2").status == 0
    assert len(numbers_of(page.read_text("utf-8"))["sentences"]["rows"]) == 6
    inside = runs / "m0/seed-0/report.html"
    require_error(command("report", str(runs), "-o", str(inside)), "lies in the run folder")
    require_error(command("report", str(runs)), "output: say where the page goes")
    assert contents(runs) == before
    assert command("report", str(runs), "--format", "csv").out.startswith("data,language,source,method")
