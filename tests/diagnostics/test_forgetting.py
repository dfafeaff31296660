from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoModelForTokenClassification, PreTrainedModel

from isogloss import IsoglossError
from isogloss.diagnostics.forgetting import distances, forgetting, load_start
from isogloss.models.open import open_model
from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Batch
from isogloss.recipe.build.text import build_masking, framed
from isogloss.streams.masked import masked_batches
from tests.support.world import parallel_lines


@pytest.fixture(scope="module")
def folder(world: Path) -> Path:
    return world / "masked"


@pytest.fixture(scope="module")
def batches(folder: Path) -> dict[str, list[Batch]]:
    tokenizer = open_model(folder, AutoModelForMaskedLM, None, seed=0).tokenizer
    masking = build_masking(tokenizer, 0.15)
    return {
        language: masked_batches(framed(parallel_lines(language), tokenizer, 32), language, masking, 5)
        for language in ("en", "de")
    }


@pytest.fixture
def tagger(folder: Path) -> PreTrainedModel:
    return open_model(folder, AutoModelForTokenClassification, ["A", "B"], seed=1).model


@torch.no_grad()
def shake(model: PreTrainedModel) -> PreTrainedModel:
    torch.manual_seed(5)
    for parameter in model.base_model.parameters():
        parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def test_the_start_has_forgotten_nothing(folder: Path, tagger: PreTrainedModel, batches: dict[str, list[Batch]]):
    start = load_start(folder)
    for found in forgetting(tagger, start, batches).values():
        assert found.rise == 0 and found.divergence == pytest.approx(0, abs=1e-9)
        # Random weights know nothing of a vocabulary of 91 sub-words.
        assert found.loss == pytest.approx(math.log(91), abs=0.1)
    assert all(pair == (0, 0) for pair in distances(tagger, start).values())


def test_it_is_the_loss_of_the_encoder_now_under_the_head_of_the_start(
    folder: Path, tagger: PreTrainedModel, batches: dict[str, list[Batch]]
):
    start = load_start(folder)
    tagger = shake(tagger)
    # The literal way: a copy of the start whose encoder is replaced and whose output layer is not tied to it.
    literal = copy.deepcopy(start).eval()
    decoder = literal.get_output_embeddings()
    decoder.weight = torch.nn.Parameter(decoder.weight.detach().clone())
    literal.base_model.load_state_dict(tagger.base_model.state_dict())
    assert not torch.equal(decoder.weight, literal.get_input_embeddings().weight)
    for language, found in forgetting(tagger, start, batches).items():
        now, then, targets = [], [], []
        for batch in batches[language]:
            masked = batch.labels != IGNORED
            with torch.no_grad():
                now.append(literal(**batch.inputs).logits[masked])
                then.append(start.eval()(**batch.inputs).logits[masked])
            targets.append(batch.labels[masked])
        p, q = (torch.cat(logits).softmax(dim=-1) for logits in (then, now))
        target = torch.cat(targets)
        assert found.places == len(target)
        assert found.loss == pytest.approx(float(-q[range(len(q)), target].log().mean()), rel=1e-5)
        assert found.start_loss == pytest.approx(float(-p[range(len(p)), target].log().mean()), rel=1e-5)
        assert found.divergence == pytest.approx(float((p * (p / q).log()).sum(dim=1).mean()), rel=1e-3, abs=1e-7)
        assert found.divergence > 0


def test_distances(folder: Path, tagger: PreTrainedModel):
    start = load_start(folder)
    with torch.no_grad():
        weight = tagger.base_model.encoder.layer[0].output.dense.weight
        weight.add_(0.5)
        tagger.get_input_embeddings().weight.mul_(3)
    moved = distances(tagger, start)
    table = float(start.get_input_embeddings().weight.norm())
    assert moved["layer_1"][0] == pytest.approx(0.5 * math.sqrt(weight.numel()), rel=1e-5)
    assert moved["embeddings"][0] == pytest.approx(2 * table, rel=1e-5)
    assert moved["encoder"][0] == pytest.approx(math.hypot(moved["layer_1"][0], moved["embeddings"][0]), rel=1e-5)
    layer = torch.cat([parameter.flatten() for parameter in start.base_model.encoder.layer[0].parameters()])
    assert moved["layer_1"][1] == pytest.approx(moved["layer_1"][0] / float(layer.norm()), rel=1e-5)
    assert set(moved) == {"encoder", "embeddings", "layer_1"}


def test_it_leaves_no_trace(folder: Path, tagger: PreTrainedModel, batches: dict[str, list[Batch]]):
    start = load_start(folder)
    tagger.train()
    before, state = copy.deepcopy(tagger.state_dict()), torch.get_rng_state()
    forgetting(tagger, start, batches)
    assert tagger.training and start.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in tagger.state_dict().items())


def test_masks_are_the_same_each_time(folder: Path, batches: dict[str, list[Batch]]):
    tokenizer = open_model(folder, AutoModelForMaskedLM, None, seed=0).tokenizer
    sentences = framed(parallel_lines("en"), tokenizer, 32)
    again = masked_batches(sentences, "en", build_masking(tokenizer, 0.15), 5)
    for one, other in zip(batches["en"], again, strict=True):
        assert torch.equal(one.inputs["input_ids"], other.inputs["input_ids"])
        assert one.labels is not None and other.labels is not None and torch.equal(one.labels, other.labels)
    assert sum(len(batch) for batch in again) == len(sentences)
    lengths = [int(batch.inputs["attention_mask"].sum(dim=1).max()) for batch in again]
    assert lengths == sorted(lengths) == [batch.inputs["input_ids"].shape[1] for batch in again]
    assert np.all([(batch.labels != IGNORED).any(dim=1).all() for batch in again])


def test_a_checkpoint_without_the_head(world: Path):
    with pytest.raises(IsoglossError, match=r"encoder' has no masked-LM head.*its weights lack lm_head\.\S+, "):
        load_start(world / "encoder")


def test_a_checkpoint_that_is_not_there(tmp_path: Path):
    with pytest.raises(IsoglossError, match=r"neither a local folder|no config\.json"):
        load_start(tmp_path)
