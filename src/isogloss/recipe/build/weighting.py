"""From a recipe to the answer to: how do gradients meet?"""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from isogloss.gradients.cagrad import CAGrad
from isogloss.gradients.gradnorm import GradNorm
from isogloss.gradients.gradvac import GradVac
from isogloss.gradients.gram_rule import GramRule
from isogloss.gradients.observed import Observed
from isogloss.gradients.pcgrad import PCGrad
from isogloss.gradients.rows import GradientRows
from isogloss.gradients.table import SparseTable
from isogloss.models.parts import Parts, last_layer, layer_groups
from isogloss.protocols import Weighting
from isogloss.recipe.build.site import Site
from isogloss.recipe.spec import weighting as spec

WHOLE = "model"
LAST_LAYER = 1
"""Which of the groups of parameters that is, under GradNorm."""


def build_weighting(asked: spec.Weighting, site: Site) -> Observed | None:
    """The weighting, which a probe can look at; None where gradients are added up, which needs none."""
    weighting = _weighting(asked, site.seed)
    return None if weighting is None else Observed(weighting, list(_groups(asked, site.model)))


def _weighting(asked: spec.Weighting, seed: int) -> Weighting | None:
    match asked:
        case spec.Sum():
            return None
        case spec.PCGrad():
            return PCGrad(seed)
        case spec.GradVac(beta=beta):
            return GradVac(seed, beta)
        case spec.GradNorm() as own:
            return GradNorm(
                LAST_LAYER,
                alpha=own.alpha,
                learning_rate=own.learning_rate,
                initial_batches=own.initial_batches,
            )
        case spec.CAGrad(c=c):
            return CAGrad(c)
    from torchjd import aggregation  # not needed by most recipes, and its import takes a second

    match asked:
        case spec.IMTLG():
            return GramRule(aggregation.IMTLGWeighting(), seed)
        case spec.AlignedMTL(scale=scale):
            return GramRule(aggregation.AlignedMTLWeighting(scale_mode=scale), seed)
        case spec.MGDA(epsilon=epsilon, max_iterations=iterations):
            return GramRule(aggregation.MGDAWeighting(epsilon=epsilon, max_iters=iterations), seed)


def build_rows(
    asked: spec.Weighting, kept: spec.Gradients, model: PreTrainedModel, table: SparseTable | None
) -> GradientRows | None:
    """Where gradients are kept until they meet, and the groups of parameters that meet each for itself."""
    if isinstance(asked, spec.Sum):
        return None
    return GradientRows(
        list(_groups(asked, model).values()),
        table=table,
        dtype=torch.bfloat16 if kept.precision == "bf16" else None,
        device=torch.device("cpu") if kept.device == "cpu" else None,
    )


def _groups(weighting: spec.Weighting, model: PreTrainedModel) -> Parts:
    """The parameters that gradients are compared over, each for itself."""
    if isinstance(weighting, spec.GradNorm):
        last = last_layer(model)
        known = set(map(id, last))
        return {"others": [own for own in model.parameters() if id(own) not in known], "last_layer": last}
    if isinstance(weighting, spec.PCGrad | spec.GradVac) and weighting.granularity == "layers":
        return layer_groups(model)
    return {WHOLE: list(model.parameters())}
