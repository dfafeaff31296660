"""Sentence retrieval: the accuracy by hand, and vectors that depend on the sentence alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from transformers import AutoModel, AutoModelForMaskedLM

from isogloss.common.errors import IsoglossError
from isogloss.diagnostics import layer_vectors, retrieval_accuracy, sentence_vectors
from isogloss.models.open import new_model
from isogloss.models.tokenizer import train_tokenizer

TEXTS = (
    "the dog sleeps",
    "a",
    "the old dog of the neighbour sleeps on the sofa",
    "dogs sleep",
    "the neighbour sleeps, too",
    "sofa",
)
CONFIG = {
    "model_type": "modernbert",
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "embedding_dropout": 0.5,
    "mlp_dropout": 0.5,
}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_tokenizer(TEXTS, 60)


@pytest.fixture(scope="module")
def model(tokenizer: Any) -> Any:
    return new_model(CONFIG, tokenizer, AutoModelForMaskedLM, None, seed=0).model


def vectors(model: Any, tokenizer: Any, texts: Any = TEXTS, **changes: Any) -> Tensor:
    settings = {"layer": 2, "max_length": 32, "batch_size": 4, **changes}
    return sentence_vectors(model, tokenizer, texts, **settings)


def test_accuracy_by_hand():
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-1.0, 0.0]])
    # The first two are swapped, the third is right at any length, the last is nearest to its own.
    candidates = torch.tensor([[0.0, 3.0], [2.0, 0.0], [9.0, 9.0], [-1.0, -0.1]])
    assert retrieval_accuracy(queries, candidates, centred=False) == 0.5


def test_centring_takes_away_what_a_language_shares():
    queries = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    candidates = queries + 20 * torch.ones(8)
    assert retrieval_accuracy(queries, candidates, centred=False) < 0.6
    assert retrieval_accuracy(queries, candidates, centred=True) == 1.0


@given(st.integers(1, 20), st.integers(0, 1000), st.booleans())
def test_order_scale_and_storage_do_not_matter(n: int, seed: int, centred: bool):
    generator = torch.Generator().manual_seed(seed)
    queries = torch.randn(n, 5, generator=generator)
    candidates = queries + torch.randn(n, 5, generator=generator)
    order = torch.randperm(n, generator=generator)
    found = retrieval_accuracy(queries, candidates, centred=centred)
    assert retrieval_accuracy(queries[order], candidates[order], centred=centred) == found
    assert retrieval_accuracy(4 * queries, candidates.double(), centred=centred) == found
    assert round(found * n) == pytest.approx(found * n)


@pytest.mark.parametrize(
    ("queries", "candidates", "message"),
    [
        (torch.ones(2, 3), torch.ones(3, 3), "2 queries and 3 candidates"),
        (torch.ones(0, 3), torch.ones(0, 3), "at least one pair"),
        (torch.ones(2, 3), torch.ones(2, 4), "3 components and 4"),
        (torch.ones(2), torch.ones(2, 1), r"queries must be vectors \[n, d\], found the shape \[2\]"),
        (torch.ones(2, 1), torch.full((2, 1), torch.nan), "candidates must be finite"),
    ],
)
def test_accuracy_errors(queries: Tensor, candidates: Tensor, message: str):
    with pytest.raises(IsoglossError, match=message):
        retrieval_accuracy(queries, candidates, centred=True)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_vector_is_the_mean_of_a_layer_without_special_sub_words(model: Any, tokenizer: Any, layer: int):
    inputs = tokenizer(TEXTS[2], return_tensors="pt")
    with torch.no_grad():
        states = model.eval()(**inputs, output_hidden_states=True).hidden_states[layer]
    expected = states[0, 1:-1].mean(dim=0)
    assert torch.allclose(vectors(model, tokenizer, layer=layer)[2], expected, atol=1e-5)
    every = vectors(model, tokenizer, layer=layer, special=True)
    assert torch.allclose(every[2], states[0].mean(dim=0), atol=1e-5)


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("batch_size", [1, 2, 4, 100])
def test_neither_padding_nor_batches_matter(model: Any, tokenizer: Any, batch_size: int, side: str, special: bool):
    alone = torch.cat([vectors(model, tokenizer, [text], special=special) for text in TEXTS])
    tokenizer.padding_side = side
    try:
        together = vectors(model, tokenizer, batch_size=batch_size, special=special)
    finally:
        tokenizer.padding_side = "right"
    assert torch.allclose(together, alone, atol=1e-5)
    assert together.dtype == torch.float32 and not together.requires_grad


def test_each_text_keeps_its_place(model: Any, tokenizer: Any):
    backwards = vectors(model, tokenizer, TEXTS[::-1])
    assert torch.allclose(backwards.flip(0), vectors(model, tokenizer), atol=1e-5)


def test_all_layers_at_once(model: Any, tokenizer: Any):
    found = layer_vectors(model, tokenizer, TEXTS, max_length=32, batch_size=4)
    assert found.shape == (3, len(TEXTS), 16)
    assert all(torch.equal(found[layer], vectors(model, tokenizer, layer=layer)) for layer in range(3))


def test_a_head_changes_nothing(model: Any, tokenizer: Any):
    bare = AutoModel.from_config(model.config)
    bare.load_state_dict(model.base_model.state_dict())
    assert torch.equal(vectors(bare, tokenizer), vectors(model, tokenizer))


def test_long_texts_are_truncated(model: Any, tokenizer: Any):
    assert torch.allclose(
        vectors(model, tokenizer, ["the the the the"], max_length=4), vectors(model, tokenizer, ["the the"]), atol=1e-5
    )


def test_mode_and_random_state_stay(model: Any, tokenizer: Any):
    model.train()
    model.base_model.embeddings.eval()
    modes = [module.training for module in model.modules()]
    state = torch.random.get_rng_state()
    first, second = (vectors(model, tokenizer) for _ in range(2))
    assert torch.equal(first, second), "no dropout although the model was training"
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_mode_is_put_back_after_an_error(model: Any, tokenizer: Any, monkeypatch: pytest.MonkeyPatch):
    model.train()
    monkeypatch.setattr(model.base_model, "forward", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        vectors(model, tokenizer)
    assert model.training


@pytest.mark.parametrize(
    ("texts", "changes", "message"),
    [
        (TEXTS, {"layer": 3}, r"layer 3: the model has layers 0 \(the embeddings\) to 2"),
        (TEXTS, {"layer": -1}, "layer -1"),
        ((), {}, "at least one text"),
        (("a", ""), {}, "text 1 has no sub-word"),
    ],
)
def test_vector_errors(model: Any, tokenizer: Any, texts: Any, changes: dict[str, Any], message: str):
    with pytest.raises(IsoglossError, match=message):
        vectors(model, tokenizer, texts, **changes)


def test_csls_takes_away_what_is_near_to_everything():
    queries = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8]])
    # The second candidate lies amid the queries and is nearest to the first one too.
    candidates = torch.tensor([[0.8, -0.6], [0.9, 0.44], [0.0, 1.0]])
    assert retrieval_accuracy(queries, candidates, centred=False) == pytest.approx(1 / 3)
    # 2 cos - r with k = 3: the mean cosines r are 0.36, 0.92 and 0.47.
    assert retrieval_accuracy(queries, candidates, centred=False, csls=3) == 1.0
    with pytest.raises(IsoglossError, match="csls: the number of neighbours"):
        retrieval_accuracy(queries, candidates, centred=False, csls=0)
