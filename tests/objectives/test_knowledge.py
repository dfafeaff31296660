"""The contrast of texts with descriptions: its laws (1, 2, 4 to 7, 10), and the released arithmetic by hand."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.knowledge import CandidateQueue, LaggingCopy, ProjectionHeads
from isogloss.objectives.compared import Contrast
from isogloss.objectives.contrast import Candidates, logits_of
from isogloss.objectives.knowledge import KnowledgeContrast
from isogloss.objectives.masked_lm import MaskedLM
from isogloss.protocols import DataSource
from isogloss.step.loop import Training, add_gradients
from isogloss.step.sampling import Joint
from tests.support.knowledge import Identity, Table, batch_of, contrast, table

ROWS = [[0.3, -0.2], [1.0, 0.1], [-0.4, 0.9], [0.5, 0.5], [0.2, 1.1], [-0.7, 0.3], [0.9, -0.8]]
"""States of seven sub-words; 0 stands for anything."""

TEXTS, DESCRIPTIONS = (1, 2, 3), (4, 5, 6)


def nt_xent(texts: Tensor, descriptions: Tensor, temperature: float, past: Tensor | None = None) -> list[float]:
    """NT-Xent written out: per row the loss of its text and of its description, each against all others."""
    both = torch.cat([texts, descriptions])
    number, losses = len(texts), []
    for row in range(number):
        total = 0.0
        for query, partner in ((row, number + row), (number + row, row)):
            others = [both[place] for place in range(2 * number) if place != query]
            others += [] if past is None else list(past)
            similar = [float(both[query] @ other) / temperature for other in others]
            right = float(both[query] @ both[partner]) / temperature
            total += math.log(sum(math.exp(value) for value in similar)) - right
        losses.append(total)
    return losses


def test_the_partner_is_in_its_column_and_a_query_is_no_candidate_of_its_own():
    same, other, queue = torch.eye(3), 2 * torch.eye(3), torch.ones(2, 3)
    nothing = torch.zeros(2, 8, dtype=torch.bool)
    logits, gold = logits_of(same[1:], Candidates(same, other, queue, torch.tensor([1, 2]), nothing), 0.5)
    assert gold.tolist() == [4, 5]
    inf = math.inf
    assert logits.tolist() == [[0, -inf, 0, 0, 4, 0, 2, 2], [0, 0, -inf, 0, 0, 4, 2, 2]]


def test_what_is_left_out_is_never_the_partner():
    every = torch.ones(2, 4, dtype=torch.bool)
    logits, gold = logits_of(
        torch.eye(2), Candidates(torch.eye(2), torch.eye(2), torch.zeros(0, 2), torch.arange(2), every), 1
    )
    assert logits.isfinite().nonzero().tolist() == [[0, 2], [1, 3]]
    assert gold.tolist() == [2, 3]


@pytest.mark.parametrize("normalise", [False, True])
def test_without_queue_and_heads_it_is_nt_xent(normalise: bool):
    model = table(ROWS)
    objective = contrast(2, temperature=0.7, normalise=normalise)
    batch = batch_of(TEXTS, DESCRIPTIONS, (1, 2, 3))
    found = objective(model, batch)["mep"]
    states = torch.tensor(ROWS)
    if normalise:
        states = states / states.norm(dim=1, keepdim=True)
    expected = nt_xent(states[list(TEXTS)], states[list(DESCRIPTIONS)], 0.7)
    assert found.tolist() == pytest.approx(expected, rel=1e-5)
    assert objective.counts(batch)["mep"].tolist() == [2, 2, 2]


def test_in_one_direction_only_texts_ask():
    batch = batch_of((1, 2), (4, 5), (1, 2))
    one = contrast(2, bidirectional=False)
    states = torch.tensor(ROWS)
    expected = []
    for row, (text, description) in enumerate(((1, 4), (2, 5))):
        others = [(2, 1)[row], 4, 5]
        values = [float(states[text] @ states[other]) for other in others]
        expected.append(math.log(sum(map(math.exp, values))) - float(states[text] @ states[description]))
    assert one(table(ROWS), batch)["mep"].tolist() == pytest.approx(expected, rel=1e-5)
    assert one.counts(batch)["mep"].tolist() == [1, 1]


def test_the_queue_is_compared_with_before_the_rows_get_in():
    objective, model = contrast(2, rows=4), table(ROWS)
    objective.queue.push(torch.tensor([[1.0, 1.0], [0.5, -1.0]]), torch.tensor([8, 9]))
    past = objective.queue.vectors[:2].clone()
    found = objective(model, batch_of((1, 2), (4, 5), (1, 2)))["mep"]
    states = torch.tensor(ROWS)
    expected = nt_xent(states[[1, 2]], states[[4, 5]], 1.0, past)
    assert found.tolist() == pytest.approx(expected, rel=1e-5)
    assert torch.equal(objective.queue.vectors[2:], states[[4, 5]])
    assert objective.queue.entities.tolist() == [8, 9, 1, 2]


def test_no_gradient_goes_through_the_queue():
    model, objective = table(ROWS), contrast(2, rows=2)
    objective(model, batch_of((1, 2), (4, 5), (1, 2)))  # fills the queue with descriptions 4 and 5
    objective(model, batch_of((3,), (6,), (3,)))["mep"].sum().backward()
    gradient = cast(Table, model).base_model.table.weight.grad
    assert gradient is not None
    assert gradient[[4, 5]].abs().sum() == 0
    assert (gradient[[3, 6]].abs().sum(dim=1) > 0).all()
    assert not objective.queue.vectors.requires_grad


def test_rows_without_an_entity_neither_ask_nor_answer():
    model = table(ROWS)
    whole = batch_of((1, 3, 2), (4, 6, 5), (1, 3, 2), places=(0, -1, 0))
    objective = contrast(2, rows=3)
    found = objective(model, whole)["mep"].tolist()
    expected = contrast(2)(model, batch_of((1, 2), (4, 5), (1, 2)))["mep"].tolist()
    assert found == pytest.approx([expected[0], 0.0, expected[1]], rel=1e-6)
    assert objective.counts(whole)["mep"].tolist() == [2, 0, 2]
    assert objective.queue.entities.tolist() == [1, 2, -1] and objective.queue.used.tolist() == [True, True, False]


def test_a_batch_without_any_entity_costs_nothing():
    model, objective = table(ROWS), contrast(2, rows=3)
    losses = objective(model, batch_of((1, 2), (4, 5), (1, 2), places=(-1, -1)))["mep"]
    losses.sum().backward()
    assert losses.tolist() == [0.0, 0.0]


def test_other_copies_of_an_entity_are_no_wrong_answers():
    model = table(ROWS)
    twice = batch_of((1, 2, 3), (4, 5, 6), (7, 7, 9))
    found = contrast(2)(model, twice)["mep"].tolist()
    states = torch.tensor(ROWS)
    # The first row has its partner and what belongs to entity 9.
    expected = 0.0
    for query, partner in ((1, 4), (4, 1)):
        values = [float(states[query] @ states[other]) for other in (partner, 3, 6)]
        expected += math.log(sum(map(math.exp, values))) - float(states[query] @ states[partner])
    assert found[0] == pytest.approx(expected, rel=1e-5)
    asked_for = contrast(2, mask_same_entity=False)(model, twice)["mep"].tolist()
    assert asked_for == pytest.approx(nt_xent(states[[1, 2, 3]], states[[4, 5, 6]], 1.0), rel=1e-5)


@pytest.mark.parametrize("masking", [True, False])
def test_the_queue_holds_no_wrong_answers_of_the_same_entity(masking: bool):
    objective = contrast(2, rows=2, mask_same_entity=masking)
    objective.queue.push(torch.tensor([[1.0, 1.0], [0.5, -1.0]]), torch.tensor([1, 8]))
    past = objective.queue.vectors[1:] if masking else objective.queue.vectors
    expected = nt_xent(torch.tensor(ROWS)[[1]], torch.tensor(ROWS)[[4]], 1.0, past.clone())
    assert objective(table(ROWS), batch_of((1,), (4,), (1,)))["mep"].tolist() == pytest.approx(expected, rel=1e-5)


def test_all_true_objects_are_no_wrong_answers():
    """(s, r) has the objects 4 and 5; the row has drawn 4, another row of the batch is about 5, a third about 6."""
    model, states = table(ROWS), torch.tensor(ROWS)
    objective = contrast(2, rows=2, bidirectional=True)
    objective.queue.push(torch.tensor([[1.0, 1.0], [0.5, -1.0]]), torch.tensor([5, 8]))
    past = objective.queue.vectors.clone()
    batch = batch_of((1, 2, 3), (4, 5, 6), (4, 5, 6), true=[[4, 5], [5, -1], [6, -1]])
    found = objective(model, batch)["mep"][0].item()

    def loss(query: int, partner: int, others: list[Tensor]) -> float:
        values = [float(states[query] @ other) for other in (states[partner], *others)]
        return math.log(sum(map(math.exp, values))) - values[0]

    # The text (1): not description 5, nor the text beside it (2), nor 5 in the queue.
    expected = loss(1, 4, [states[3], states[6], past[1]])
    # The description (4): its own text, the others' (of which it is not true), other descriptions, all of the queue.
    expected += loss(4, 1, [states[2], states[3], states[5], states[6], *past])
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_gradient_of_parts_is_that_of_the_whole():
    """Two micro-batches of each kind in a step: means over all masked sub-words and over all queries, added up."""
    parts = [
        batch_of((1, 2), (4, 5), (1, 2), masked=(3, -100)),
        batch_of((3, 1, 2), (6, 5, 4), (3, 5, 4), masked=(1, 2, 5)),
    ]
    model = table(ROWS)
    objective = contrast(2, masked=True)
    sources = {
        "mep": DataSource("mep", lambda k: parts, objective),
        "mlm": DataSource("mlm", lambda k: parts, MaskedLM()),
    }
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.ConstantLR(optimizer)
    training = Training(model, sources, Joint(("mep", "mlm")), optimizer, schedule, 0)
    add_gradients(training, ("mep", "mlm"), list(model.parameters()))
    found = [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]

    model.zero_grad()
    mlm = torch.stack([MaskedLM()(model, part)["mlm"].sum() for part in parts]).sum() / 4
    mep = torch.stack([contrast(2)(model, part)["mep"].sum() for part in parts]).sum() / 10
    (2 * mlm + mep).backward()
    expected = [parameter.grad for parameter in model.parameters()]
    assert len(found) == len(expected) == 2
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_the_released_arithmetic_by_hand():
    """Right angles: a query meets 1 (partner), 0 and 0 (the other pair) and 1 (the queue): log(2 + 2e) − 1 each."""
    each = math.log(2 + 2 * math.e) - 1
    model = table([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    objective = contrast(2, rows=1, masked=True, random=True, released=True, mask_same_entity=False)
    objective.queue.vectors.fill_(1.0)
    first = batch_of((1, 2), (1, 2), (5, 5), masked=(1, -100))  # m = 1, n = 2; the same entity is a wrong answer
    losses = objective(model, first)
    counts = objective.counts(first)
    # The sum of four losses, times m / 2n = 1/4; and log 3 for a masked sub-word, of which the model knows nothing.
    assert losses["mep"].sum().item() == pytest.approx(4 * each / 4)
    assert losses["mep-mlm"].sum().item() == pytest.approx(math.log(3))
    assert counts["mep"].tolist() == counts["mep-mlm"].tolist() == [1, 0]
    # A micro-batch without masked sub-words has no part in the contrast.
    silent = objective(model, batch_of((1, 2), (1, 2), (5, 6)))
    assert silent["mep"].tolist() == [0.0, 0.0]


def test_random_rows_are_wrong_answers_only_as_released():
    batch = batch_of((1,), (4,), (1,))
    empty, random = contrast(2, rows=3), contrast(2, rows=3, random=True)
    assert empty(table(ROWS), batch)["mep"].tolist() == [0.0]  # there is nothing else to find
    assert random(table(ROWS), batch)["mep"].item() > 0.1


def test_as_released_rows_without_an_entity_get_into_the_queue():
    objective = contrast(2, rows=2, masked=True, released=True, mask_same_entity=False)
    objective(table(ROWS), batch_of((1, 2), (4, 5), (1, 2), masked=(1, 1), places=(-1, 0)))
    assert objective.queue.entities.tolist() == [-1, 2]
    assert torch.equal(objective.queue.vectors, torch.tensor(ROWS)[[4, 5]])


def test_batch_norm_needs_two():
    heads = ProjectionHeads(4)
    assert heads(torch.randn(2, 4), descriptions=True).shape == (2, 4)
    with pytest.raises(IsoglossError, match=r"knowledge.norm: batch needs at least 2 texts .* found 1; .*norm: layer"):
        heads(torch.randn(1, 4), descriptions=True)
    assert ProjectionHeads(4, batch_norm=False)(torch.randn(1, 4), descriptions=True).isfinite().all()


def test_candidates_of_a_lagging_copy_are_what_it_makes_of_them():
    model, batch = table(ROWS), batch_of(TEXTS, DESCRIPTIONS, (1, 2, 3))
    heads = Identity(2)
    lagging = LaggingCopy({"encoder": model.base_model, "heads": heads}, 0.5)
    objective = KnowledgeContrast(
        "mep", heads, CandidateQueue(3, 2), Contrast(1.0, normalise=False), masked=False, lagging=lagging
    )
    before = torch.tensor(ROWS)
    with torch.no_grad():
        cast(Table, model).base_model.table.weight.mul_(3.0)
    now, then = 3 * before, 2 * before  # half of the way from ROWS to 3 · ROWS
    losses = objective(model, batch)["mep"]
    losses.sum().backward()
    for row, (text, description) in enumerate(zip(TEXTS, DESCRIPTIONS, strict=True)):
        expected = 0.0
        for query, partner, side in ((text, description, TEXTS), (description, text, DESCRIPTIONS)):
            others = [other for other in side if other != query]
            others += list(DESCRIPTIONS if side is TEXTS else TEXTS)
            values = [float(now[query] @ then[other]) for other in others]
            expected += math.log(sum(map(math.exp, values))) - float(now[query] @ then[partner])
        assert losses[row].item() == pytest.approx(expected, rel=1e-5)
    assert torch.equal(objective.queue.vectors, then[list(DESCRIPTIONS)])
    assert all(name.startswith(("encoder__", "heads__")) for name, _ in lagging.named_buffers())
    assert not list(lagging.parameters())


def asked(objective: KnowledgeContrast, batch: Any) -> list[int]:
    model = table(ROWS)
    objective(model, batch)
    return cast(Table, model).asked


def test_logits_are_made_for_masked_places_and_for_nothing_else():
    batch = batch_of(TEXTS, DESCRIPTIONS, (1, 2, 3), masked=(1, -100, 2))
    assert asked(contrast(2, masked=True), batch) == [2]
    assert asked(contrast(2), batch) == []


def test_the_states_of_a_layer_below_can_be_compared():
    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding.from_pretrained(torch.tensor(ROWS), freeze=False)
            self.above = nn.Linear(2, 2)

        def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor]:
            return (self.above(self.table(input_ids)),)

    model = cast(Table, table(ROWS))
    model.base_model = Deep()  # type: ignore[assignment]
    objective = KnowledgeContrast(
        "mep",
        Identity(2),
        CandidateQueue(0, 2),
        Contrast(1.0, normalise=False),
        layer=model.base_model.table,
        masked=False,
    )
    found = objective(cast(Any, model), batch_of(TEXTS, DESCRIPTIONS, (1, 2, 3)))["mep"].tolist()
    states = torch.tensor(ROWS)
    assert found == pytest.approx(nt_xent(states[list(TEXTS)], states[list(DESCRIPTIONS)], 1.0), rel=1e-5)
