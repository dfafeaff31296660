"""From what a recipe says of a student to the model that learns, and to what of its teacher it begins as."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor
from transformers import AutoModelForMaskedLM, PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.distributed import processes
from isogloss.common.randomness import derive
from isogloss.models.extensions import attach
from isogloss.models.extensions.projection import PROJECTION, Projection
from isogloss.models.feed_forward import keep_units, most_energy, require_fewer_units
from isogloss.models.low_rank import begin_low_rank, low_rank_values, principal_directions, shared_values
from isogloss.models.open import Loaded, names_of
from isogloss.models.places import as_many_places
from isogloss.models.student import Sizes, begin_as, student_config, units_of_block
from isogloss.recipe.build.distillation import Teacher, encoder_of
from isogloss.recipe.build.model import build_model
from isogloss.recipe.spec import model as model_spec
from isogloss.recipe.spec import student as spec
from isogloss.recipe.spec.distillation import Distil


def build_student(
    asked: spec.Student,
    teacher: Teacher,
    how: model_spec.Model,
    tokenizer: PreTrainedTokenizerBase,
    frequencies: np.ndarray,
    energies: Callable[[], list[Tensor]],
    seed: int,
) -> Loaded:
    """The student that a recipe describes, with a masked-LM head.

    Args:
        asked: What it is like.
        teacher: Its teacher.
        how: How it is opened.
        tokenizer: Its tokenizer.
        frequencies: How often it reads each of its sub-words ``[v]``.
        energies: Measures the energy of each unit of the teacher's feed-forward blocks, by layer ``[u]``; called where
            the student has fewer of them.
        seed: Seed of fresh parameters.

    Raises:
        IsoglossError: Its sizes do not fit, or a layer of the teacher does not.
    """
    fewer = _fewer_units(asked, teacher)
    # Layers of the teacher are taken whole, and units left out of them afterwards.
    sizes = Sizes(asked.depth, asked.hidden, asked.intermediate if asked.from_layers is None else None, asked.heads)
    config, more = teacher.encoder.config, dict(asked.config)
    if asked.embedding is not None:
        known = {} if asked.from_layers is None else shared_values(teacher.encoder, asked.embedding)
        more = {**known, **low_rank_values(asked.embedding), **more}
    elif more.get("model_type", config.model_type) == config.model_type:
        more = {**as_many_places(teacher.encoder, int(tokenizer.pad_token_id)), **more}
    values = student_config(config, sizes, asked.from_layers, more)
    new = model_spec.NewEncoder(config=values)
    loaded = build_model(new, how, AutoModelForMaskedLM, None, tokenizer, seed, like=config)
    if asked.from_layers is None:
        return loaded
    encoder = encoder_of(loaded.model)
    notes = _begin(encoder, asked, asked.from_layers, teacher, frequencies)
    identity = {**loaded.identity, "weights": "teacher", "layers": list(asked.from_layers), **_known(teacher.identity)}
    if fewer is not None:
        notes = (*notes, _narrow(encoder, asked.from_layers, energies, fewer))
        identity["config"] = {**values, "intermediate_size": fewer}
    return replace(loaded, fresh=loaded.fresh - names_of(loaded.model, encoder), identity=identity, notes=notes)


def _fewer_units(asked: spec.Student, teacher: Teacher) -> int | None:
    """How many units of the teacher's feed-forward blocks are kept; None: all, or no layer is taken."""
    config, number = teacher.encoder.config, asked.intermediate
    if asked.from_layers is None or number is None or number == units_of_block(config):
        return None
    require_fewer_units(config, number)
    return number


def _begin(
    student: PreTrainedModel, asked: spec.Student, layers: Sequence[int], teacher: Teacher, frequencies: np.ndarray
) -> tuple[str, ...]:
    """Give a student the weights of its teacher, and say what of them it has no room for."""
    if asked.embedding is None:
        begin_as(student, teacher.encoder, layers, teacher.ids)
        return ()
    found = principal_directions(teacher.encoder, teacher.ids, frequencies, asked.embedding)
    # The factorisation may differ in the last bits between machines, and directions by more.
    found = processes().gather([found])[0]
    begin_low_rank(student, teacher.encoder, layers, teacher.ids, found.basis)
    return (f"student: its embeddings begin with {found.kept:.1%} of the second moment of the teacher's on this text",)


def _narrow(student: PreTrainedModel, layers: Sequence[int], energies: Callable[[], list[Tensor]], number: int) -> str:
    """Let a student keep some units of its teacher's feed-forward blocks, and say how much these do."""
    found = energies()
    # Sums may differ in the last bits between machines, and then units of nearly the same energy change places.
    kept = processes().gather([most_energy([found[layer] for layer in layers], number)])[0]
    keep_units(student, kept.units)
    shares = ", ".join(f"{100 * share:.1f}" for share in kept.shares)
    return (
        f"student: its feed-forward blocks begin with {number:,} of the teacher's {len(found[0]):,} units, which have "
        f"{shares} % of their energy on this text, layer by layer"
    )


def without_head(loaded: Loaded) -> Loaded:
    """The encoder of a masked-LM model alone, where nothing trains its head."""
    encoder = encoder_of(loaded.model)
    names = {id(parameter): name for name, parameter in encoder.named_parameters()}
    fresh = {id(parameter) for name, parameter in loaded.model.named_parameters() if name in loaded.fresh}
    found = frozenset(name for number, name in names.items() if number in fresh)
    return replace(loaded, model=encoder, fresh=found, unused=frozenset())


def with_projection(loaded: Loaded, asked: Distil, teacher: Teacher, seed: int) -> Loaded:
    """A student with a map to the teacher's hidden states, if its states are compared and have another size."""
    size, wanted = (int(model.config.hidden_size) for model in (loaded.model, teacher.encoder))
    if (asked.states is None and asked.sentence is None) or size == wanted:
        return loaded
    projection = Projection(size, wanted, seed=derive(seed, PROJECTION))
    attach(loaded.model, PROJECTION, projection)
    return replace(loaded, fresh=loaded.fresh | names_of(loaded.model, projection))


def _known(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {f"teacher_{name}": value for name, value in identity.items()}
