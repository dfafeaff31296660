"""What is said before the first step."""

from __future__ import annotations

from isogloss.recipe.build.unfreezing import build_unfreezing
from isogloss.recipe.resolve import resolve
from isogloss.start.announce import trainable
from tests.support.site import site_of


def test_what_moves_is_named_by_what_it_is():
    data = {"task": "ner", "format": "conll", "path": "{language}/{split}.tsv"}
    asked = resolve({"model": "some/model", "data": data, "steps": 1, "unfreezing": {"kind": "all_but_embeddings"}})
    site = site_of(asked, {"en": 9})
    (line,) = trainable(site, build_unfreezing(asked.unfreezing, site.model)[1])
    every = sum(parameter.numel() for parameter in site.model.parameters())
    own = every - site.model.get_input_embeddings().get_parameter("weight").numel()
    share = f"{100 * own / every:.1f} %"
    assert line == f"{own:,} of {every:,} parameters may move ({share}): all but embeddings {own:,}"
