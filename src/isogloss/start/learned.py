"""What a run learns from, read and encoded: labelled data, their partners, the model, a teacher, text beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isogloss.common.distributed import processes
from isogloss.data.corpus import Corpus
from isogloss.models.open import Loaded
from isogloss.protocols import Feature
from isogloss.recipe.build.adapters import with_adapters
from isogloss.recipe.build.class_weights import build_class_weights
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.build.lora import with_lora
from isogloss.recipe.build.model import build_model
from isogloss.recipe.build.objective import needs_pairs, teacher_of, with_modules
from isogloss.recipe.build.task import build_task
from isogloss.recipe.names import NamedTask
from isogloss.recipe.spec.model import RandomModel
from isogloss.recipe.spec.objective import as_released
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.folder import RunFolder
from isogloss.start import parted
from isogloss.start.check import new_tokenizer, read_corpus
from isogloss.start.learnable import require_items
from isogloss.start.pairs import Pairs, pair
from isogloss.start.teacher import open_teacher
from isogloss.start.text import TextBeside, read_text_beside
from isogloss.store.cache import cache_of_environment
from isogloss.tasks.encoding import Encoding
from isogloss.tasks.task import Task


@dataclass(frozen=True)
class Learned:
    """What a run learns from, read and encoded.

    Attributes:
        named: The task as a user names it.
        task: The task with its labels.
        corpus: The labelled data.
        features: Training features by source.
        loaded: The model.
        parts: How the data of one language are parted, if they are.
        pairs: The texts that say the same as the training texts, if the loss is of pairs.
        teacher: The model that this one is to agree with, if the loss has one.
        text: Text beside the task, if there is any.
        class_weights: How much each label counts in the loss; None: all alike.
    """

    named: NamedTask
    task: Task
    corpus: Corpus
    features: Mapping[str, Sequence[Feature]]
    loaded: Loaded
    parts: parted.Parted | None
    pairs: Pairs | None
    teacher: Loaded | None
    text: TextBeside | None
    class_weights: Mapping[str, float] | None


def read_learned(
    recipe: Recipe, folder: RunFolder, label_languages: Sequence[str], *, resuming: bool = False
) -> Learned:
    """Read and encode everything that a run learns from. Nothing is written.

    Args:
        recipe: The recipe, of one seed.
        folder: The run's folder, which may hold the run already.
        label_languages: Languages whose training labels belong to the label set, beside those trained on.
        resuming: Whether the folder holds the run already.

    Raises:
        IsoglossError: Anything in data or model that stands in the way.
    """
    named, collections = build_collections(recipe.data)
    corpus = read_corpus(recipe, named, collections, label_languages, cache_of_environment())
    task = build_task(recipe, named, corpus.labels)
    tokenizer = new_tokenizer(recipe, corpus) if isinstance(recipe.model, RandomModel) else None
    loaded = build_model(recipe.model, recipe, task.auto_class, task.labels or None, tokenizer, recipe.seeds[0])
    if recipe.lora is not None:
        loaded = with_lora(loaded, recipe.lora, recipe.seeds[0])
    if recipe.adapters is not None:
        loaded = with_adapters(loaded, recipe.adapters, corpus.sources, recipe.seeds[0])
    loaded = with_modules(loaded, recipe.objective, task, recipe.max_length, recipe.seeds[0])
    features: Mapping[str, Sequence[Feature]] = _encode(corpus, task, loaded, recipe.max_length)
    parts = None
    if recipe.partition is not None:
        parts = parted.parted(recipe, folder, corpus, features, task, loaded, processes(), resuming=resuming)
        features = parts.split(features[parts.language])
    pairs = None
    if needs_pairs(recipe.objective, task):
        encoding, first = Encoding(task, loaded.tokenizer, recipe.max_length), as_released(recipe.objective)
        pairs = pair(corpus, features, recipe.data, collections, encoding, first_window=first)
    run, name = teacher_of(recipe.objective), recipe.data[0].task
    teacher = None if run is None else open_teacher(run, name, task, loaded.tokenizer)
    text = read_text_beside(recipe, task, loaded.tokenizer, corpus.problems) if recipe.sources else None
    weights = build_class_weights(recipe.objective, task, corpus.train)
    return Learned(named, task, corpus, features, loaded, parts, pairs, teacher, text, weights)


def _encode(corpus: Corpus, task: Task, loaded: Loaded, max_length: int) -> dict[str, Sequence[Feature]]:
    """Training features by language; overlong examples are noted among the corpus's problems."""
    features, encoding = {}, Encoding(task, loaded.tokenizer, max_length)
    for language, examples in corpus.train.items():
        features[language] = encoding.encode(examples, corpus.problems)
        require_items(features[language], examples, language, max_length)
    return features
