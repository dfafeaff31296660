"""From a recipe to the adapters of a model: those of languages, which stay as they are, and that of the task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import attach, extensions_of
from isogloss.models.extensions.adapters import (
    HOULSBY,
    NAME,
    PARALLEL,
    PFEIFFER,
    PFEIFFER_INV,
    AdapterConfig,
    Adapters,
    Stacks,
    adapter_folder,
    kept,
    read_adapter,
)
from isogloss.models.open import Loaded, names_of
from isogloss.recipe.spec import adapters as spec
from isogloss.run.evaluation import PLAIN, Mode

TASK = "task"
"""Name of the task adapter."""

PLACEMENTS: dict[str, AdapterConfig] = {"pfeiffer": PFEIFFER, "houlsby": HOULSBY, "parallel": PARALLEL}


def with_adapters(loaded: Loaded, asked: spec.Adapters, trained: Sequence[str], seed: int) -> Loaded:
    """A model with a task adapter in it, if one is asked for, fresh or to go on from, after the adapters of languages.

    Args:
        loaded: The model.
        asked: The adapters.
        trained: The languages that are trained on, the first of which is the source of all that have no adapter.
        seed: Seed of a fresh task adapter's weights.

    Raises:
        IsoglossError: An adapter is not there, damaged or for another model, or a training language has none while
            others have.
    """
    adapters = Adapters(loaded.model)
    attach(loaded.model, NAME, adapters)
    notes, identity = list(loaded.notes), dict[str, Any]()
    for code, source in asked.language.items():
        folder, identity[code] = adapter_folder(source)
        notes += read_adapter(folder, adapters, code).notes
    lacking = [code for code in trained if code not in asked.language]
    if asked.language and lacking:
        raise IsoglossError(
            f"adapters.language: none for {lacking[0]!r}, which is trained on; the task must be learned on top of "
            "a language adapter, as it will be used, or of none"
        )
    then = () if asked.task is None else (TASK,)
    if asked.task is not None and asked.task.start is not None:
        folder, identity[TASK] = adapter_folder(asked.task.start)
        notes += read_adapter(folder, adapters, TASK).notes
    elif asked.task is not None:
        adapters.add(TASK, _configuration(asked.task), seed=seed)
    adapters.stacks = Stacks({code: code for code in asked.language}, then, trained[0] if asked.language else None)
    found: dict[str, Any] = {**loaded.identity, **({"adapters": identity} if identity else {})}
    drawn: tuple[str, ...] = () if TASK in identity else then
    fresh = loaded.fresh.union(*(names_of(loaded.model, adapters[name]) for name in drawn))
    return replace(loaded, fresh=fresh, identity=found, notes=tuple(notes))


def with_language_adapters(loaded: Loaded, asked: spec.LanguageAdapters, languages: Sequence[str], seed: int) -> Loaded:
    """A masked-LM model with a fresh adapter for each language, through which its rows go; see `with_adapters`."""
    adapters = Adapters(loaded.model)
    attach(loaded.model, NAME, adapters)
    placed = PFEIFFER_INV if asked.invertible else PFEIFFER
    configuration = replace(placed, reduction_factor=asked.reduction, non_linearity=asked.non_linearity)
    for code in languages:
        adapters.add(code, configuration, seed=seed)
    adapters.stacks = Stacks({code: code for code in languages}, ())
    notes = loaded.notes
    if loaded.fresh:
        notes = (*notes, "the checkpoint has no masked-LM head, so a fresh one trains along with the adapters")
    return replace(loaded, fresh=loaded.fresh | names_of(loaded.model, adapters), notes=notes)


def modes_of(model: nn.Module, asked: spec.AtTest) -> tuple[Mode, ...]:
    """The modes that a model is scored in: one, or with ``both`` swap and then keep.

    A model without adapters of languages has one mode, whatever is asked.
    """
    adapters = extensions_of(model).get(NAME)
    if not isinstance(adapters, Adapters) or adapters.stacks is None or not adapters.stacks.languages:
        return (PLAIN,)
    return tuple(_mode(adapters.stacks, name) for name in (("swap", "keep") if asked == "both" else (asked,)))


def _mode(stacks: Stacks, name: str) -> Mode:
    own = replace(stacks, keep=name == "keep")
    return Mode(
        name,
        around=lambda cell, model: kept(model, own.keep),
        adapters=lambda cell: "swap" if own.own(cell.language) else "keep",
    )


def without_own(asked: spec.Adapters | None, evaluated: Sequence[str]) -> list[str]:
    """A line on the languages that are measured with the source's adapter for want of one of their own."""
    if asked is None or not asked.language or asked.at_test == "keep":
        return []
    lacking = sorted(set(evaluated) - asked.language.keys())
    return [f"no language adapter for {', '.join(lacking)} ({len(lacking)}): measured as in keep"] if lacking else []


def _configuration(asked: spec.TaskAdapter) -> AdapterConfig:
    placed = PLACEMENTS[asked.placement]
    return replace(
        placed,
        reduction_factor=asked.reduction,
        non_linearity=asked.non_linearity or placed.non_linearity,
        dropout=asked.dropout,
        leave_out=asked.leave_out,
    )
