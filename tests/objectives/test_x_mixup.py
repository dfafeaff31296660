"""The loss of X-Mixup, and pairs of texts side by side in one batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from isogloss.models.extensions import attach
from isogloss.models.extensions.mixing import NAME, ConstantRatio, EntropyRatio, Mixing
from isogloss.objectives import Supervised
from isogloss.objectives.side_by_side import first_place, mean_of_places, predicted, released_mean, side_by_side
from isogloss.objectives.supervised import IGNORED
from isogloss.objectives.x_mixup import XMixup
from isogloss.protocols import Batch

SIZES: dict[str, Any] = {
    "vocab_size": 30, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "pad_token_id": 1, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
}  # fmt: skip
CLASSES = {
    "classes": AutoModelForSequenceClassification,
    "tags": AutoModelForTokenClassification,
    "answers": AutoModelForQuestionAnswering,
    "choices": AutoModelForMultipleChoice,
}


def _model(kind: str) -> Any:
    torch.manual_seed(3)
    model = CLASSES[kind].from_config(AutoConfig.for_model("bert", **SIZES, num_labels=2 if kind == "answers" else 3))
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.2)
    return model


def _batch(kind: str, lengths: tuple[int, ...], seed: int, language: str) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    b, s = len(lengths), max(lengths)
    real = torch.arange(s)[None] < torch.tensor(lengths)[:, None]
    ids = torch.randint(3, 30, (b, s), generator=generator).masked_fill(~real, 1)
    inputs, labels, extras = {"input_ids": ids, "attention_mask": real.long()}, torch.tensor([0, 2]), {}
    if kind == "tags":
        labels = torch.randint(0, 3, (b, s), generator=generator).masked_fill(~real, -100)
        labels[:, 0] = -100
    if kind == "answers":
        labels = torch.tensor([[1, 2], [0, 1]])
    if kind == "choices":
        inputs = {name: torch.stack([own, own.roll(1, 0)], dim=1) for name, own in inputs.items()}
        labels, extras = torch.tensor([1, 0]), {"alternatives": torch.tensor([[True, True], [True, False]])}
    return Batch(inputs, labels, (language,) * b, extras)


def _pairs(kind: str) -> Batch:
    target, source = _batch(kind, (5, 3), 0, "de"), _batch(kind, (4, 6), 1, "en")
    return Batch(target.inputs, target.labels, target.languages, target.extras, beside=source)


def _loss(objective: Any, model: Any, batch: Batch) -> Tensor:
    counts = {name: own.sum().clamp(min=1) for name, own in objective.counts(batch).items()}
    return sum((own.sum() / counts[name] for name, own in objective(model, batch).items()), torch.zeros(()))


def _gradients(model: Any, loss: Tensor) -> dict[str, Tensor]:
    model.zero_grad()
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("kind", CLASSES)
def test_without_mixing_and_consistency_it_trains_on_both_texts(kind: str):
    """λ = 0, no second norm, no consistency: translate-train-all, bit for bit in what is computed, up to padding."""
    model, pairs = _model(kind), _pairs(kind)
    attach(model, NAME, mixing := Mixing(model, 1, ConstantRatio(0.0), renormalise=False))
    objective = XMixup(mixing, source_weight=0.3, kl=0, mse=0, states=mean_of_places)
    assert pairs.beside is not None
    found = _gradients(model, _loss(objective, model, pairs))
    both = 0.7 * _loss(Supervised(), model, pairs) + 0.3 * _loss(Supervised(), model, pairs.beside)
    plain = _gradients(model, both)
    assert found.keys() == plain.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(found[name], gradient, atol=1e-5, rtol=1e-4)


def test_loss_and_gradients_are_those_of_the_equations():
    """A literal transcription for classification, a pair at a time without padding."""
    model, pairs = _model("classes"), _pairs("classes")
    attach(model, NAME, mixing := Mixing(model, 2, EntropyRatio()))
    objective = XMixup(mixing, source_weight=0.4, kl=1.0, mse=1.0, states=first_place)
    found = _gradients(model, loss := _loss(objective, model, pairs))
    assert pairs.beside is not None
    assert pairs.labels is not None
    expected = torch.zeros(())
    for row in range(2):
        logits, firsts = [], []
        own = [
            side.inputs["input_ids"][row][side.inputs["attention_mask"][row].bool()] for side in (pairs, pairs.beside)
        ]
        layers, (u_t, u_s) = model.bert.encoder.layer, [model.bert.embeddings(input_ids=ids[None]) for ids in own]
        u_t, u_s = (layers[1].attention(layers[0](u))[0] for u in (u_t, u_s))
        attention, output = layers[1].attention.self, layers[1].attention.output
        q, k, v = (part(u)[0].view(-1, 2, 8).transpose(0, 1) for part, u in
                   ((attention.query, u_t), (attention.key, u_s), (attention.value, u_s)))  # fmt: skip
        s = q @ k.transpose(1, 2) / 8**0.5
        entropies = [-(p * p.log()).sum(-1).mean() for p in (s.softmax(-1), s.transpose(1, 2).softmax(-1))]
        share = 0.5 * torch.sigmoid(mixing.ratio.weight * sum(entropies) + mixing.ratio.bias)
        c = output.dense((s.softmax(-1) @ v).transpose(0, 1).reshape(1, -1, 16))
        z = output.LayerNorm(share * c + (1 - share) * u_t)
        for u in (z, u_s):
            hidden = layers[1].output(layers[1].intermediate(u), u)
            firsts.append(hidden[0, 0])
            logits.append(model.classifier(model.bert.pooler(hidden))[0])
        (t, s_), y = (logit.log_softmax(-1) for logit in logits), pairs.labels[row]
        y_s = pairs.beside.labels[row]  # type: ignore[index]
        expected = expected + (-0.6 * t[y] - 0.4 * s_[y_s] + (s_.exp() * (s_ - t)).sum()
                               + (firsts[0] - firsts[1]).square().mean()) / 2  # fmt: skip
    torch.testing.assert_close(loss, expected)
    for name, gradient in _gradients(model, expected).items():
        torch.testing.assert_close(found[name], gradient, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_task_has_finite_terms(kind: str):
    model, pairs = _model(kind), _pairs(kind)
    attach(model, NAME, mixing := Mixing(model, 1, EntropyRatio()))
    objective = XMixup(mixing, source_weight=0.4, kl=1.0, mse=1.0, states=mean_of_places)
    terms, counts = objective(model, pairs), objective.counts(pairs)
    assert terms.keys() == counts.keys()
    assert ("kl" in terms) == (kind in ("classes", "choices"))
    for own in terms.values():
        assert own.shape == (2,)
        assert torch.isfinite(own).all()
    gradients = _gradients(model, _loss(objective, model, pairs))
    assert all(torch.isfinite(own).all() for own in gradients.values())
    assert f"extensions.{NAME}.ratio.weight" in gradients


def test_alternatives_that_an_example_lacks_change_nothing():
    """Beside an example of more alternatives one of two is filled up; alone it is not."""
    model, torch_generator = _model("choices"), torch.Generator().manual_seed(5)

    def batch(*numbers: int) -> Batch:
        own = torch.randint(3, 30, (2, 3, 4), generator=torch_generator.manual_seed(5))
        rows = [
            torch.cat([row[:n], row[:1].expand(max(numbers) - n, -1)]) for row, n in zip(own, numbers, strict=False)
        ]
        ids = torch.stack(rows)
        real = torch.arange(max(numbers)) < torch.tensor(numbers)[:, None]
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        return Batch(
            inputs, torch.zeros(len(numbers), dtype=torch.int64), ("de",) * len(numbers), {"alternatives": real}
        )

    def pairs(*numbers: int) -> Batch:
        first, second = batch(*numbers), batch(*numbers)
        return replace(
            first, beside=replace(second, inputs={**second.inputs, "input_ids": second.inputs["input_ids"].roll(1, -1)})
        )

    objective = XMixup(None, source_weight=0.4, kl=1.0, mse=1.0, states=mean_of_places)
    with torch.no_grad():
        alone, among = objective(model, pairs(2)), objective(model, pairs(2, 3))
    for name, own in alone.items():
        torch.testing.assert_close(among[name][:1], own, msg=name)


@pytest.mark.parametrize("kind", ["tags", "answers"])
def test_a_source_without_labels_leaves_all_the_weight_to_its_target(kind: str):
    model, pairs = _model(kind), _pairs(kind)
    other = pairs.beside
    assert other is not None and other.labels is not None
    objective = XMixup(None, source_weight=0.8, kl=0, mse=0, states=mean_of_places)
    with torch.no_grad():
        labelled, plain = objective(model, pairs), Supervised()(model, pairs)["task"]
        torch.testing.assert_close(labelled["target"], 0.2 * plain)
        other.labels[0] = IGNORED
        found = objective(model, pairs)
        torch.testing.assert_close(found["target"], torch.tensor([1.0, 0.2]) * plain)
        torch.testing.assert_close(found["source"], torch.stack([torch.zeros(()), labelled["source"][1]]))
        # The pair counts in the mean of the sources all the same: one labelled source in two weighs half.
        counts, before = objective.counts(pairs), Supervised().counts(pairs)["task"]
        assert counts["source"][0] == counts["target"][0] == before[0]
        # A batch of nothing but back-translations has no tensor of labels.
        bare = replace(pairs, beside=replace(other, labels=None))
        found = objective(model, bare)
    torch.testing.assert_close(found["target"], plain)
    assert found["source"].tolist() == [0, 0]
    assert torch.equal(objective.counts(bare)["source"], before)


def test_padding_of_the_shorter_half_is_in_no_token():
    pairs = _pairs("tags")
    assert pairs.beside is not None
    sides = [replace(side, extras={"anchors": torch.arange(side.inputs["input_ids"].shape[1]).expand(2, -1)})
             for side in (pairs, pairs.beside)]  # fmt: skip
    both = side_by_side(replace(sides[0], beside=sides[1]), 1)
    assert both.extras["anchors"].tolist() == [list(range(6))] * 4


@pytest.mark.parametrize("kind", CLASSES)
def test_pairs_of_the_released_form_are_padded_to_one_length(kind: str):
    """Its ratios and vectors see padding, so what a pair loses must not hang on the length of its batch."""
    pairs = _pairs(kind)
    longer = torch.zeros_like(pairs.inputs["input_ids"][..., :3])
    more = {"input_ids": longer + 1, "attention_mask": longer}
    wide = replace(pairs, inputs={name: torch.cat([own, more[name]], dim=-1) for name, own in pairs.inputs.items()})
    if kind == "tags":
        assert pairs.labels is not None
        wide = replace(wide, labels=torch.nn.functional.pad(pairs.labels, (0, 3), value=IGNORED))
    for places, same in ((None, False), (11, True)):
        model = _model(kind)
        attach(model, NAME, mixing := Mixing(model, 1, EntropyRatio(released=True), places=places))
        own = XMixup(mixing, source_weight=0.4, kl=1.0, mse=1.0, states=released_mean, places=places)
        with torch.no_grad():
            found, expected = (own(model, batch) for batch in (wide, pairs))
            assert all(torch.allclose(found[name], expected[name], rtol=1e-4) for name in expected) == same
            logits, others = (predicted(model, batch) for batch in (wide, pairs))
        both = tuple(slice(min(sizes)) for sizes in zip(logits.shape, others.shape, strict=True))
        assert torch.allclose(logits[both], others[both], rtol=1e-4) == same


def test_a_detached_source_is_not_pulled():
    model, pairs = _model("classes"), _pairs("classes")
    assert pairs.beside is not None
    words = pairs.beside.inputs["input_ids"]
    for detach in (True, False):
        objective = XMixup(None, source_weight=0.0, kl=1.0, mse=1.0, states=first_place, detach_source=detach)
        terms = objective(model, pairs)
        table = _gradients(model, terms["kl"].sum() + terms["mse"].sum())["bert.embeddings.word_embeddings.weight"]
        only = [int(word) for word in words.flatten() if word not in pairs.inputs["input_ids"] and word != 1]
        assert (table[only].abs().sum() > 0) != detach


def test_vectors_of_texts():
    states, real = torch.arange(10.0).view(1, 5, 2), torch.tensor([[True, True, True, True, False]])
    assert first_place(states, real).tolist() == [[0, 1]]
    assert mean_of_places(states, real).tolist() == [[3, 4]]  # places 1 and 2 of four
    assert released_mean(states, real).tolist() == [[2, pytest.approx(8 / 3)]]  # the same two, over three places
    assert mean_of_places(states, torch.tensor([[True, True, False, False, False]])).tolist() == [[1, 2]]


def test_a_batch_without_pairs_is_refused():
    with pytest.raises(ValueError, match="pairs"):
        side_by_side(_batch("tags", (3, 2), 0, "de"), 1)
    with pytest.raises(ValueError, match="pairs"):
        XMixup(None, source_weight=0.5, kl=0, mse=0, states=first_place).counts(_batch("tags", (3, 2), 0, "de"))


def test_soft_tags_of_the_target_beside_gold_tags_of_the_source() -> None:
    model = _model("tags").eval()
    target, source = _batch("tags", (5, 4), 1, "de"), _batch("tags", (4, 6), 2, "en")
    assert target.labels is not None
    certain = torch.nn.functional.one_hot(target.labels.clamp(min=0), 3) * (target.labels != -100)[..., None]
    objective = XMixup(None, source_weight=0.4, kl=0.0, mse=1.0, states=mean_of_places)
    hard = objective(model, replace(target, beside=source))
    softly = replace(target, extras={"soft": certain.float()}, beside=source)
    assert all(torch.allclose(hard[name], found) for name, found in objective(model, softly).items())
    softly = replace(target, extras={"soft": certain.float() * 0.5 + 0.5 / 3}, beside=source)
    assert not torch.allclose(hard["target"], objective(model, softly)["target"])
    assert torch.allclose(hard["source"], objective(model, softly)["source"])
