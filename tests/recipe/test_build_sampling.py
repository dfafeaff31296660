"""How often sources come, and what the share of a step becomes for their batches."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from isogloss.protocols import Batch, Feature
from isogloss.recipe.build.sampling import batches_per_step, beside, build_sampler
from isogloss.recipe.build.second import Beside, FirstHalves
from isogloss.recipe.resolve import resolve
from isogloss.streams.bucketed import Examples
from isogloss.streams.paired import PairedStream
from tests.support.site import site_of

DATA = {"task": "pos", "format": "conllu", "path": "{language}/{split}.conllu"}
SIZES = {"de": 30, "en": 60, "fr": 10}
LOOPS = {"lookahead": {"inner_steps": 5}}


@pytest.mark.parametrize("text", [0.0, 0.25])
@pytest.mark.parametrize(
    "sampling",
    [
        {"kind": "mixed"},
        {"kind": "joint"},
        {"kind": "temperature", "temperature": 2.0},
        {"kind": "round_robin"},
        {"kind": "permuted", "length": 2},
        {"kind": "blocks", "length": 2},
    ],
)
def test_batches_of_a_source_in_a_step(sampling: dict[str, Any], text: float):
    """As its sampler draws them, with and without text beside the task."""
    recipe = resolve({"model": "some/encoder", "data": [DATA], "steps": 9, "batch_size": 4, "sampling": sampling})
    site = site_of(recipe, SIZES)
    sampler = beside(build_sampler(recipe.sampling, site), {"text": text} if text else {}, site.seed)
    drawn = Counter(name for step in range(6000) for name in sampler(step) if name != "text")
    found = batches_per_step(recipe.sampling, site, 1 - text)
    assert found == {name: pytest.approx(number / 6000, abs=0.02) for name, number in drawn.items()}


def test_the_share_of_originals_is_that_of_the_step():
    """A source that comes in one step of four has its 10th batch near step 40."""
    texts = {"de": [Feature({"input_ids": [5]}, None, "de", n) for n in range(4)]}
    shared: dict[str, Any] = {"collate": lambda features: Batch({}, None, ("de",) * len(features)), "batch_size": 2}
    second = Beside(texts, texts, lambda t: 1 / (1 + t), {"de": 0.25})
    stream = second.stream(FirstHalves(["de"], [texts["de"]], Examples([4], seed=0, name="de"), shared))
    assert isinstance(stream, PairedStream)
    assert stream.share(10) == 1 / 41
