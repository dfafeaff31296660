"""Which methods see the data in the same order under the same seed, as docs/protocol.md says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isogloss.objectives.supervised import Supervised
from isogloss.protocols import Feature
from isogloss.recipe.build.sampling import build_sources
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import resolve
from isogloss.streams.bucketed import BucketedStream
from isogloss.tasks import part_of_speech
from tests.support.site import site_of

MIXED = {
    "multitask", "lookahead", "checkpoint_averaging", "recadam", "l2_sp", "adapters", "lora", "gradual_unfreezing",
    "fun", "lpft", "random_unfreezing", "reverse_unfreezing", "ulmfit", "x_mixup", "consistency", "mean_of_logits",
    "manifold_mixup", "x_tune", "filter", "translate_train_all",
}  # fmt: skip
DATA = {"task": "pos", "format": "conllu", "path": "{language}/{split}.conllu"}


def feature(language: str, length: int) -> Feature:
    return Feature({"input_ids": [0] * length}, [0] * length, language, 0)


FEATURES = {language: [feature(language, 1 + place % 7) for place in range(60)] for language in ("de", "en")}


def order(method: str, **features: list[Feature]) -> dict[str, list[list[int]]]:
    """The first batches of each source."""
    recipe = resolve({"model": "some/encoder", "data": [DATA], "steps": 9, "batch_size": 4, "method": method})
    features = features or FEATURES
    site = replace(site_of(recipe, {name: len(own) for name, own in features.items()}), seed=3)
    sources = build_sources(recipe.sampling, features, part_of_speech(("X",)).collate, Supervised(), site)  # type: ignore[arg-type]
    streams = {name: source.stream for name, source in sources.items()}
    return {
        name: [stream.indices(k).tolist() for k in range(20)]
        for name, stream in streams.items()
        if isinstance(stream, BucketedStream)
    }


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"single"}))
def test_the_order_is_shared_within_each_way_to_draw_batches(method: str):
    assert order(method) == order("multitask" if method in MIXED else "multitask_summed")


def test_the_order_is_not_shared_between_them():
    mixed, apart, single = order("multitask"), order("multitask_summed"), order("single", en=FEATURES["en"])
    assert [len(found) for found in (mixed, apart, single)] == [1, 2, 1]
    orders = [*mixed.values(), *apart.values(), *single.values()]
    assert len({str(found) for found in orders}) == 4
