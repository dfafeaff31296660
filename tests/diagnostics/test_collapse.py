"""The guard against a collapse: one vector for all is seen, and looking changes nothing."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from isogloss.diagnostics.collapse import CollapseProbe, signs
from isogloss.objectives.compared import Compared
from isogloss.protocols import Progress
from tests.support.knowledge import Table, batch_of, contrast, table


def seen(
    texts: Tensor, descriptions: Tensor, entities: list[int], true: list[list[int]] | None = None
) -> dict[str, float]:
    numbers = torch.tensor(entities)
    of = torch.tensor(true if true is not None else [[entity] for entity in entities])
    rows = signs(Compared(texts, descriptions, numbers, of, numbers >= 0, torch.arange(len(entities))))
    assert {row["n"] for row in rows} == {len(entities)}
    return {row["metric"]: row["value"] for row in rows}


def test_one_vector_for_all_is_a_collapse():
    one = torch.ones(4, 3)
    assert seen(one, one, [1, 2, 3, 4]) == pytest.approx({"cosine": 1.0, "accuracy": 0.0, "chance": 0.25})


def test_other_vectors_are_none():
    assert seen(torch.eye(4), torch.eye(4), [1, 2, 3, 4]) == {"cosine": 0.0, "accuracy": 1.0, "chance": 0.25}


def test_an_entity_that_comes_twice_is_like_itself_and_no_wrong_answer():
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert seen(vectors, vectors, [7, 7, 9]) == pytest.approx({"cosine": 0.0, "accuracy": 1.0, "chance": 4 / 9})


def test_another_true_object_is_no_wrong_answer():
    texts = torch.tensor([[0.6, 0.8], [0.0, 1.0]])
    assert seen(texts, torch.eye(2), [1, 2])["accuracy"] == 0.5
    assert seen(texts, torch.eye(2), [1, 2], [[1, 2], [2, -1]])["accuracy"] == 1.0


def test_a_probe_says_what_it_sees_and_changes_nothing():
    model, objective = table([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), contrast(2, rows=4)
    probe = CollapseProbe(objective, batch_of((1, 2), (1, 2), (1, 2)), 5, cast(Any, nullcontext))
    assert [step for step in range(1, 12) if probe.due(step)] == [5, 10]

    before = {name: own.clone() for name, own in model.state_dict().items()}
    rows = {row["metric"]: row["value"] for row in probe(model, Progress())}
    assert rows == {"cosine": 0.0, "accuracy": 1.0, "chance": 0.5}
    assert model.training
    assert not objective.queue.used.any()
    assert all(torch.equal(before[name], own) for name, own in model.state_dict().items())
    assert cast(Table, model).asked == []
