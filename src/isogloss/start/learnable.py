"""What cannot be learned is said before the first step: one class alone, no label at all, a rate that stays at zero."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isogloss.common.errors import IsoglossError
from isogloss.data.corpus import Corpus
from isogloss.examples import Example, TaggedSentence
from isogloss.protocols import Feature
from isogloss.recipe.build.optimizer import build_annealing, warmup_of
from isogloss.recipe.spec.optimizer import RecAdam
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.recipe import Recipe
from isogloss.tasks.task import IGNORED

HARDLY = 0.1
"""Share of the task in the last step, under RecAdam, below which a warning is given (ours)."""


def require_two_classes(corpus: Corpus, limit: int | None = None) -> None:
    """Stop if the training files have one label alone; warn if what is read of them has.

    The latter is no error: a run on a few examples may be there to show that everything works.

    Args:
        corpus: The labelled data, whose problems take the warning. Answers to questions have no classes.
        limit: Examples read per language and split; None: all.

    Raises:
        IsoglossError: There is one label alone.
    """
    first = next(iter(corpus.train.values()))[0]
    if not _classes(first):
        return
    place, languages = first.path, ", ".join(corpus.train)
    if len(corpus.labels) == 1:
        raise IsoglossError(
            f"{place}: the training data ({languages}) have one label alone, {corpus.labels[0]!r}, and a model learns "
            "to tell two apart, or more; is another column or file meant, or has a label_map made several labels one?"
        )
    label = _classes(first)[0]
    if all(own == label for own in _labels(corpus)):  # which ends with the first other one
        part = "" if limit is None else f" (limit: {limit} reads a part of them)"
        message = f"every training example ({languages}) has the label {label!r}, so nothing will be learned{part}"
        corpus.problems.warning(place, None, message)


def require_items(features: Sequence[Feature], examples: Sequence[Example], language: str, max_length: int) -> None:
    """Stop if a language has nothing to learn from; what else it has costs time alone.

    Args:
        features: Its training examples as the model sees them.
        examples: The examples.
        language: The language.
        max_length: Longest feature, in sub-words.

    Raises:
        IsoglossError: No feature has a label.
    """
    if not any(map(_has_item, features)):
        raise IsoglossError(
            f"{examples[0].path}: nothing to learn from in the training data of {language!r}: none of its "
            f"{len(examples)} examples has a label, or an answer that stands in its text, within max_length "
            f"{max_length}"
        )


def rate_notes(recipe: Recipe | Pretraining, steps: int) -> list[str]:
    """Warnings where the learning rate, or the task's share in a step, never gets to what was asked for.

    Args:
        recipe: The recipe.
        steps: Steps of the run.
    """
    found = []
    rising = 0 if recipe.schedule == "constant" else warmup_of(recipe, steps)
    if rising >= steps:
        most = recipe.learning_rate * (steps - 1) / rising
        found.append(
            f"warning: the learning rate rises over {rising:,} steps from 0 (warmup_steps), and the run has {steps:,}, "
            f"so it gets to {most:g} of {recipe.learning_rate:g}; give more steps, fewer warmup_steps, or schedule: "
            "constant"
        )
    if isinstance(recipe.optimizer, RecAdam):
        share = build_annealing(recipe.optimizer)(steps)
        if share < HARDLY:
            found.append(
                f"warning: optimizer.annealing: the task has {share:.2g} of the loss in the last step, which is the "
                f"most, so the run of {steps:,} steps keeps what was pre-trained and learns little; give more steps, "
                "or an annealing that is sooner at its end"
            )
    return found


def _labels(corpus: Corpus) -> Iterator[str]:
    """The labels of all training examples, one after the other."""
    for examples in corpus.train.values():
        for example in examples:
            yield from _classes(example)


def _classes(example: Example) -> tuple[str, ...]:
    """The labels of an example; those that its soft tags are over, which are two or more."""
    soft = example.soft if isinstance(example, TaggedSentence) else None
    return example.classes if soft is None else soft.labels


def _has_item(feature: Feature) -> bool:
    if feature.labels is None or isinstance(feature.labels, int):
        return feature.labels is not None
    return any(label != IGNORED for label in feature.labels)
