"""What a student is begun with: how often it reads each of its sub-words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from isogloss.start import taught
from isogloss.start.taught import Taught
from isogloss.store.encoded import EncodedText


def test_special_sub_words_are_as_often_as_rows_and_unknown_ones_as_in_the_text_too(monkeypatch: pytest.MonkeyPatch):
    given: dict[str, np.ndarray] = {}

    def build(
        asked: Any, teacher: Any, how: Any, tokenizer: Any, frequencies: np.ndarray, energies: Any, seed: int
    ) -> None:
        given["frequencies"] = frequencies

    monkeypatch.setattr(taught, "build_student", build)
    asked: Any = SimpleNamespace(temperature=1.0)
    teacher: Any = SimpleNamespace(ids=np.arange(5))
    recipe: Any = SimpleNamespace(student=True, seed=0, stages=[SimpleNamespace(length=10), SimpleNamespace(length=20)])
    tokenizer: Any = SimpleNamespace(all_special_ids=[0, 1])
    # The sub-word 1 is the unknown one.
    text = {"en": EncodedText.of([[1, 1, 3], [4]]), "de": EncodedText.of([[3, 3, 1, 1]])}
    Taught(asked, teacher, None).student(recipe, tokenizer, text)
    np.testing.assert_allclose(given["frequencies"], [0.05, 0.5 + 0.05, 0, 0.375, 0.125])
