"""The loss of distillation: nothing to learn from oneself, the equations by hand, padding, and a teacher that stays."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel

from isogloss.models.projections import FAMILIES, projections
from isogloss.objectives.distillation import Distillation, Relations, States, aligned_states
from isogloss.protocols import Batch

MORE: dict[str, dict[str, Any]] = {
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "share_att_key": True},
    "modernbert": {"global_attn_every_n_layers": 2, "local_attention": 4, "cls_token_id": 0, "sep_token_id": 2},
}
RELATIONS = Relations(heads=4, layer=2, student_layer=2)
TERMS = ["queries", "keys", "values"]


def encoder(family: str = "bert", *, hidden: int = 16, heads: int = 2, layers: int = 2, seed: int = 3) -> Any:
    sizes = {"vocab_size": 30, "intermediate_size": 24, "pad_token_id": 1}
    names = {"hidden_size": hidden, "num_attention_heads": heads, "num_hidden_layers": layers}
    if family == "distilbert":
        sizes.pop("intermediate_size")
        names = {"dim": hidden, "n_heads": heads, "n_layers": layers, "hidden_dim": 24}
    torch.manual_seed(seed)
    model = AutoModel.from_config(AutoConfig.for_model(family, **sizes, **names, **MORE.get(family, {})))
    for parameter in model.parameters():  # far from the nearly linear start
        parameter.data.add_(torch.randn_like(parameter) * 0.2)
    return model.eval()


def texts(lengths: tuple[int, ...] = (5, 3), size: int = 5) -> Batch:
    torch.manual_seed(5)
    ids = torch.randint(3, 30, (len(lengths), max(lengths)))
    ids = torch.nn.functional.pad(ids, (0, size - ids.shape[1]), value=1)
    real = torch.arange(size)[None] < torch.tensor(lengths)[:, None]
    inputs = {"input_ids": ids.masked_fill(~real, 1), "attention_mask": real.long()}
    languages = ("en", "de", "ru", "en", "de", "ru")[: len(lengths)]
    return Batch(inputs, None, languages, beside=Batch(dict(inputs), None, languages))


def mean(objective: Distillation, model: Any, batch: Batch) -> Tensor:
    """The loss as the loop takes it."""
    sums, counts = objective(model, batch), objective.counts(batch)
    return sum((sums[term].sum() / counts[term].sum() for term in sums), torch.zeros(()))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_has_nothing_to_learn_from_itself(family: str):
    model = encoder(family)
    objective = Distillation(model, relations=RELATIONS, states=States())
    losses = objective(model, texts())
    assert list(losses) == [*TERMS, "states"]
    for loss in losses.values():
        assert torch.equal(loss, torch.zeros(2))
    other = objective(encoder(family, seed=4), texts())
    assert all((loss > 1e-3).all() for loss in other.values())


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "deberta-v2"])
def test_queries_and_keys_are_those_that_the_layer_attends_with(family: str):
    """Of DeBERTa they are the part of content against content, which its own weights do not show alone."""
    model, batch = encoder(family), texts((5,))
    model.set_attn_implementation("eager")
    with projections(model, 2, "a test") as found:
        output = model(**batch.inputs, output_attentions=True)
    queries, keys = (own.view(1, 5, 2, 8).transpose(1, 2) for own in found[0][:2])
    scores = queries @ keys.transpose(2, 3) / math.sqrt(8)
    if family == "modernbert":  # the second layer sees two places to either side
        near = (torch.arange(5)[:, None] - torch.arange(5)[None]).abs() <= 2
        scores = scores.masked_fill(~near, -torch.inf)
    torch.testing.assert_close(scores.softmax(dim=-1), output.attentions[1])


def by_hand(teacher: Any, student: Any, batch: Batch, heads: int) -> Tensor:
    """MiniLMv2's equations, term by term, text by text, head by head and place by place."""
    sides = []
    for model, layer in ((teacher, 1), (student, 3)):
        states = model(**batch.inputs, output_hidden_states=True).hidden_states[layer - 1]
        own = model.encoder.layer[layer - 1].attention.self
        sides.append([own.query(states), own.key(states), own.value(states)])
    total, places = torch.zeros(()), int(batch.inputs["attention_mask"].sum())
    for taught, read in zip(*sides, strict=True):
        for text, length in enumerate(batch.inputs["attention_mask"].sum(dim=1).tolist()):
            for head in range(heads):
                relations = []
                for units in (taught[text, :length], read[text, :length]):
                    size = units.shape[1] // heads
                    part = units[:, head * size : (head + 1) * size]
                    relations.append(torch.softmax(part @ part.T / math.sqrt(size), dim=-1))
                for place in range(length):
                    wanted, found = relations[0][place].detach(), relations[1][place]
                    total = total + sum(wanted[j] * (wanted[j].log() - found[j].log()) for j in range(length)) / heads
    return total / places


