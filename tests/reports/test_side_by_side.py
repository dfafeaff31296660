"""A student's scores beside its teacher's, where they are of the same examples."""

from __future__ import annotations

from typing import Any

from isogloss.reports.side_by_side import beside_teacher


def row(run: str, value: float, n: int, split: str = "test", language: str = "de") -> dict[str, Any]:
    shared = {"data": "nli", "metric": "accuracy", "language": language, "split": split}
    return {**shared, "run": run, "value": value, "n": n}


def test_scores_of_as_many_examples_stand_beside_each_other():
    table = beside_teacher([row("runs/large", 0.75, 8)], [row("runs/small", 0.5, 8)], "runs/large").splitlines()
    assert table[-1].split() == ["nli", "test", "de", "accuracy", "75.0", "50.0"]


def test_scores_of_other_examples_do_not():
    large = [row("runs/large", 0.75, 32), row("runs/large", 0.75, 8, "dev")]
    small = [row("runs/small", 0.5, 8), row("runs/small", 0.25, 8, "dev"), row("runs/small", 0.5, 8, language="en")]
    *table, note = beside_teacher(large, small, "runs/large").splitlines()
    assert [line.split()[-2:] for line in table[-3:]] == [["75.0", "25.0"], ["–", "50.0"], ["–", "50.0"]]
    assert note == (
        "– in test: the teacher's scores are of 32 examples, the student's of 8. Next, on all of them: "
        "isogloss evaluate runs/large --split test; isogloss evaluate runs/small --split test"
    )


def test_a_teacher_that_was_not_scored_says_so():
    *_, dev, test = beside_teacher([], [row("s", 0.5, 8), row("s", 0.5, 8, "dev")], "my runs/cut").splitlines()
    assert dev == "– in dev: the teacher has no score there. Next: isogloss evaluate 'my runs/cut' --split dev"
    assert test.endswith("isogloss evaluate 'my runs/cut' --split test")
