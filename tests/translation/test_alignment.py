from __future__ import annotations

from pathlib import Path

import pytest
import torch

from isogloss.calls.encoder import open_encoder
from isogloss.common.errors import IsoglossError
from isogloss.examples import TaggedSentence
from isogloss.translation.alignment import Aligner, mutual


def sentence(text: str) -> TaggedSentence:
    return TaggedSentence("1", "en", tuple(text.split()), None)


SENTENCES = [sentence("talo wi"), sentence("kerta shlo wilo taker"), sentence("lo"), sentence("wiker talosh ta")]


@pytest.fixture(scope="module")
def aligner(world: Path) -> Aligner:
    return Aligner(open_encoder(world / "encoder", trust_remote_code=False), batch_size=3)


def test_each_must_be_the_nearest_of_the_other():
    nearness = torch.tensor([[0.9, 0.5, 0.1], [0.95, 0.6, 0.2], [0.1, 0.1, 0.1]])
    assert mutual(nearness).nonzero().tolist() == [[1, 0]]
    assert mutual(torch.eye(3)).nonzero().tolist() == [[0, 0], [1, 1], [2, 2]]


@pytest.mark.parametrize("layer", [None, 0, 1])
def test_a_sentence_is_linked_with_itself_word_by_word(aligner: Aligner, layer: int | None):
    own = Aligner(aligner.loaded, layer, batch_size=3)
    for links, one in zip(own([(one, one) for one in SENTENCES]), SENTENCES, strict=True):
        assert {(place, place) for place in range(len(one.tokens))} <= links


def test_links_do_not_hang_on_the_batch(aligner: Aligner):
    pairs = list(zip(SENTENCES, SENTENCES[::-1], strict=True))
    together = aligner(pairs)
    assert together == [aligner([pair])[0] for pair in pairs]
    for (one, other), links in zip(pairs, together, strict=True):
        assert all(i < len(one.tokens) and j < len(other.tokens) for i, j in links)


def test_the_other_way_round_the_links_are_the_same(aligner: Aligner):
    pairs = list(zip(SENTENCES, SENTENCES[1:] + SENTENCES[:1], strict=True))
    backward = aligner([(other, one) for one, other in pairs])
    assert [{(j, i) for i, j in found} for found in backward] == [set(found) for found in aligner(pairs)]


def test_a_layer_that_is_not_there(aligner: Aligner):
    with pytest.raises(IsoglossError, match=r"layer: the encoder has layers 0 \(the embeddings\) to 1, found 2"):
        Aligner(aligner.loaded, layer=2)