def test_relations_are_those_of_the_paper():
    teacher, student = encoder(), encoder(hidden=24, heads=3, layers=3, seed=7)
    objective = Distillation(teacher, relations=Relations(heads=8, layer=1, student_layer=3))
    found, expected = [], []
    losses = mean(objective, student, texts()), by_hand(teacher, student, texts(), 8)
    for gradients, loss in zip((found, expected), losses, strict=True):
        student.zero_grad()
        loss.backward()
        gradients += [loss.detach(), *(own.grad for own in student.parameters() if own.grad is not None)]
    assert len(found) > 30
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("distance", ["mse", "cosine"])
def test_states_are_compared_as_said(distance: Any):
    teacher, student = encoder(), encoder(hidden=24, heads=3, seed=7)
    projection = torch.nn.Linear(24, 16)
    batch = texts()
    found = mean(Distillation(teacher, states=States(distance, projection)), student, batch)
    wanted = teacher(**batch.inputs).last_hidden_state
    own = student(**batch.inputs).last_hidden_state @ projection.weight.T + projection.bias
    each = []
    for text, length in enumerate((5, 3)):
        for place in range(length):
            a, b = own[text, place], wanted[text, place]
            each.append(((a - b) ** 2).sum() / 16 if distance == "mse" else 1 - a @ b / (a.norm() * b.norm()))
    torch.testing.assert_close(found, sum(each) / 8)


def test_states_of_other_sub_words_are_means_over_those_that_share_characters():
    teacher, student, batch = encoder(), encoder(seed=7), texts()
    assert batch.beside is not None
    begin = torch.tensor([[0, 1, 3, 4, 0], [0, 0, 2, 0, 0]])
    end = torch.tensor([[1, 3, 4, 5, 0], [0, 2, 3, 0, 0]])  # the last place of the first, the first of the second: none
    both = Batch(batch.inputs, None, batch.languages, {"begin": begin, "end": end}, batch.beside)
    objective = Distillation(teacher, states=States())
    wanted, own = (model(**batch.inputs).last_hidden_state for model in (teacher, student))
    pairs = [(own[0, 0], wanted[0, 0]), (own[0, 1], wanted[0, 1:3].mean(dim=0)), (own[0, 2], wanted[0, 3])]
    pairs += [(own[0, 3], wanted[0, 4]), (own[1, 1], wanted[1, :2].mean(dim=0)), (own[1, 2], wanted[1, 2])]
    assert objective.counts(both)["states"].tolist() == [4, 2]
    expected = sum(((one - other) ** 2).mean() for one, other in pairs) / 6
    torch.testing.assert_close(mean(objective, student, both), expected)
    with pytest.raises(ValueError, match="same sub-words"):
        Distillation(teacher, relations=RELATIONS)(student, both)


def test_states_may_be_those_of_an_earlier_layer():
    teacher, student, batch = encoder(layers=3), encoder(seed=7), texts()
    found = mean(Distillation(teacher, states=States(layer=2)), student, batch)
    wanted = teacher(**batch.inputs, output_hidden_states=True).hidden_states[2]
    own, real = student(**batch.inputs).last_hidden_state, batch.inputs["attention_mask"].bool()
    torch.testing.assert_close(found, (own - wanted)[real].square().mean())


@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_layer_is_what_no_layer_means(family: str):
    teacher, student, batch = encoder(family), encoder(family, seed=7), texts()
    last, named = (Distillation(teacher, states=States(layer=layer)) for layer in (None, 2))
    torch.testing.assert_close(mean(named, student, batch), mean(last, student, batch))


@pytest.mark.parametrize("distance", ["mse", "cosine"])
def test_the_first_place_learns_the_mean_of_the_teachers(distance: Any):
    """And is no longer compared with the teacher's first."""
    teacher, student, batch = encoder(layers=3), encoder(hidden=24, heads=3, seed=7), texts()
    projection = torch.nn.Linear(24, 16)
    objective = Distillation(
        teacher, states=States(distance, projection), sentence=States(distance, projection, weight=3.0, layer=2)
    )
    output = teacher(**batch.inputs, output_hidden_states=True)
    own = projection(student(**batch.inputs).last_hidden_state)

    def away(a: Tensor, b: Tensor) -> Tensor:
        return (a - b).square().mean() if distance == "mse" else 1 - a @ b / (a.norm() * b.norm())

    lengths = (5, 3)
    sentence = [away(own[i, 0], output.hidden_states[2][i, :n].mean(dim=0)) for i, n in enumerate(lengths)]
    states = [away(own[i, j], output.last_hidden_state[i, j]) for i, n in enumerate(lengths) for j in range(1, n)]
    assert {name: own.tolist() for name, own in objective.counts(batch).items()} == {
        "states": [4, 2],
        "sentence": [1, 1],
    }
    torch.testing.assert_close(mean(objective, student, batch), sum(states) / 6 + 3 * sum(sentence) / 2)


