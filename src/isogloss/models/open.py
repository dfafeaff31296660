"""The one door for models: from a checkpoint, or from a configuration alone, with a head and what is attached."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.models.configuration import new_config, prepare, read_config
from isogloss.models.extensions import Kind, attach_stored
from isogloss.models.identity import identify
from isogloss.models.places import places
from isogloss.models.relabelling import keep_rows, labels_of, output_layer, told, told_of_kind
from isogloss.models.shipped import located
from isogloss.models.tokenizer import load_tokenizer
from isogloss.models.weights import draw, read


@dataclass(frozen=True)
class Loaded:
    """A model to train.

    Attributes:
        model: The encoder with its head, in float32 on the CPU, in training mode.
        tokenizer: Its tokenizer; ``model_max_length`` is no more than the model has positions for.
        fresh: Names of the parameters that no checkpoint gave, or not all rows of: the head, or all of them.
        unused: Names in the checkpoint that the model has no place for (the head of pre-training).
        identity: What identifies the starting weights, as plain values for JSON: ``source``, and the hub's ``commit``
            or the ``sha256`` of each weight file; for random weights ``weights`` and ``seed``.
        notes: What the user should know of the checkpoint's head, if it was not taken as it is.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    fresh: frozenset[str]
    unused: frozenset[str]
    identity: dict[str, Any]
    notes: tuple[str, ...] = ()


def open_model(
    source: str | Path,
    auto_class: Any,  # noqa: ANN401 - the auto classes of transformers have no common public type
    labels: Sequence[str] | None,
    *,
    seed: int,
    dropout: float | None = None,
    random_weights: bool = False,
    trust_remote_code: bool = False,
    complete: bool = False,
    kinds: Mapping[str, Kind] | None = None,
) -> Loaded:
    """Load a pre-trained encoder and give it a head for some labels.

    Weights are float32 whatever they are stored in: in half precision Adam's eps is 0, and precision is a matter of
    autocast. They come from safetensors where there are any, else from ``pytorch_model.bin``, which transformers opens
    with ``weights_only``, so that no code in it runs. Fresh parameters depend on the seed alone, not on what was drawn
    before. Of an output layer that the checkpoint has for other labels, or for the same in another order, the rows of
    labels that both have by name are kept, and the others drawn.

    Args:
        source: Local folder, name of a shipped encoder, or id of a model on the hub.
        auto_class: Class of transformers that adds the head, as a task's ``auto_class``.
        labels: The classes, in the order of the outputs; None for a head without classes (masked language modelling).
        seed: Seed of the parameters that are fresh; the global random state stays as it was.
        dropout: Probability for all dropout in the model, in [0, 1); None leaves the checkpoint's own.
        random_weights: Whether to keep only architecture and tokenizer and draw all parameters anew.
        trust_remote_code: Whether to run Python code that comes with the model.
        complete: Whether the checkpoint must have all weights, its head's too, as that of a finished run has.
        kinds: What extensions in a local folder can be built, by kind. They are attached where the model would compute
            something else without them.

    Raises:
        IsoglossError: The folder lacks files, the hub cannot be reached, the model is no encoder or does not fit its
            own checkpoint or tokenizer, it has no fast tokenizer or padding token, ``dropout`` cannot be set, weights
            are missing from a checkpoint that must be complete or too many, or it holds weights or an extension that
            are no one's.
    """
    loaded = _load(
        source,
        auto_class,
        labels,
        seed=seed,
        dropout=dropout,
        random_weights=random_weights,
        trust_remote_code=trust_remote_code,
    )
    if complete and loaded.fresh:
        raise IsoglossError(
            f"model {str(source)!r}: its weights lack {len(loaded.fresh)} parameters, {min(loaded.fresh)!r} among "
            "them, which would be random; a finished run has them all, so its files are damaged"
        )
    if complete and loaded.unused:
        raise IsoglossError(
            f"model {str(source)!r}: its weights hold {len(loaded.unused)} parameters, {min(loaded.unused)!r} among "
            "them, that the model has no place for; a finished run has none, so its files are those of another model"
        )
    folder = Path(located(source))
    extra = attach_stored(folder, loaded.model, kinds or {}) if folder.is_dir() and not random_weights else []
    return replace(loaded, notes=(*loaded.notes, *extra))


