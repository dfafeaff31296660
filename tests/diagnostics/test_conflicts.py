from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers import AutoModelForTokenClassification

from isogloss import IsoglossError
from isogloss.diagnostics.conflicts import _products, conflicts, cosines, packed
from isogloss.gradients.table import TableGradient
from isogloss.models.open import new_model
from isogloss.models.parts import whole_and_parts
from isogloss.models.tokenizer import train_tokenizer
from isogloss.protocols import Batch, DataSource
from tests.laws.small import LANGUAGES, Tagger, collate, features, gradients, mean_loss, sources, weights
from tests.support.world import XLM_R


@pytest.fixture
def model() -> Tagger:
    return Tagger(dropout=0.3, dtype=torch.float64)


def groups(model: Tagger) -> dict[str, list[nn.Parameter]]:
    return {
        "model": list(model.parameters()),
        "encoder": [*model.embeddings.parameters(), *model.hidden.parameters()],
        "head": list(model.head.parameters()),
    }


def mean_gradient(model: Tagger, source: DataSource, batches: range, names: list[str]) -> torch.Tensor:
    """As one would write it: backward on the mean loss of each batch, added up, flattened."""
    model.eval()
    total: dict[str, torch.Tensor] = {}
    for k in batches:
        model.zero_grad()
        mean_loss(model, source.stream(k)).backward()
        for name, gradient in gradients(model).items():
            total[name] = total.get(name, torch.zeros_like(gradient)) + gradient / len(batches)
    model.zero_grad()
    return torch.cat([total[name].flatten() for name in names])


def cosine(left: torch.Tensor, right: torch.Tensor) -> float:
    return float(left @ right / left.norm() / right.norm())


def test_cosines_are_those_of_the_mean_gradients(model: Tagger):
    own = sources(accumulation=3)
    seen = conflicts(model, own, groups(model), batches=4)
    assert (seen.names, seen.groups, seen.batches) == (LANGUAGES, ("model", "encoder", "head"), (4, 4, 4))
    members = {"encoder": ["embeddings.weight", "hidden.weight", "hidden.bias"], "head": ["head.weight"]}
    members["model"] = [*members["encoder"], *members["head"]]
    for k, group in enumerate(seen.groups):
        rows = {name: mean_gradient(model, own[name], range(4), members[group]) for name in LANGUAGES}
        for i, one in enumerate(LANGUAGES):
            halves = [mean_gradient(model, own[one], part, members[group]) for part in (range(2), range(2, 4))]
            assert seen.within is not None
            assert float(seen.within[k, i]) == pytest.approx(cosine(*halves), abs=1e-5)
            for j, other in enumerate(LANGUAGES):
                assert float(seen.grams[k, i, j]) == pytest.approx(float(rows[one] @ rows[other]), rel=1e-4, abs=1e-7)
                assert float(seen.cosines[k, i, j]) == pytest.approx(cosine(rows[one], rows[other]), abs=1e-5)
        pairs = [seen.cosines[k, 0, 1], seen.cosines[k, 0, 2], seen.cosines[k, 1, 2]]
        assert float(seen.means[k]) == pytest.approx(float(sum(pairs)) / 3)
    whole = conflicts(model, own, groups(model), batches=4, halves=False)
    assert whole.within is None
    torch.testing.assert_close(whole.grams, seen.grams, rtol=1e-5, atol=1e-9)


def test_it_leaves_no_trace(model: Tagger):
    model.train()
    model.hidden.eval()
    model.embeddings.weight.requires_grad_(False)
    mean_loss(model, sources()["en"].stream(0)).backward()
    before, found, state = weights(model), gradients(model), torch.get_rng_state()
    seen = conflicts(model, sources(), groups(model), batches=2)
    assert all(torch.equal(value, before[name]) for name, value in weights(model).items())
    assert all(torch.equal(value, found[name]) for name, value in gradients(model).items())
    assert gradients(model).keys() == found.keys() and "embeddings.weight" not in found
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in (model, model.hidden, model.dropout)] == [True, False, True]
    assert not model.embeddings.weight.requires_grad and model.head.weight.requires_grad
    again = conflicts(model, sources(), groups(model), batches=2)
    assert torch.equal(seen.grams, again.grams)


def test_what_is_frozen_counts_as_zero(model: Tagger):
    both = conflicts(model, sources(), {"hidden": list(model.hidden.parameters())}, batches=2).grams
    model.embeddings.weight.requires_grad_(False)
    model.head.weight.requires_grad_(False)
    torch.testing.assert_close(conflicts(model, sources(), {"all": list(model.parameters())}, batches=2).grams, both)