def test_first_places_come_to_tell_texts_apart():
    """No state that is the same in all texts comes as near to their means."""
    teacher, student, batch = encoder(), encoder(layers=1, seed=7), texts((5, 4, 5, 3, 5, 4))
    objective = Distillation(teacher, sentence=States())
    optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
    for _ in range(120):
        optimizer.zero_grad()
        mean(objective, student, batch).backward()
        optimizer.step()
    states, real = teacher(**batch.inputs).last_hidden_state, batch.inputs["attention_mask"].unsqueeze(2)
    means = (states * real).sum(dim=1) / real.sum(dim=1)
    assert mean(objective, student, batch) < 0.5 * means.var(dim=0, correction=0).mean()


@pytest.mark.parametrize("layer", [0, -1, 3])
def test_a_layer_that_the_teacher_lacks_is_refused(layer: int):
    for given in ({"states": States(layer=layer)}, {"sentence": States(layer=layer)}):
        with pytest.raises(ValueError, match=f"layer must be from 1 to 2, the layers of the teacher, found {layer}"):
            Distillation(encoder(), **given)


def test_the_mean_of_other_sub_words_is_over_the_teachers_own():
    teacher, student, batch = encoder(), encoder(seed=7), texts()
    wider = texts((4, 5))
    places = torch.zeros(2, 5, dtype=torch.long)
    both = Batch(batch.inputs, None, batch.languages, {"begin": places, "end": places}, wider)
    output = teacher(**wider.inputs).last_hidden_state
    own = student(**batch.inputs).last_hidden_state[:, 0]
    expected = [(own[i] - output[i, :n].mean(dim=0)).square().mean() for i, n in enumerate((4, 5))]
    torch.testing.assert_close(mean(Distillation(teacher, sentence=States()), student, both), sum(expected) / 2)


def test_a_place_alone_is_its_own_mean():
    states = torch.randn(1, 4, 3)
    places = torch.arange(4)[None]
    assert torch.equal(aligned_states(states, places, places + 1), states)


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_changes_nothing(family: str):
    objective = Distillation(
        encoder(family), relations=RELATIONS, states=States("cosine", layer=1), sentence=States("cosine")
    )
    student = encoder(family, seed=7)
    plain, padded = (objective(student, texts(size=size)) for size in (5, 9))
    for term in plain:
        torch.testing.assert_close(padded[term], plain[term], rtol=1e-4, atol=1e-5)
    counts = {term: count.tolist() for term, count in objective.counts(texts(size=9)).items()}
    assert counts == {**{term: [5, 3] for term in TERMS}, "states": [4, 2], "sentence": [1, 1]}


def test_the_teacher_stays_what_it_is():
    teacher, student = encoder(), encoder(seed=7).train()
    before = {name: own.clone() for name, own in teacher.state_dict().items()}
    objective = Distillation(teacher, relations=RELATIONS, states=States())
    mean(objective, student, texts()).backward()
    assert all(own.grad is None for own in teacher.parameters())
    assert not teacher.training
    assert all(torch.equal(own, before[name]) for name, own in teacher.state_dict().items())
    # What a layer does after its queries, keys and values is not asked for by its relations.
    student.zero_grad()
    mean(Distillation(teacher, relations=RELATIONS), student, texts()).backward()
    assert student.encoder.layer[1].output.dense.weight.grad is None
    assert student.encoder.layer[0].output.dense.weight.grad is not None


def test_a_batch_in_parts_is_the_whole_batch():
    teacher, student, batch = encoder(), encoder(seed=7), texts((5, 3, 2))
    objective = Distillation(teacher, relations=RELATIONS, states=States(), sentence=States())

    def part(rows: slice) -> Batch:
        inputs = {name: own[rows] for name, own in batch.inputs.items()}
        return Batch(inputs, None, batch.languages[rows], beside=Batch(inputs, None, batch.languages[rows]))

    totals = {term: own.sum() for term, own in objective.counts(batch).items()}
    summed = sum(
        objective(student, part(rows))[term].sum() / totals[term] for rows in (slice(2), slice(2, 3)) for term in totals
    )
    torch.testing.assert_close(summed, mean(objective, student, batch))


def test_something_must_be_compared():
    with pytest.raises(ValueError, match="found none"):
        Distillation(encoder())
