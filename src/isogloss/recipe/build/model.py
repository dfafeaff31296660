"""From what a recipe says of a model to the model, with a masked-LM head beside its own where text is learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForMaskedLM, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.distributed import device
from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import Extension, MaskedHead, attach, extensions_of, fill_stored
from isogloss.models.extensions.adapters import NAME, Adapters
from isogloss.models.extensions.lora import Lora
from isogloss.models.open import Loaded, new_model, open_model
from isogloss.models.shipped import located
from isogloss.recipe.spec import model as spec

Source = str | spec.RandomModel | spec.NewEncoder


def build_model(
    source: Source,
    how: spec.Model,
    auto_class: Any,  # noqa: ANN401 - the auto classes of transformers have no common public type
    labels: Sequence[str] | None,
    tokenizer: PreTrainedTokenizerBase | None,
    seed: int,
    like: PreTrainedConfig | None = None,
) -> Loaded:
    """The model to train, with a head for the labels, on the device of this process.

    Args:
        source: Where it comes from.
        how: How it is opened.
        auto_class: Class of transformers that adds the head.
        labels: The classes; None for a head without.
        tokenizer: That of a new model; one that there is brings its own.
        seed: Seed of fresh parameters.
        like: The configuration that values of a new model were taken from; None: the user gave them all.
    """
    if isinstance(source, str):
        loaded = open_model(
            source,
            auto_class,
            labels,
            seed=seed,
            dropout=how.dropout,
            random_weights=how.random_weights,
            trust_remote_code=how.trust_remote_code,
            kinds={Adapters.kind: partial(_refuse, source), Lora.kind: partial(_refuse_lora, source)},
        )
    else:
        assert tokenizer is not None
        loaded = new_model(source.config, tokenizer, auto_class, labels, seed=seed, dropout=how.dropout, like=like)
    if how.attention is not None:
        loaded.model.set_attn_implementation(how.attention)
    torch.nn.Module.to(loaded.model, device())
    return loaded


def _refuse(source: str, model: PreTrainedModel, settings: Mapping[str, Any]) -> Extension:
    """Adapters are exchanged, not trained through: the encoder beneath them is the one that they were put into."""
    run, stacks = Path(source).parent, settings.get("stacks") or {}
    languages = ", ".join(sorted(stacks.get("languages") or ()))
    advice = [f"start from `model` of {run / 'recipe.yaml'}"]
    if languages:
        advice.append(f"with its language adapters ({languages}) in adapters.language")
    if stacks.get("then"):
        advice.append(f"and to go on with its task adapter set adapters.task.start: {run / 'adapters' / 'task'}")
    raise IsoglossError(
        f"model {source!r} holds adapters, over an encoder that is still what its run began with; {', '.join(advice)}"
    )


def _refuse_lora(source: str, model: PreTrainedModel, settings: Mapping[str, Any]) -> Extension:
    """LoRA of another run would be trained through, or twice."""
    raise IsoglossError(
        f"model {source!r} holds LoRA, over an encoder that is still what its run began with; merge it into the "
        f"weights first, as {Path(source) / 'README.md'} says, and start from what you save"
    )


def with_masked_head(
    loaded: Loaded, source: Source, how: spec.Model, seed: int, name: str
) -> tuple[Loaded, MaskedHead]:
    """A model with a masked-LM head beside its own: the checkpoint's, in its weights or beside them, or a fresh one."""
    masked = build_model(source, how, AutoModelForMaskedLM, None, loaded.tokenizer, seed)
    fresh = {f"parts.{own}" for own in masked.fresh}
    head = MaskedHead(masked.model, loaded.model.base_model)
    attach(loaded.model, name, head)
    adapters = extensions_of(loaded.model).get(NAME)
    if isinstance(adapters, Adapters):
        adapters.invert_before_head(head.masked)
    own = {inner: f"extensions.{name}.{inner}" for inner, _ in head.named_parameters()}
    lacking = frozenset(full for inner, full in own.items() if inner in fresh)
    notes = []
    if lacking and isinstance(source, str) and not how.random_weights:
        # A run with text beside its task leaves the head beside the model.
        if fill_stored(Path(located(source)), loaded.model, name):
            lacking, notes = frozenset(), [f"model {source!r}: its extension {name!r} trains on"]
        else:
            notes = [f"model {source!r} has no masked-LM head, so a fresh one trains along"]
    return replace(loaded, fresh=loaded.fresh | lacking, notes=(*loaded.notes, *notes)), head
