"""What `isogloss trim` looks at: both texts of a pair; and states in every language, however few sub-words stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from torch import Tensor

import isogloss
from isogloss import IsoglossError
from isogloss.models.trimming.tables import Tables


@pytest.fixture
def least(trained: Callable[[str], Path], tmp_path: Path) -> int:
    """The size at which no more stays than what must, so that no text is cut as before."""
    with pytest.raises(IsoglossError) as refused:
        isogloss.trim(trained("pos"), languages="en,fr", size=1, output=tmp_path / "none")
    found = re.search(r"which must stay, are (\d+) sub-words", str(refused.value))
    assert found is not None
    return int(found[1])


def test_states_of_every_language_are_looked_at(least: int, trained: Callable[[str], Path], tmp_path: Path):
    found = isogloss.trim(trained("pos"), languages="en,fr", size=least, output=tmp_path / "cut")
    assert [own.same for own in found.languages] == [0, 0] and found.checked == 16
    assert "the sub-words of 16 texts, at most 8 of each language, the states that it gave them before" in found.told()


def test_rows_that_were_mixed_up_are_seen(
    least: int, trained: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    cut = Tables.cut

    def mixed_up(tables: Tables, tensors: Mapping[str, Tensor], rows: Sequence[int]) -> dict[str, Tensor]:
        return cut(tables, tensors, [*rows[:5], *reversed(rows[5:])])

    monkeypatch.setattr(Tables, "cut", mixed_up)
    with pytest.raises(IsoglossError, match="gives sub-words of texts in en other states than before; nothing was"):
        isogloss.trim(trained("pos"), languages="en,fr", size=least, output=tmp_path / "cut")
    assert not (tmp_path / "cut").exists()


def test_both_texts_of_a_pair_are_counted(world: Path, tmp_path: Path):
    template = f"{world}/nli/{{language}}/train.tsv"
    rows = len((world / "nli/en/train.tsv").read_text("utf-8").splitlines()) - 1
    found = isogloss.trim(world / "encoder", languages="en", text=template, output=tmp_path / "cut")
    assert found.languages[0].texts == 2 * rows and found.languages[0].same == 1