def test_the_ranks_share_the_batches(model: Tagger):
    class Rank:
        world_size = 3

        def __init__(self, rank: int) -> None:
            self.rank, self.seen = rank, []

        def sum(self, tensors: list[torch.Tensor]) -> None:
            self.seen.append(tensors[0].clone())

        def gather(self, rows: list) -> list:
            return rows

        def wait(self) -> None: ...

    def sums(rank: Rank) -> list[torch.Tensor]:
        conflicts(model, {"en": sources()["en"]}, groups(model), batches=4, halves=False, ranks=rank)
        return rank.seen

    parts = [sums(Rank(rank)) for rank in range(3)]
    names = ["embeddings.weight", "hidden.weight", "hidden.bias", "head.weight"]
    expected = 4 * mean_gradient(model, sources()["en"], range(4), names)
    found = torch.cat([sum(part).flatten() for part in zip(*parts, strict=True)])
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-6)


def test_noise_lowers_a_cosine_and_the_correction_takes_it_back():
    # Gradients of two languages with a known cosine of 0.5, plus noise: rows of a model that has only a bias.
    draw = torch.Generator().manual_seed(0)
    true = torch.zeros(2, 4000)
    true[0, 0] = 1.0
    true[1, 0], true[1, 1] = 0.5, 0.75**0.5

    class Bias(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(4000))

    class Linear:
        """A loss whose gradient is the true one and noise of the same length."""

        def __init__(self, language: int) -> None:
            self.language = language

        def counts(self, batch: Batch) -> dict[str, torch.Tensor]:
            return {"task": torch.ones(len(batch))}

        def __call__(self, model: nn.Module, batch: Batch) -> dict[str, torch.Tensor]:
            noise = torch.randn(4000, generator=draw) / 4000**0.5
            return {"task": torch.ones(len(batch)) * (model.bias @ (true[self.language] + noise))}

    batch = [collate(features("en")[:3])]
    own = {name: DataSource(name, lambda k: batch, Linear(i)) for i, name in enumerate(("en", "de"))}
    model = Bias()
    seen = conflicts(model, own, {"model": [model.bias]}, batches=4)
    assert float(seen.cosines[0, 0, 1]) == pytest.approx(0.4, abs=0.05)
    assert float(seen.corrected[0, 0, 1]) == pytest.approx(0.5, abs=0.05)
    assert float(seen.corrected[0, 0, 0]) == pytest.approx(1.0)


def test_one_batch_has_no_halves(model: Tagger):
    seen = conflicts(model, sources(), groups(model), batches={"en": 4, "de": 1, "sw": 2})
    assert seen.within is not None
    assert seen.within.isnan().tolist() == [[False, True, False]] * 3
    assert seen.cosines.isfinite().all()


def test_errors(model: Tagger):
    with pytest.raises(IsoglossError, match=r"batches: must be an even number.*found 3 for 'en'"):
        conflicts(model, sources(), groups(model), batches=3)
    with pytest.raises(IsoglossError, match=r"batches: must be at least 1, found 0"):
        conflicts(model, sources(), groups(model), batches=0, halves=False)
    with pytest.raises(IsoglossError, match="found 3 and 0"):
        conflicts(model, sources(), {}, batches=2)
    with pytest.raises(IsoglossError, match=r"\[g, m, m\], found the shape \[2, 2\]"):
        cosines(torch.eye(2))
    with torch.no_grad():
        model.head.weight[0, 0] = torch.inf
    with pytest.raises(IsoglossError, match="gradient of 'en' is not finite"):
        conflicts(model, sources(), groups(model), batches=2)


def test_what_may_not_move_is_not_compared():
    tokenizer = train_tokenizer(["a b c"], 90)
    model = new_model(XLM_R, tokenizer, AutoModelForTokenClassification, ["A", "B"], seed=0).model
    encoder = set(map(id, model.base_model.parameters()))
    model.get_input_embeddings().weight.requires_grad_(False)
    groups = whole_and_parts(model, per_layer=True)
    assert list(groups) == ["model", "encoder", "embeddings", "layer_1", "head"]
    assert all(parameter.requires_grad for own in groups.values() for parameter in own)
    assert set(map(id, groups["encoder"])) < encoder
    assert list(whole_and_parts(model, per_layer=False)) == ["model", "encoder"]


def test_gradients_of_tables_are_kept_by_their_rows():
    random = torch.Generator().manual_seed(0)
    dense = torch.randn(3, 50, 4, generator=random)
    dense[0, 5:], dense[1, :3], dense[1, 9:] = 0, 0, 0
    one, two, all_rows = map(packed, dense)
    assert isinstance(one, TableGradient) and isinstance(two, TableGradient) and all_rows is not None
    assert (len(one.ids), len(two.ids)) == (5, 6) and torch.equal(all_rows, dense[2])
    expected = (dense[:, None].double() * dense[None].double()).sum(dim=(2, 3))
    found = torch.cat([_products([a] * 3, [one, two, all_rows]) for a in (one, two, all_rows)]).reshape(3, 3)
    torch.testing.assert_close(found, expected)
    assert isinstance(packed(torch.zeros(7)), torch.Tensor)
    nothing = packed(torch.zeros(6, 2))
    assert float(_products([nothing], [nothing])) == 0