def _load(
    source: str | Path,
    auto_class: Any,  # noqa: ANN401 - the auto classes of transformers have no common public type
    labels: Sequence[str] | None,
    *,
    seed: int,
    dropout: float | None,
    random_weights: bool,
    trust_remote_code: bool,
) -> Loaded:
    """The model and its tokenizer as transformers knows them, the head fitted to the labels."""
    identity = identify(source, weights=not random_weights)
    source = located(source)
    revision = identity.get("commit")
    config = read_config(source, revision, remote=trust_remote_code)
    stored, as_stored = labels_of(config), copy.deepcopy(config)
    prepare(config, labels, dropout)
    tokenizer = load_tokenizer(source, revision=revision, remote=trust_remote_code)
    if random_weights:
        model = draw(auto_class, config, seed, remote=trust_remote_code)
        return _loaded(model, tokenizer, _names(model), frozenset(), {**identity, "weights": "random", "seed": seed})

    def read_as(own: PreTrainedConfig) -> tuple[PreTrainedModel, frozenset[str], frozenset[str], frozenset[str]]:
        return read(source, auto_class, own, seed, revision=revision, remote=trust_remote_code)

    model, absent, misfits, unused = read_as(config)
    fresh, outputs = absent | misfits, output_layer(model, labels)
    if labels is None or outputs <= absent or stored == tuple(labels):
        notes = told_of_kind(source, as_stored) if misfits or (unused and fresh) else []
        return _loaded(model, tokenizer, fresh, unused, identity, notes)
    held: dict[str, Tensor] = {}
    if not outputs <= fresh:
        held = {name: model.get_parameter(name).detach().clone() for name in outputs}
        drawn = draw(auto_class, config, seed, remote=trust_remote_code)
        for name in outputs:
            model.get_parameter(name).data.copy_(drawn.get_parameter(name).data)
    elif set(stored) & set(labels):  # another number of labels: their rows are read with the head that was stored
        other, *lacking, _ = read_as(as_stored)
        held = {name: other.get_parameter(name).detach() for name in outputs - frozenset().union(*lacking)}
    kept = keep_rows(model, held, stored, labels)
    fresh = fresh - outputs if len(kept) == len(labels) else fresh | outputs
    return _loaded(model, tokenizer, fresh, unused, identity, [told(source, stored, labels, kept)])


def new_model(
    config: Mapping[str, Any],
    tokenizer: PreTrainedTokenizerBase,
    auto_class: Any,  # noqa: ANN401 - the auto classes of transformers have no common public type
    labels: Sequence[str] | None,
    *,
    seed: int,
    dropout: float | None = None,
    like: PreTrainedConfig | None = None,
) -> Loaded:
    """An encoder with random weights from the values of a configuration.

    Size of the vocabulary and ids of special tokens come from the tokenizer, and positions suffice for its
    ``model_max_length`` (512 if it has none), unless the configuration says otherwise.

    Args:
        config: ``model_type`` (``xlm-roberta``, ``bert``, ``deberta-v2``, ``modernbert``, ...) and whatever differs
            from the defaults of that type (``hidden_size``, ``num_hidden_layers``, ...).
        tokenizer: Its tokenizer, left as it is.
        auto_class: Class of transformers that adds the head, as a task's ``auto_class``.
        labels: The classes, in the order of the outputs; None for a head without classes.
        seed: Seed of the parameters; the global random state stays as it was.
        dropout: Probability for all dropout in the model, in [0, 1); None leaves that of ``config``.
        like: A configuration that values of ``config`` were taken from, whose names are known too; None: there is none.

    Raises:
        IsoglossError: ``model_type`` or another name is unknown, a value is not valid, or the type is no encoder.
    """
    built = new_config(config, tokenizer, like)
    prepare(built, labels, dropout)
    model = draw(auto_class, built, seed, remote=False)
    identity = {"config": dict(config), "weights": "random", "seed": seed}
    return _loaded(model, copy.deepcopy(tokenizer), _names(model), frozenset(), identity)


def names_of(model: nn.Module, part: nn.Module) -> frozenset[str]:
    """The names that the parameters of a part of a model have in the model."""
    own = {id(parameter) for parameter in part.parameters()}
    return frozenset(name for name, parameter in model.named_parameters() if id(parameter) in own)


def _loaded(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    fresh: frozenset[str],
    unused: frozenset[str],
    identity: dict[str, Any],
    notes: Sequence[str] = (),
) -> Loaded:
    rows = len(model.get_input_embeddings().get_parameter("weight"))
    if len(tokenizer) > rows:
        raise IsoglossError(
            f"the tokenizer has {len(tokenizer)} sub-words, but the model has embeddings for {rows} only"
        )
    # Relative and rotary positions set no limit.
    tokenizer.model_max_length = min([tokenizer.model_max_length, *map(len, places(model).values())])
    return Loaded(model.train(), tokenizer, fresh, unused, identity, tuple(notes))


def _names(model: PreTrainedModel) -> frozenset[str]:
    return frozenset(name for name, _ in model.named_parameters())
