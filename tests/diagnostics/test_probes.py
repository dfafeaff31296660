from __future__ import annotations

import torch

from isogloss.diagnostics.conflicts import Conflicts
from isogloss.diagnostics.probes import Every, ObservedConflicts, conflict_rows
from isogloss.protocols import Progress
from tests.laws.small import Tagger

GRAM = torch.tensor([[[4.0, 3.0, 0.0], [3.0, 9.0, 0.0], [0.0, 0.0, 0.0]]])


def test_every_so_many_steps_and_at_the_end():
    every = Every(3, last=7)
    assert [step for step in range(1, 8) if every(step)] == [3, 6, 7]


def test_rows_of_what_was_observed():
    grams = torch.cat([GRAM, 4 * GRAM])
    probe = ObservedConflicts(lambda: (("en", "de", "sw"), ("layer_1", "head"), grams), Every(1, 1))
    rows = probe(Tagger(), Progress(step=1))
    # A gradient of zero has no cosine.
    assert [(row["part"], row["language"], row["other"], round(row["value"], 6)) for row in rows] == [
        (part, *pair, 0.5) for part in ("model", "layer_1", "head") for pair in ((None, None), ("en", "de"))
    ]
    assert ObservedConflicts(lambda: None, Every(1, 1))(Tagger(), Progress(step=1)) == []


def test_rows_of_conflicts_leave_out_what_has_no_value():
    within = torch.tensor([[0.9, torch.nan, 0.7]], dtype=torch.float64)
    assert shown(within) == [
        ("cosine", None, None, 0.5, 1),
        ("cosine", "en", "de", 0.5, 1),
        ("within", None, None, 0.8, 1),
        ("within", "en", None, 0.9, 4),
        ("within", "sw", None, 0.7, 2),
    ]


def test_rows_of_conflicts_without_noise():
    within = torch.tensor([[0.6, 1.0, torch.nan]], dtype=torch.float64)
    corrected = round(0.5 / (2 * 0.6 / 1.6) ** 0.5, 6)
    assert shown(within)[2:4] == [("corrected", None, None, corrected, 1), ("corrected", "en", "de", corrected, 1)]


def shown(within: torch.Tensor) -> list[tuple]:
    seen = Conflicts(("en", "de", "sw"), ("model",), (4, 1, 2), GRAM.double(), within)
    return [
        (row["metric"], row["language"], row["other"], round(row["value"], 6), row["n"]) for row in conflict_rows(seen)
    ]
