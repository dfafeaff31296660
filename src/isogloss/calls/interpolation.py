"""Between the weights that a run began with and those it ended with (WiSE-FT)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json
from isogloss.models.extensions import extensions_of
from isogloss.models.extensions.lora import NAME, Lora
from isogloss.models.holding import holding
from isogloss.models.open import open_model
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.beginnings import renewed_of
from isogloss.run.folder import RunFolder, differences
from isogloss.tasks.task import Task


def starting_weights(folder: RunFolder, recipe: Recipe, task: Task) -> dict[str, Tensor]:
    """The pre-trained weights θ* that a run began with, by name; a fresh head has none.

    Raises:
        IsoglossError: All weights were random, or the model is no longer the one that the run began with.
    """
    if not isinstance(recipe.model, str) or recipe.random_weights:
        raise IsoglossError(f"interpolate: {folder.path} began with random weights, which are not worth going back to")
    fingerprint = read_json(folder.fingerprint)
    if "trimmed" in fingerprint:
        raise IsoglossError(
            f"interpolate: {folder.path} was cut by isogloss trim, so it has another table of sub-words than the model "
            f"that it began with, {recipe.model!r}; score the run that it was cut from"
        )
    loaded = open_model(
        recipe.model, task.auto_class, task.labels or None, seed=0, trust_remote_code=recipe.trust_remote_code
    )
    changed = differences(fingerprint["starting_weights"], loaded.identity)
    if changed:
        said = renewed_of(folder).get(recipe.model, "; ".join(changed))
        raise IsoglossError(f"interpolate: model {recipe.model!r} is not what the run began with: {said}")
    return {name: p.detach() for name, p in loaded.model.named_parameters() if name not in loaded.fresh}


@contextmanager
def interpolated(model: nn.Module, starting: Mapping[str, Tensor], share: float) -> Iterator[None]:
    """Inside, the model holds (1 − e) θ* + e θ; after it, θ again.

    Args:
        model: The model, with weights θ.
        starting: θ* by name; parameters without one keep θ. What LoRA adds began as zero.
        share: e in [0, 1]; at 1 the model is what it was to the last bit, at 0 its encoder is the pre-trained one.

    Raises:
        IsoglossError: ``share`` is outside [0, 1].

    Reference:
        Wortsman et al., *Robust fine-tuning of zero-shot models*, CVPR 2022.
    """
    if not 0 <= share <= 1:
        raise IsoglossError(f"interpolate: a share of the fine-tuned weights in [0, 1], found {share:g}")
    ends = {name: parameter for name, parameter in model.named_parameters() if name in starting}
    lora = extensions_of(model).get(NAME)
    added = lora.undone() if isinstance(lora, Lora) else {}
    with torch.no_grad():
        between = {end: starting[name].to(end.device).lerp(end, share) for name, end in ends.items()}
        between |= {end: start.lerp(end, share) for end, start in added.items()}
    with holding(between):
        yield
