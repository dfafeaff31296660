from __future__ import annotations

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import Problems


def test_a_problem_prints_like_a_compilers():
    problems = Problems()
    problems.error("en/train.conllu", 12, "wrong")
    problems.warning("en/train.conllu", None, "odd")
    assert [str(problem) for problem in problems.errors] == ["en/train.conllu:12: error: wrong"]
    assert [str(problem) for problem in problems.warnings] == ["en/train.conllu: warning: odd"]


def test_equal_warnings_of_a_file_are_summed_up():
    problems = Problems()
    for path, line in (("a", 3), ("b", 4), ("a", 8)):
        problems.warning(path, line, "odd")
    assert [str(problem) for problem in problems.warnings] == [
        "a:3: warning: odd (2 times, first here)",
        "b:4: warning: odd",
    ]


def test_notes_are_told_after_warnings_and_are_none():
    problems, other = Problems(), Problems()
    problems.note("a", 3, "good to know")
    problems.warning("a", 4, "odd")
    problems.note("a", 5, "good to know")
    other.add_summary([*problems.summary(), ["b", "of an earlier version", 1, 2]])
    assert [str(problem) for problem in problems.told] == [
        "a:4: warning: odd",
        "a:3: note: good to know (2 times, first here)",
    ]
    assert [str(problem) for problem in other.told] == [
        "a:4: warning: odd",
        "b:1: warning: of an earlier version (2 times, first here)",
        "a:3: note: good to know (2 times, first here)",
    ]


def test_warnings_do_not_stop():
    problems = Problems()
    problems.warning("a", 1, "odd")
    problems.raise_errors()
    assert not problems.spoils("a")


@pytest.mark.parametrize(
    ("number", "last"), [(5, "a:5: error: wrong"), (7, "(+2 more; `isogloss data validate` lists")]
)
def test_the_first_five_errors_are_shown(number: int, last: str):
    problems = Problems()
    for line in range(1, number + 1):
        problems.error("a", line, "wrong")
    with pytest.raises(IsoglossError) as caught:
        problems.raise_errors()
    lines = str(caught.value).splitlines()
    assert lines[:5] == [f"a:{line}: error: wrong" for line in range(1, 6)]
    assert lines[-1].startswith(last)
