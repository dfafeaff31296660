"""Pseudo-tasks: the training data of one language in parts, each a source with a name of its own such as ``en/0``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from isogloss.common.distributed import Communicator, device
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json, write_text
from isogloss.data.corpus import Corpus
from isogloss.examples import Example
from isogloss.models.open import Loaded
from isogloss.protocols import Feature
from isogloss.recipe.build.partition import build_parts, looks_at_vectors
from isogloss.recipe.build.run import build_autocast
from isogloss.recipe.spec import partition as partition_schema
from isogloss.recipe.spec import recipe as schema
from isogloss.run.folder import RunFolder
from isogloss.streams.partition import Part, mean_vectors
from isogloss.tasks.task import Task


@dataclass(frozen=True)
class Parted:
    """Which part each training example is in.

    Attributes:
        language: The language.
        names: Names of the parts.
        of: By example the index of its part.
    """

    language: str
    names: tuple[str, ...]
    of: tuple[int, ...]

    def split(self, features: Sequence[Feature]) -> dict[str, Sequence[Feature]]:
        """The features by the name of their part.

        Raises:
            IsoglossError: A part has none.
        """
        places = np.array([self.of[feature.example] for feature in features], dtype=int)
        found: dict[str, Sequence[Feature]] = {}
        for index, name in enumerate(self.names):
            found[name] = Part(features, np.flatnonzero(places == index), name)
            if not found[name]:
                raise IsoglossError(
                    f"partition: part {name} has nothing to learn from: none of its {self.of.count(index)} examples "
                    "has a gold answer that stands in its text"
                )
        return found

    def balance(self, examples: Sequence[Example]) -> list[str]:
        """Per part its size and the shares of its most frequent labels, as lines for the user."""
        lines = []
        for index, name in enumerate(self.names):
            own = [example for example, part in zip(examples, self.of, strict=True) if part == index]
            labels = Counter(label for example in own for label in example.labels or ())
            shares = ", ".join(f"{label} {n / labels.total():.1%}" for label, n in sorted(labels.items())[:8])
            rest = f" and {len(labels) - 8} more" if len(labels) > 8 else ""
            lines.append(f"part {name}: {len(own):,} examples" + (f"; {shares}{rest}" if shares else ""))
        return lines


def require_one_language(recipe: schema.Recipe, corpus: Corpus) -> None:
    """Stop unless the training data are those of one language, with a value in each example where a column parts them.

    Raises:
        IsoglossError: They are not.
    """
    if recipe.partition is None:
        return
    if len(corpus.train) != 1:
        raise IsoglossError(
            f"partition: parts the training data of one language, found {', '.join(corpus.train)}; train_languages "
            "names one, and few_shot and translate_train are left out"
        )
    ((_, examples),) = corpus.train.items()
    if not isinstance(recipe.partition, partition_schema.ByColumn):
        if recipe.partition.parts > len(examples):
            raise IsoglossError(
                f"partition.parts: at most the {len(examples)} training examples, found {recipe.partition.parts}"
            )
        return
    without = next((example for example in examples if getattr(example, "part", None) is None), None)
    if without is not None:
        raise IsoglossError(
            f"partition: kind column needs a value in every training example, none in {without.path}:{without.line}; "
            "data.columns.part names the column (formats tsv, csv and jsonl)"
        )
    if len({getattr(example, "part", None) for example in examples}) < 2:
        raise IsoglossError("partition: kind column needs at least 2 different values, found 1")


def parted(
    recipe: schema.Recipe,
    folder: RunFolder,
    corpus: Corpus,
    features: Mapping[str, Sequence[Feature]],
    task: Task,
    loaded: Loaded,
    ranks: Communicator,
    *,
    resuming: bool,
) -> Parted:
    """The parts of the training data: those that the run was started with, or made anew, equal on every process.

    Args:
        recipe: A recipe with a partition.
        folder: The run; where ``resuming`` it holds the parts, since clusters may come out otherwise elsewhere.
        corpus: The data.
        features: Training features by language.
        task: The task.
        loaded: The model, with its starting weights.
        ranks: The processes.
        resuming: Whether the run has been started before.

    Raises:
        IsoglossError: The folder's parts are not there or damaged.
    """
    ((language, examples),) = corpus.train.items()
    if resuming:
        stored = read_json(folder.partition)
        try:
            held = Parted(language, tuple(stored["names"]), tuple(stored["of"]))
        except (KeyError, TypeError) as error:
            raise IsoglossError(f"{folder.partition}: damaged: no {error}") from error
        if len(held.of) != len(examples):
            raise IsoglossError(f"{folder.partition}: {len(held.of)} examples, but there are {len(examples)}")
        return held
    assert recipe.partition is not None
    own = features[language]
    vectors = _vectors(recipe, own, task, loaded, ranks) if looks_at_vectors(recipe.partition) else None
    made = None
    if ranks.rank == 0:  # one process decides: rounding may differ between devices, and clusters by more
        names, of = build_parts(recipe.partition, examples, own, vectors, recipe.seeds[0])
        made = Parted(language, tuple(f"{language}/{name}" for name in names), tuple(of))
    parts = ranks.gather([made])[0]
    assert isinstance(parts, Parted)
    return parts


def store(parts: Parted, folder: RunFolder) -> None:
    """Write the parts for a later resume."""
    write_text(folder.partition, json.dumps({"names": parts.names, "of": parts.of}) + "\n")


def _vectors(
    recipe: schema.Recipe, features: Sequence[Feature], task: Task, loaded: Loaded, ranks: Communicator
) -> np.ndarray:
    """What examples are alike by."""
    return mean_vectors(
        loaded.model.base_model,
        features,
        partial(task.collate, tokenizer=loaded.tokenizer),
        recipe.evaluation_batch_size,
        autocast=build_autocast(recipe, device()),
        ranks=ranks,
    )
