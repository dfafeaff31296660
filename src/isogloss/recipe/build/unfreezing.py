"""From a recipe to the answer to: what may move?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from isogloss.common.distributed import Communicator
from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator
from isogloss.diagnostics.fisher import Fisher, Labels, gold, most_likely, require_one_item, sampled
from isogloss.models.parts import layer_groups, trains_in_place
from isogloss.protocols import Batch, Unfreezing
from isogloss.recipe.spec import probes
from isogloss.recipe.spec import unfreezing as spec
from isogloss.step.fun import Fun
from isogloss.step.unfreezing import (
    Always,
    Staged,
    paper_timeline,
    released_fun_timeline,
    released_gradual_timeline,
)

TIMELINES: Mapping[str, Callable[[int, int], tuple[int, ...]]] = {
    "paper": paper_timeline,
    "released_gu": released_gradual_timeline,
    "released_fun": released_fun_timeline,
}
LABELS: Mapping[str, Labels] = {"sampled": sampled, "argmax": most_likely, "gold": gold, "exact": sampled}

Groups = dict[Hashable, list[nn.Parameter]]


@dataclass(frozen=True)
class Moments:
    """What a schedule may know of the run beside its model.

    Attributes:
        steps: Steps of the run.
        epoch: Steps of a pass over the training data.
        seed: Seed of random orders and of sampled labels.
        batches: From a batch size (None: the run's) to training batches by their number, each as its micro-batches.
        autocast: Makes the context of a forward pass.
        ranks: The processes of the run, which all come to the same answer.
        aside: A context whose time is noted apart from that of training, under a name.
    """

    steps: int
    epoch: int
    seed: int
    batches: Callable[[int | None], Callable[[int], Sequence[Batch]]]
    autocast: Callable[[], AbstractContextManager[Any]]
    ranks: Communicator
    aside: Callable[[str], AbstractContextManager[None]]


def build_unfreezing(
    asked: spec.Schedule, model: PreTrainedModel, moments: Moments | None = None, fresh: Collection[str] = ()
) -> tuple[Unfreezing | None, Groups]:
    """The answer to: what may move? And the groups of parameters that it names; None: everything, in every step.

    Raises:
        IsoglossError: A list of layers is not one of all layers, each once; or FUN is to sum over all labels where an
            example has several.
    """
    if isinstance(asked, spec.Everything | spec.AllButEmbeddings) and trains_in_place(model):
        # The encoder stays as it is, whatever else moves.
        own = _groups(model, fresh)
        return Always(frozenset(own) - {"frozen"}), own
    match asked:
        case spec.Everything():
            return None, {}
        case spec.AllButEmbeddings():
            embeddings = list(model.get_input_embeddings().parameters())
            known = set(map(id, embeddings))
            others = [parameter for parameter in model.parameters() if id(parameter) not in known]
            rest = "all but embeddings"  # printed before the first step
            return Always(frozenset({rest})), {"embeddings": embeddings, rest: others}
    assert moments is not None
    groups = _groups(model, fresh)
    layers = [str(name) for name in groups if str(name).startswith("layer_")]
    match asked:
        case spec.HeadFirst(every=every):
            stage = frozenset({*layers, "rest"} & groups.keys())
            return Staged(frozenset({"head"}), (stage,), (_steps(every, moments),)), groups
        case spec.Gradual():
            return _gradual(asked, layers, groups, moments), groups
        case spec.Fun():
            return _fun(asked, layers, groups, moments), groups


def _groups(model: PreTrainedModel, fresh: Collection[str]) -> Groups:
    """The groups of a model; what adapters would freeze though the checkpoint does not have it moves with the head.

    A pooler that was never trained, say, or a masked-LM head. An encoder of random weights stays as it is.
    """
    groups: Groups = {name: own for name, own in layer_groups(model).items()}
    drawn = {id(parameter) for name, parameter in model.named_parameters() if name in fresh}
    table = model.get_input_embeddings().get_parameter("weight")
    if "frozen" not in groups or id(table) in drawn:
        return groups
    head = [*groups.get("head", []), *(p for p in groups["frozen"] if id(p) in drawn)]
    groups["frozen"] = [p for p in groups["frozen"] if id(p) not in drawn]
    return {**groups, **({"head": head} if head else {})}


def _gradual(asked: spec.Gradual, layers: list[str], groups: Groups, moments: Moments) -> Staged:
    ordered = _ordered(asked.order, layers, moments.seed)
    if asked.top_first:
        ordered = [layers[-1], *(layer for layer in ordered if layer != layers[-1])]
    stages = [frozenset({layer}) for layer in ordered]
    if "rest" in groups:  # a final norm belongs to whatever reads the top layer
        stages[0] |= {"rest"}
    if asked.embeddings and "embeddings" in groups:
        stages.append(frozenset({"embeddings"}))
    starts = TIMELINES[asked.timeline](_steps(asked.every, moments), len(stages))
    return Staged(frozenset({"head"}), tuple(stages), starts)


def _ordered(order: str | tuple[int, ...], layers: list[str], seed: int) -> list[str]:
    match order:
        case "top_down":
            return layers[::-1]
        case "bottom_up":
            return list(layers)
        case "random":
            return [layers[place] for place in generator(seed, "unfreezing").permutation(len(layers))]
    named = [f"layer_{number}" for number in order]
    if sorted(named) != sorted(layers):
        numbers = ", ".join(layer.removeprefix("layer_") for layer in layers)
        raise IsoglossError(f"unfreezing.order: must have each of the layers {numbers} once, found {list(order)}")
    return named


def _fun(asked: spec.Fun, layers: list[str], groups: Groups, moments: Moments) -> Fun:
    fisher = build_fisher(asked, moments.seed, moments.autocast, moments.ranks)
    batch = moments.batches(asked.batch_size)
    if fisher.exact:
        require_one_item(batch(0))

    def score(model: nn.Module, closed: Sequence[Hashable]) -> Mapping[Hashable, float]:
        event = len(layers) - len(closed)
        with moments.aside("fisher"):
            batches = [batch(event * asked.batches + number) for number in range(asked.batches)]
            return fisher(model, {layer: groups[layer] for layer in closed}, batches, event).means

    starts = TIMELINES[asked.timeline](_steps(asked.every, moments), len(layers))
    always = frozenset({"head", "rest"} & groups.keys())
    return Fun(always, layers, starts, score, first=layers[-1] if asked.top_first else None)


def build_fisher(
    asked: spec.Fun | probes.Fisher,
    seed: int,
    autocast: Callable[[], AbstractContextManager[Any]],
    ranks: Communicator,
) -> Fisher:
    """The estimator of traces that a schedule or a probe asks for."""
    return Fisher(
        LABELS[asked.labels],
        per_example=asked.estimator == "per_example",
        exact=asked.labels == "exact",
        per_parameter=asked.norm == "per_parameter",
        seed=seed,
        autocast=autocast,
        ranks=ranks,
    )


def _steps(every: float | str, moments: Moments) -> int:
    """The interval k in steps."""
    if isinstance(every, str):
        return moments.epoch
    return max(1, round(every * moments.steps if every < 1 else every))


def rates(asked: spec.Schedule, model: PreTrainedModel, layer_decay: float = 1.0) -> dict[str, float]:
    """By name of a parameter what its learning rate is multiplied by, where that is not 1.

    layer_decay^d, with d = 1 for the top layer, 2 for the one below it, and so on, l + 1 for the embeddings under l
    layers, and 0 for all else: heads, poolers, final norms. Layers are those of `layer_groups`: of the encoder, or of
    LoRA or the task adapter that trains in its place.
    """
    given = asked.layer_rate_decay if isinstance(asked, spec.Gradual) else 1.0
    divisor = 1 / layer_decay if given == 1 else given
    if divisor == 1:
        return {}
    groups = layer_groups(model)
    layers = [name for name in groups if name.startswith("layer_")]
    depth = {name: len(layers) - place for place, name in enumerate(layers)} | {"embeddings": len(layers) + 1}
    factors = {id(p): divisor ** -depth.get(name, 0) for name, own in groups.items() for p in own}
    return {name: factors[id(p)] for name, p in model.named_parameters() if factors[id(p)] != 1}


def freeze(
    model: nn.Module, unfreezing: Unfreezing | None, groups: Mapping[Hashable, Sequence[nn.Parameter]]
) -> frozenset[str]:
    """Close what never opens; the names of the parameters that may move in some step."""
    if unfreezing is not None:
        for name, parameters in groups.items():
            for parameter in parameters:
                parameter.requires_grad_(name in unfreezing.opening)
    return frozenset(name for name, parameter in model.named_parameters() if parameter.requires_grad)
