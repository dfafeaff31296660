"""Sentences without labels, read as examples of a task, and the source in which a teacher's answers are learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.data.problems import Problems
from isogloss.examples import Example, LabelledText, TaggedSentence
from isogloss.models.open import Loaded
from isogloss.objectives.soft_labels import SoftLabels
from isogloss.protocols import Batch, DataSource, Feature
from isogloss.recipe.build.text import TextSite
from isogloss.recipe.spec import text as spec
from isogloss.recipe.spec.recipe import Recipe
from isogloss.start.raw_text import from_text
from isogloss.start.teacher import open_teacher
from isogloss.streams.drawn import DrawnStream, independent
from isogloss.streams.unlabelled import FeatureRows
from isogloss.tasks.encoding import Encoding
from isogloss.tasks.task import Task

Collate = Callable[[Sequence[Feature]], Batch]


@dataclass(frozen=True)
class Unlabelled:
    """Sentences as examples, and who answers.

    Attributes:
        teacher: The model of a finished run, frozen and in evaluation mode.
        features: The sentences by language.
    """

    teacher: Loaded
    features: Mapping[str, Sequence[Feature]]


def read_unlabelled(
    asked: spec.SoftLabels,
    recipe: Recipe,
    sentences: Mapping[str, Sequence[str]],
    task: Task,
    tokenizer: PreTrainedTokenizerBase,
    problems: Problems,
) -> Unlabelled:
    """The teacher, and the sentences as examples of its task.

    Args:
        asked: The source.
        recipe: The recipe.
        sentences: Sentences by language.
        task: The task with its labels.
        tokenizer: The model's tokenizer.
        problems: Takes warnings of overlong sentences.

    Raises:
        IsoglossError: There is no such teacher, or a sentence alone is no example of the task.
    """
    teacher = open_teacher(asked.teacher, recipe.data[0].task, task, tokenizer, "sources: soft_labels.teacher")
    encoding = Encoding(task, tokenizer, recipe.max_length)
    features: dict[str, Sequence[Feature]] = {}
    for language, texts in sentences.items():
        examples = [_example(text, number, language, task) for number, text in enumerate(texts, start=1)]
        features[language] = encoding.encode(examples, problems)
    return Unlabelled(teacher, features)


def build_unlabelled_source(
    asked: spec.SoftLabels, at: TextSite, unlabelled: Unlabelled, collate: Collate
) -> DataSource:
    """The source: sentences of all languages, and the distance to what the teacher answers."""
    stream: DrawnStream[Feature] = DrawnStream(
        independent(FeatureRows(unlabelled.features, asked.temperature)),
        collate,
        name=asked.kind,
        seed=at.seed,
        batch_size=at.batch_size,
        rank=at.group.rank,
        world_size=at.group.world_size,
        accumulation=at.accumulation,
    )
    return DataSource(asked.kind, stream, SoftLabels(unlabelled.teacher.model, asked.softening))


def _example(text: str, number: int, language: str, task: Task) -> Example:
    """A sentence with a label that no one reads: it says where the items are."""
    raw = LabelledText(str(number), language, text, None, None, f"text of {language}", number)
    try:
        example = from_text(raw, task)
    except IsoglossError as error:
        raise IsoglossError(
            f"sources: soft_labels: a sentence alone is no example of task {task.name!r}, which source soft_labels "
            f"needs (a task with tags, or with one label per text): {error}"
        ) from None
    if isinstance(example, TaggedSentence):
        return replace(example, tags=(task.labels[0],) * len(example.tokens))
    assert isinstance(example, LabelledText)
    return replace(example, label=task.labels[0])
