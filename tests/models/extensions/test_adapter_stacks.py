"""Which adapters are active: stacks, languages, and the inverse before a masked-LM head."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForMaskedLM

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import MaskedHead, attach
from isogloss.models.extensions.adapters import (
    PFEIFFER,
    PFEIFFER_INV,
    Adapters,
)
from isogloss.objectives.masked_lm import masked_logits
from tests.support import encoders
from tests.support.adapted import IDS, KINDS, LANGUAGES, MASK, logits, stirred, with_adapters


def test_a_stack_goes_in_order() -> None:
    model, adapters = with_adapters("bert", "en", "ner")
    results = []
    for stack in (("en", "ner"), ("ner", "en"), ("en",), ("ner",)):
        with adapters.using(*stack):
            results.append(logits(model))
    assert all(not torch.allclose(a, b, atol=1e-3) for i, a in enumerate(results) for b in results[:i])


def test_only_the_first_of_a_stack_supplies_the_invertible_part() -> None:
    model, adapters = with_adapters("bert", "en", "ner")
    with adapters.using("en", "ner"):
        both = logits(model)
        stirred(adapters["ner"].invertible)
        assert torch.equal(logits(model), both)
        stirred(adapters["en"].invertible)
        assert not torch.allclose(logits(model), both, atol=1e-3)


def test_a_first_adapter_without_an_invertible_part_leaves_the_embeddings_alone() -> None:
    model, adapters = with_adapters("bert", "en")
    stirred(adapters.add("ner", PFEIFFER, seed=0))
    with adapters.using("ner", "en"):
        before = logits(model)
        stirred(adapters["en"].invertible)
        assert torch.equal(logits(model), before)


def test_contexts_nest_and_end_after_an_error() -> None:
    model, adapters = with_adapters("bert", "en", "ner")
    plain = logits(model)
    with pytest.raises(RuntimeError), adapters.using("en"):
        with adapters.using("ner"):
            inner = logits(model)
        assert not torch.equal(logits(model), inner)
        raise RuntimeError
    assert torch.equal(logits(model), plain)


# Languages


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_goes_through_the_adapter_of_its_language(kind: str) -> None:
    """As if each language were alone, the task's adapter for all, and the invertible part of each language's own."""
    model, adapters = with_adapters(kind, "en", "de", "ner")
    with adapters.by_language(LANGUAGES, {"en": "en", "de": "de"}, then=["ner"], fallback="en"):
        together = logits(model)
    for name, rows in (("en", [0, 2, 3]), ("de", [1])):
        with adapters.using(name, "ner"):
            torch.testing.assert_close(together[rows], logits(model, rows))


def test_gradients_of_a_mixed_batch_are_those_of_its_languages() -> None:
    model, adapters = with_adapters("bert", "en", "de")

    def gradients(act: Callable[[], None]) -> list[Tensor]:
        adapters.zero_grad()
        act()
        return [parameter.grad.clone() for name in ("en", "de") for parameter in adapters[name].parameters()]

    def together() -> None:
        with adapters.by_language(LANGUAGES, {"en": "en", "de": "de", "fr": "de"}):
            model(input_ids=IDS, attention_mask=MASK).logits.sum().backward()

    def apart() -> None:
        for name, rows in (("en", [0, 2]), ("de", [1, 3])):
            with adapters.using(name):
                model(input_ids=IDS[rows], attention_mask=MASK[rows]).logits.sum().backward()

    for ours, expected in zip(gradients(together), gradients(apart), strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-4)


def test_examples_with_several_rows_each() -> None:
    """As those with alternatives: two rows for each example, one after the other."""
    model, adapters = with_adapters("bert", "en", "de")
    with adapters.by_language(("de", "en"), {"en": "en", "de": "de"}):
        together = logits(model)
    with adapters.using("de"):
        torch.testing.assert_close(together[:2], logits(model, (0, 1)))
    with adapters.by_language(("de", "en", "en"), {"en": "en", "de": "de"}), pytest.raises(ValueError, match="4 rows"):
        logits(model)


def test_a_language_without_an_adapter_needs_a_fallback() -> None:
    _, adapters = with_adapters("bert", "en")
    message = r"no adapter for language 'fr' \(valid: en\)"
    with pytest.raises(IsoglossError, match=message), adapters.by_language(("en", "fr"), {"en": "en"}):
        pass


# The inverse before a masked-LM head


@pytest.mark.parametrize("kind", KINDS)
def test_the_head_reads_what_the_inverse_leaves(kind: str) -> None:
    """Without the inverse the output layer would read what the invertible part makes of what it reads."""
    model, adapters = with_adapters(kind, "en", auto_class=AutoModelForMaskedLM)
    read: list[Tensor] = []
    layer = model.get_output_embeddings()
    inverse, adapters["en"].invertible.inverse = adapters["en"].invertible.inverse, lambda vectors: vectors
    layer.register_forward_hook(lambda module, arguments, output: read.append(arguments[0]))
    with adapters.using("en"):
        logits(model)
        adapters["en"].invertible.inverse = inverse
        logits(model)
    before, after = read
    torch.testing.assert_close(adapters["en"].invertible(after), before, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(after, before, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_that_is_cut_to_some_places_knows_their_examples(kind: str) -> None:
    model, adapters = with_adapters(kind, "en", "de", auto_class=AutoModelForMaskedLM)
    places = torch.zeros_like(IDS, dtype=torch.bool)
    places[0, 1] = places[1, :3] = places[2, 2] = places[3, 0] = True
    inputs = {"input_ids": IDS, "attention_mask": MASK}
    languages = {"en": "en", "de": "de", "fr": "en"}
    with torch.no_grad():
        with adapters.by_language(LANGUAGES, languages, places=places):
            torch.testing.assert_close(
                masked_logits(model, inputs, places), logits(model)[places], atol=1e-5, rtol=1e-4
            )
        with adapters.by_language(LANGUAGES, languages), pytest.raises(ValueError, match="6 places"):
            masked_logits(model, inputs, places)
        with adapters.using("de"):
            torch.testing.assert_close(
                masked_logits(model, inputs, places), logits(model)[places], atol=1e-5, rtol=1e-4
            )


def test_a_head_beside_the_model_is_told() -> None:
    task, adapters = with_adapters("xlm-roberta", "en")
    masked = encoders.build("xlm-roberta", AutoModelForMaskedLM).eval()
    twin, others = with_adapters("xlm-roberta", "en", auto_class=AutoModelForMaskedLM)
    twin.load_state_dict(masked.state_dict(), strict=False)
    twin.base_model.load_state_dict(task.base_model.state_dict())
    twin.tie_weights()
    head = MaskedHead(masked, task.base_model)
    attach(task, "masked_head", head)
    adapters.invert_before_head(head.masked)
    with torch.no_grad(), adapters.using("en"), others.using("en"):
        torch.testing.assert_close(head(input_ids=IDS, attention_mask=MASK), logits(twin))


def test_the_inverse_is_taken_once_however_often_it_is_asked_for() -> None:
    model, adapters = with_adapters("bert", "en", auto_class=AutoModelForMaskedLM)
    with adapters.using("en"):
        before = logits(model)
        adapters.invert_before_head(model)
        assert torch.equal(logits(model), before)


def test_a_head_that_reads_another_size_allows_no_invertible_part() -> None:
    config = AutoConfig.for_model("deberta-v2", **encoders.SMALL, embedding_size=8)
    model = AutoModelForMaskedLM.from_config(config)
    model.set_output_embeddings(nn.Linear(8, 40))
    adapters = Adapters(model)
    adapters.add("ner", PFEIFFER, seed=0)
    with pytest.raises(
        IsoglossError, match="inv_adapter: the output layer reads vectors of size 8, but the embeddings"
    ):
        adapters.add("en", PFEIFFER_INV, seed=0)
