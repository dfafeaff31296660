"""Evaluation sets the model up for each cell, and puts it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch
from torch import nn

from isogloss.common.distributed import ALONE
from isogloss.data.corpus import Cell
from isogloss.data.problems import Problems
from isogloss.examples import TaggedSentence
from isogloss.models.holding import holding
from isogloss.models.open import open_model
from isogloss.run.evaluation import Evaluator, Mode, Shown, score_cells
from isogloss.run.folder import RunFolder
from isogloss.tasks.tagging import part_of_speech


def test_a_cell_is_scored_inside_its_context(world: Path, tmp_path: Path) -> None:
    task = part_of_speech(("DET", "NOUN"))
    loaded = open_model(world / "encoder", task.auto_class, task.labels, seed=0)
    bias = loaded.model.get_parameter("classifier.bias")
    seen: list[Cell] = []

    @contextmanager
    def around(cell: Cell, model: nn.Module) -> Iterator[None]:
        """Everything is a noun in German, and a determiner elsewhere."""
        seen.append(cell)
        with holding({bias: torch.tensor([0.0, 99.0] if cell.language == "de" else [99.0, 0.0])}):
            yield

    evaluator = Evaluator(task, loaded.tokenizer, 32, 4, nullcontext, ALONE, Mode(around=around))
    cells = {}
    for language in ("de", "en"):
        examples = [TaggedSentence("1", language, ("ta", "lo"), ("NOUN", "NOUN"), "a", 1)]
        cells[Cell("pos", language, "dev")] = Shown(examples, evaluator.encode(examples, Problems()))
    before = bias.detach().clone()
    rows = score_cells(evaluator, loaded.model, cells, RunFolder(tmp_path), {"step": 1, "selection": None})
    accuracy = {row["language"]: row["value"] for row in rows if row["metric"] == "accuracy"}
    assert accuracy == {"de": 1.0, "en": 0.0}
    assert seen == list(cells)
    assert torch.equal(bias, before)
