"""From a recipe to the answer to: what is the loss?"""

from __future__ import annotations

from collections.abc import Sequence

from isogloss.common.errors import IsoglossError
from isogloss.objectives.l2_sp import L2SP
from isogloss.objectives.supervised import Supervised
from isogloss.protocols import Objective
from isogloss.recipe.build.mixing import build_x_mixup
from isogloss.recipe.build.site import Site
from isogloss.recipe.spec import objective as spec
from isogloss.tasks.task import Task


def build_objective(asked: spec.Objective, penalties: Sequence[spec.Penalty], task: Task, site: Site) -> Objective:
    """The answer to: what is the loss of labelled data?"""
    match asked:
        case spec.Supervised():
            return with_penalties(Supervised(), penalties, site)
        case spec.XMixup():
            return with_penalties(build_x_mixup(asked, task, site), penalties, site)


def with_penalties(objective: Objective, penalties: Sequence[spec.Penalty], site: Site) -> Objective:
    """The objective with each penalty as a term of its own."""
    for penalty in penalties:
        match penalty:
            case spec.L2SP(strength=strength):
                require_pretrained(site, "penalties: l2_sp")
                objective = L2SP(objective, site.model, strength=strength, free=site.fresh)
    return objective


def require_pretrained(site: Site, key: str) -> None:
    """Stop where there is nothing to be pulled back to."""
    if site.fresh.issuperset(name for name, _ in site.model.named_parameters()):
        raise IsoglossError(f"{key}: pulls towards pre-trained weights, but all weights of this model are random")
