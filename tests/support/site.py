"""The site of a run that is only looked at: builders of its parts need one."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache

import torch
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedModel, PreTrainedTokenizerBase

from isogloss.models.open import Loaded
from isogloss.recipe.build.optimizer import with_loops
from isogloss.recipe.build.sampling import pass_length
from isogloss.recipe.build.site import Site
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.recipe import Recipe
from isogloss.start.assemble import open_site
from isogloss.start.prepare import budget_of


@cache
def small_bert() -> PreTrainedModel:
    """A BERT of two layers with a head for tags; the same one for all who ask."""
    config = AutoConfig.for_model(
        "bert", hidden_size=8, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2, vocab_size=30
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return AutoModelForTokenClassification.from_config(config).eval()


def site_of(recipe: Recipe, sizes: Mapping[str, int], loaded: Loaded | None = None) -> Site:
    """The site of a recipe whose sources have so many pieces; by default around a copy of `small_bert`, all fresh."""
    if loaded is None:
        model, tokenizer = copy.deepcopy(small_bert()), PreTrainedTokenizerBase()  # a site may close parameters
        loaded = Loaded(model, tokenizer, frozenset(n for n, _ in model.named_parameters()), frozenset(), {})
    budget = budget_of(recipe, TASKS[recipe.data[0].task], list(sizes.values()))
    recipe = recipe.model_copy(update={"optimizer": with_loops(recipe.optimizer, budget.steps, len(sizes))})
    return open_site(recipe, loaded, budget, sizes, pass_length(recipe.sampling), lambda size: lambda k: []).site
