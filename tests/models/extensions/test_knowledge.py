"""The queue is first in, first out, whatever comes; heads, queue and lagging copy are beside a plain model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForMaskedLM

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import attach, load_extensions
from isogloss.models.extensions.knowledge import HEADS, LAGGING, QUEUE, CandidateQueue, LaggingCopy, ProjectionHeads
from isogloss.models.open import new_model
from isogloss.models.stored import write_model
from isogloss.models.tokenizer import train_tokenizer
from tests.support.world import XLM_R


def pushed(queue: CandidateQueue, *batches: list[int]) -> list[int]:
    for numbers in batches:
        queue.push(torch.tensor(numbers, dtype=torch.float32)[:, None], torch.tensor(numbers, dtype=torch.int64))
    return [int(value) for value in queue.vectors[:, 0]]


def test_first_in_first_out_in_a_circle():
    queue = CandidateQueue(5, 1)
    assert pushed(queue, [1, 2, 3]) == [1, 2, 3, 0, 0]
    assert queue.used.tolist() == [True, True, True, False, False]
    assert pushed(queue, [4, 5, 6, 7]) == [6, 7, 3, 4, 5]
    assert queue.entities.tolist() == [6, 7, 3, 4, 5]
    assert queue.used.all()
    assert pushed(queue, [8]) == [6, 7, 8, 4, 5]
    assert pushed(queue, []) == [6, 7, 8, 4, 5]


def test_of_more_rows_than_fit_the_last_are_kept():
    queue = CandidateQueue(3, 1)
    pushed(queue, [1, 2])
    assert sorted(pushed(queue, [3, 4, 5, 6, 7])) == [5, 6, 7]


def test_as_released_a_random_choice_is_kept_and_it_is_the_same_everywhere():
    kept = [sorted(pushed(CandidateQueue(3, 1, random=True, seed=4), list(range(1, 21)))) for _ in range(2)]
    assert kept[0] == kept[1] != [18, 19, 20]
    assert len(set(kept[0])) == 3
    assert set(kept[0]) <= set(range(1, 21))


def test_it_begins_empty_or_as_released_with_random_rows():
    empty, random = CandidateQueue(200, 50), CandidateQueue(200, 50, random=True, seed=1)
    assert not empty.used.any() and empty.vectors.abs().sum() == 0
    assert random.used.all()
    assert random.vectors.std().item() == pytest.approx(1 / 50**0.5, rel=0.05)


def test_a_queue_without_rows_takes_none():
    queue = CandidateQueue(0, 2)
    queue.push(torch.ones(3, 2), torch.ones(3, dtype=torch.int64))
    assert queue.vectors.shape == (0, 2)


def test_what_is_pushed_is_cut_off_from_its_graph():
    vectors = torch.ones(1, 2, requires_grad=True) * 2
    queue = CandidateQueue(1, 2)
    queue.push(vectors, torch.tensor([1]))
    assert not queue.vectors.requires_grad


def test_memory_of_a_thousand_rows():
    assert CandidateQueue(1, 768).bytes_per_thousand == 1000 * (768 * 4 + 8 + 1)


def test_heads_have_weights_of_their_own_and_follow_the_seed():
    one, same, other = (ProjectionHeads(6, seed=seed) for seed in (1, 1, 2))
    vectors = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(one(vectors, descriptions=True), same(vectors, descriptions=True))
    assert not torch.equal(one(vectors, descriptions=True), one(vectors, descriptions=False))
    assert not torch.equal(one(vectors, descriptions=True), other(vectors, descriptions=True))


def test_batch_norm_is_the_literal_head():
    heads = ProjectionHeads(3).eval()  # statistics of the batch, in evaluation too
    vectors = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    first, norm, _, second, _ = heads.texts

    def standard(x: torch.Tensor) -> torch.Tensor:
        return (x - x.mean(dim=0)) / (x.var(dim=0, unbiased=False) + 1e-12).sqrt()

    hidden = standard(vectors @ first.weight.T) * norm.weight + norm.bias
    expected = standard(hidden.relu() @ second.weight.T)
    torch.testing.assert_close(heads(vectors, descriptions=False), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("momentum", [0.0, 1.0])
def test_momentum_is_between_0_and_1(momentum: float):
    with pytest.raises(IsoglossError, match=r"knowledge\.momentum: must be between 0 and 1"):
        LaggingCopy({"heads": ProjectionHeads(2)}, momentum)


def test_a_model_with_all_of_it_is_a_plain_folder_with_a_file_beside(tmp_path: Path):
    tokenizer = train_tokenizer(["low lower lowest"], 30)

    def made(seed: int):
        loaded = new_model(XLM_R, tokenizer, AutoModelForMaskedLM, None, seed=3)
        heads = ProjectionHeads(16, seed=seed)
        attach(loaded.model, HEADS, heads)
        attach(loaded.model, QUEUE, CandidateQueue(4, 16))
        attach(loaded.model, LAGGING, LaggingCopy({"encoder": loaded.model.base_model, "heads": heads}, 0.9))
        return loaded

    one, other = made(1), made(2)
    queue = one.model.get_submodule(f"extensions.{QUEUE}")
    queue.push(torch.ones(3, 16), torch.tensor([7, 8, 9]))
    write_model(tmp_path / "model", one.model, tokenizer)
    plain = AutoModelForMaskedLM.from_pretrained(tmp_path / "model", output_loading_info=True)
    assert not plain[1]["missing_keys"] and not plain[1]["unexpected_keys"]
    assert not any("extensions" in name for name in load_file(tmp_path / "model" / "model.safetensors"))
    described = json.loads((tmp_path / "model" / "extensions.json").read_text())
    assert {name: entry["changes_outputs"] for name, entry in described.items()} == dict.fromkeys(
        (HEADS, QUEUE, LAGGING), False
    )
    load_extensions(tmp_path / "model", other.model)
    theirs = other.model.get_submodule(f"extensions.{QUEUE}")
    assert torch.equal(theirs.vectors, queue.vectors)
    assert theirs.entities.tolist() == [7, 8, 9, -1] and theirs.next.item() == 3
    mine, again = (made_.model.get_submodule(f"extensions.{HEADS}").state_dict() for made_ in (one, other))
    assert all(torch.equal(mine[name], again[name]) for name in mine)
