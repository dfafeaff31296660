"""From a recipe to the answer to: what is the loss? And to what it asks of the model and of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import attach
from isogloss.models.extensions.fusion import NAME as FUSION
from isogloss.models.extensions.fusion import Fusion
from isogloss.models.open import Loaded
from isogloss.models.sentence_states import layer_of
from isogloss.objectives.filter import Filter
from isogloss.objectives.l2_sp import L2SP
from isogloss.objectives.manifold_mixup import ManifoldMixup
from isogloss.objectives.supervised import Supervised
from isogloss.objectives.x_tune import XTune
from isogloss.protocols import Objective
from isogloss.recipe.build.augmentation import build_augmentation, dictionary_files, noise_of
from isogloss.recipe.build.mixing import build_x_mixup, share_of_originals, with_fresh_pooler, with_mixing
from isogloss.recipe.build.second import Augmenting, Beside, Mixed, Second
from isogloss.recipe.build.site import Site
from isogloss.recipe.spec import augmentation as forms
from isogloss.recipe.spec import objective as spec
from isogloss.tasks.classification import Classification
from isogloss.tasks.spans import Spans
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task

FUSED, FUSED_FOR_QUESTIONS = 1 / 24, 20 / 24
"""Share of the layers that FILTER's scripts fuse."""


def build_objective(
    asked: spec.Objective,
    penalties: Sequence[spec.Penalty],
    task: Task,
    site: Site,
    max_length: int,
    teacher: nn.Module | None = None,
    class_weights: Tensor | None = None,
) -> Objective:
    """The answer to: what is the loss of labelled data?"""
    match asked:
        case spec.Supervised():
            return with_penalties(Supervised(class_weights), penalties, site)
        case spec.XMixup():
            return with_penalties(build_x_mixup(asked, task, site, max_length), penalties, site)
        case spec.ManifoldMixup(layer=layer):
            _require_sentence_states(task, site)
            return with_penalties(ManifoldMixup(layer_of(site.model, layer)), penalties, site)
        case spec.Filter(self_teaching=share, temperature=temperature):
            return with_penalties(Filter(teacher, share=share, temperature=temperature), penalties, site)
        case spec.XTune():
            found = XTune(
                consistency=asked.consistency,
                teacher=teacher,
                model_consistency=asked.model_consistency,
                hard_labels=asked.hard_labels,
                noise=noise_of(asked.augment),
            )
            return with_penalties(found, penalties, site)


def with_modules(loaded: Loaded, asked: spec.Objective, task: Task, max_length: int, seed: int) -> Loaded:
    """The model with what the loss puts into it; ``seed`` is that of fresh weights."""
    match asked:
        case spec.XMixup():
            mixed = with_mixing(loaded, asked, task, max_length)
            return with_fresh_pooler(mixed, seed) if spec.as_released(asked) else mixed
        case spec.Filter():
            return _with_fusion(loaded, asked, task)
    return loaded


def needs_pairs(asked: spec.Objective, task: Task) -> bool:
    """Whether each training text has the one beside it that says the same in the first language.

    Raises:
        IsoglossError: The loss compares predictions for both, and those of the task are not comparable.
    """
    if not spec.pairs_languages(asked):
        return False
    if isinstance(asked, spec.XTune) and isinstance(task, Tagging | Spans):
        raise IsoglossError(
            f"objective.augment: of a translation nothing says which of its words are those of the text, as task "
            f"{task.name!r} would need; take subwords, code_switch or noise, found translation"
        )
    return True


def teacher_of(asked: spec.Objective) -> str | None:
    """The folder of the run that the model is to agree with."""
    return asked.teacher if isinstance(asked, spec.XTune | spec.Filter) else None


def files_of(asked: spec.Objective) -> tuple[Path, ...]:
    """The files that the loss reads beside data: bilingual dictionaries."""
    match asked:
        case spec.XTune(augment=forms.CodeSwitching() as augment):
            return tuple(path for own in dictionary_files(augment).values() for path in own)
    return ()


def build_second(
    asked: spec.Objective,
    pairs: Beside | None,
    task: Task,
    steps: int,
    per_step: Mapping[str, float],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    languages: Mapping[str, str],
) -> Second | None:
    """What stands beside each training text; None: nothing.

    Args:
        asked: The loss.
        pairs: The texts that say the same, where the loss needs them.
        task: The task.
        steps: Steps of the run.
        per_step: Batches of each source in a step, on average.
        tokenizer: The model's tokenizer.
        max_length: Longest input, in sub-words.
        languages: The language of each source of training data.
    """
    match asked:
        case spec.XMixup():
            assert pairs is not None
            share, released = share_of_originals(asked, task, steps), spec.as_released(asked)
            return Beside(pairs.features, pairs.instead, share, per_step, as_released=released)
        case spec.Filter():
            return pairs
        case spec.ManifoldMixup(alpha=alpha):
            return Mixed(pairs, alpha)
        case spec.XTune(augment=augment):
            own = build_augmentation(augment, tokenizer, max_length, languages)
            return pairs if own is None else Augmenting(own)
    return None


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


def _with_fusion(loaded: Loaded, asked: spec.Filter, task: Task) -> Loaded:
    """A model in which pairs of texts are one in some layers.

    Raises:
        IsoglossError: It has fewer layers, or they cannot be fused.
    """
    layers = int(loaded.model.config.num_hidden_layers)
    wanted = (FUSED_FOR_QUESTIONS if isinstance(task, Spans) else FUSED) if asked.fused is None else asked.fused
    if wanted >= 1 and wanted != int(wanted):
        raise IsoglossError(f"objective.fused: a whole number from 1, or a share below 1, found {wanted:g}")
    fused = int(wanted) if wanted >= 1 else max(1, round(wanted * layers))
    attach(loaded.model, FUSION, Fusion(loaded.model, asked.local, fused))
    last = asked.local + fused
    note = f"targets and their sources are one text in layers {asked.local + 1} to {last} of {layers}"
    return replace(loaded, notes=(*loaded.notes, note))


def _require_sentence_states(task: Task, site: Site) -> None:
    """Stop where no state stands for a text."""
    if not isinstance(task, Classification):
        raise IsoglossError(
            "objective: kind manifold_mixup mixes the states that stand for whole texts, so it needs a task with a "
            f"class for each text (nli, paraphrase, topic), found {task.name!r}"
        )
    pooling = getattr(site.model.config, "classifier_pooling", "cls")
    if pooling != "cls":
        raise IsoglossError(
            "objective: kind manifold_mixup mixes the states of the first place, but the head of this model reads the "
            f"{pooling} of all places (classifier_pooling in its configuration)"
        )
