"""The final scores of a student beside those of the run that taught it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tabulate import tabulate

from isogloss.reports.differences import MISSING

KEYS = ("data", "split", "language", "metric")

Row = Mapping[str, Any]


def beside_teacher(teacher: Sequence[Row], student: Sequence[Row], run: str) -> str:
    """A line for each score of the student, with the teacher's where it is of as many examples, and ``–`` elsewhere.

    Args:
        teacher: Final rows of the run that taught.
        student: Final rows of the student.
        run: The folder of the run that taught.

    Returns:
        The table, and below it for each split why scores of the teacher are missing and which command makes them.
    """
    taught = {_place(row): row for row in teacher}
    body, notes = [], dict[str, str]()
    for place, row in sorted({_place(row): row for row in student}.items()):
        own = taught.get(place)
        alike = own is not None and own["n"] == row["n"]
        body.append([*place, _percent(own) if alike else MISSING, _percent(row)])
        if not alike:
            notes.setdefault(row["split"], _note(own, row, run))
    table = tabulate(body, headers=[*KEYS, "teacher %", "student %"], disable_numparse=True)
    return "\n".join([table, *notes.values()])


def _note(teacher: Row | None, student: Row, run: str) -> str:
    split = student["split"]
    command = f"isogloss evaluate {{}} --split {split}"
    if teacher is None:
        return f"{MISSING} in {split}: the teacher has no score there. Next: {command.format(shlex.quote(run))}"
    both = "; ".join(command.format(shlex.quote(str(folder))) for folder in (run, student["run"]))
    return (
        f"{MISSING} in {split}: the teacher's scores are of {teacher['n']} examples, the student's of {student['n']}. "
        f"Next, on all of them: {both}"
    )


def _place(row: Row) -> tuple[str, ...]:
    return tuple(str(row[key]) for key in KEYS)


def _percent(row: Row | None) -> str:
    return MISSING if row is None else f"{100 * row['value']:.1f}"
