"""A student with a narrower table of sub-words begins as near its teacher as the table has room for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel, PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.low_rank import begin_low_rank, low_rank_values, principal_directions, shared_values
from isogloss.models.student import Sizes, student_config
from tests.support.encoders import build

ALL = np.arange(40)
OFTEN = np.linspace(1, 9, 40)
IDS = torch.tensor([[5, 6, 7, 9, 30], [11, 39, 3, 2, 2]])


def far(kind: str, **more: Any) -> PreTrainedModel:
    """A model with gains, biases and rows far from the start, where all are alike."""
    model = build(kind, AutoModel, **more)
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return model.eval()


def begun(teacher: PreTrainedModel, units: int, rows: np.ndarray = ALL, layers: tuple[int, ...] = (0, 1, 2)) -> Any:
    """The student, and the share that its table keeps."""
    values = {**shared_values(teacher, units), **low_rank_values(units)}
    config = student_config(teacher.config, Sizes(len(layers)), layers, values)
    torch.manual_seed(1)
    student = AutoModel.from_config(AutoConfig.for_model(**{**config, "vocab_size": len(rows)})).eval()
    found = principal_directions(teacher, rows, OFTEN[: len(rows)], units)
    begin_low_rank(student, teacher, layers, rows, found.basis)
    return student, found


def embedded(model: PreTrainedModel) -> Tensor:
    states: Tensor = model(input_ids=IDS, output_hidden_states=True).hidden_states[0]
    return states


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("bert", {}),
        ("xlm-roberta", {"layer_norm_eps": 1e-2, "hidden_act": "relu"}),
        ("electra", {"embedding_size": 8}),
        ("electra", {"embedding_size": 16}),
    ],
)
@torch.no_grad()
def test_with_room_for_all_directions_it_is_the_teacher(kind: str, more: dict[str, Any]):
    teacher = far(kind, **more)
    student, found = begun(teacher, 17)
    assert student.config.model_type == "electra" and found.kept == pytest.approx(1)
    torch.testing.assert_close(embedded(student), embedded(teacher))
    own, other = (model(input_ids=IDS).last_hidden_state for model in (student, teacher))
    torch.testing.assert_close(own, other, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_the_directions_keep_most_of_the_second_moment_on_text():
    teacher = far("bert")
    part = teacher.embeddings
    sums = part.word_embeddings.weight[:, None] + part.position_embeddings.weight + part.token_type_embeddings.weight[0]
    sums = sums - sums.mean(-1, keepdim=True)
    often = torch.from_numpy(OFTEN / OFTEN.sum() / sums.shape[1]).float()
    moment = torch.einsum("w,wpi,wpj->ij", often, sums, sums)
    shares = []
    for units in (3, 6, 12):
        basis, kept = principal_directions(teacher, ALL, OFTEN, units)
        torch.testing.assert_close(basis.T @ basis, torch.eye(units - 1))
        assert kept == pytest.approx(float((basis.T @ moment @ basis).trace() / moment.trace()), rel=1e-4)
        assert kept == pytest.approx(float(torch.linalg.eigvalsh(moment)[1 - units :].sum() / moment.trace()), rel=1e-4)
        shares.append(kept)
    assert shares == sorted(shares)


@torch.no_grad()
def test_the_more_units_the_nearer_and_far_nearer_than_by_chance():
    teacher = far("xlm-roberta")
    away = [float((embedded(begun(teacher, units)[0]) - embedded(teacher)).square().mean()) for units in (4, 10, 15)]
    assert away == sorted(away, reverse=True)
    student = begun(teacher, 10)[0]
    torch.nn.init.normal_(student.embeddings_project.weight, std=float(student.embeddings_project.weight.std()))
    assert away[1] < 0.5 * float((embedded(student) - embedded(teacher)).square().mean())


def test_sub_words_that_the_teacher_lacks_stay_random_with_values_as_large():
    rows = np.array([5, -1, 7, 39, -1, -1])
    student, _ = begun(far("bert"), 8, rows, (0, 2))
    table = student.get_input_embeddings().weight.detach()
    own, other = (table[rows < 0], table[rows >= 0])
    assert 0.5 < float(own.std() / other.std()) < 2
    assert len({tuple(row.tolist()) for row in own}) == 3


@pytest.mark.parametrize("kind", ["modernbert", "deberta-v2", "distilbert", "albert"])
def test_a_teacher_of_other_layers_is_refused(kind: str):
    message = rf"one of bert, .*xlm-roberta, found '{kind}'; leave out embedding, or from_layers"
    with pytest.raises(IsoglossError, match=message):
        shared_values(build(kind, AutoModel), 8)


def test_as_many_units_as_a_hidden_state_has_leave_no_map_to_begin_with():
    with pytest.raises(IsoglossError, match=r"embedding: 16 is what a hidden state has, .*from_layers.*; leave it out"):
        shared_values(build("bert", AutoModel), 16)


def test_places_that_the_teacher_has_not_are_refused():
    teacher = far("bert")
    values = {**shared_values(teacher, 8), **low_rank_values(8), "max_position_embeddings": 600}
    config = student_config(teacher.config, Sizes(1), (0,), values)
    student = AutoModel.from_config(AutoConfig.for_model(**{**config, "vocab_size": 40}))
    basis = principal_directions(teacher, ALL, OFTEN, 8).basis
    with pytest.raises(IsoglossError, match=r"position_embeddings is \[600, 8\] here and \[512, 8\] in the teacher"):
        begin_low_rank(student, teacher, (0,), ALL, basis)
