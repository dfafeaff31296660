"""From a recipe to the answer to: what may move?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from torch import nn
from transformers import PreTrainedModel

from isogloss.protocols import Unfreezing
from isogloss.recipe.spec import unfreezing as spec
from isogloss.step.unfreezing import Always

Groups = dict[Hashable, list[nn.Parameter]]


def build_unfreezing(asked: spec.Unfreezing, model: PreTrainedModel) -> tuple[Unfreezing | None, Groups]:
    """The answer to: what may move? And the groups of parameters that it names; None: everything, in every step."""
    match asked:
        case spec.Everything():
            return None, {}
        case spec.AllButEmbeddings():
            embeddings = list(model.get_input_embeddings().parameters())
            known = set(map(id, embeddings))
            others = [parameter for parameter in model.parameters() if id(parameter) not in known]
            return Always(frozenset({"others"})), {"embeddings": embeddings, "others": others}


def freeze(
    model: nn.Module, unfreezing: Unfreezing | None, groups: Mapping[Hashable, Sequence[nn.Parameter]]
) -> frozenset[str]:
    """Close what never opens; the names of the parameters that may move in some step."""
    if unfreezing is not None:
        for name, parameters in groups.items():
            for parameter in parameters:
                parameter.requires_grad_(name in unfreezing.opening)
    return frozenset(name for name, parameter in model.named_parameters() if parameter.requires_grad)
