"""A text or a path by itself, where several may be given from Python."""

from __future__ import annotations

from pathlib import Path

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.common.several import several
from isogloss.recipe.resolve import resolve


def test_one_is_a_list_of_one():
    assert several("runs") == ["runs"]
    assert several(Path("runs")) == [Path("runs")]
    assert several({"a": 1}) == [{"a": 1}]
    assert several(iter("ab")) == ["a", "b"]


def test_one_override():
    assert resolve("ud-pos", overrides="seed=7").seeds == resolve("ud-pos", overrides=["seed=7"]).seeds == (7,)


@pytest.mark.parametrize("call", [isogloss.compare, isogloss.compare_frame, isogloss.report, isogloss.gap])
def test_one_folder_is_not_its_letters(call: object, tmp_path: Path):
    assert callable(call)
    with pytest.raises(IsoglossError, match=r"no folder .*nowhere"):
        call(str(tmp_path / "nowhere"))
