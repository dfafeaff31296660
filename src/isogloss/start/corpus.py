"""The labelled data of a run, read and checked: everything that a run needs, or one list of what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.languages import called_by_name
from isogloss.common.randomness import generator
from isogloss.data.chunks import is_named, renaming
from isogloss.data.classes import check_classes
from isogloss.data.collection import SPLITS, Collection
from isogloss.data.corpus import Cell, Corpus
from isogloss.data.label_sets import LabelledFile, check_label_sets
from isogloss.data.problems import Problems
from isogloss.data.validate import Complaint
from isogloss.examples import Example, Question
from isogloss.start.reading import digest, read_stored
from isogloss.store.cache import Cache
from isogloss.store.examples import StoredExamples, joined, label_numbers, witnesses


@dataclass(frozen=True, slots=True)
class FewShot:
    """A few training examples of each target language.

    Attributes:
        k: Examples per language, or all where there are fewer.
        seed: Seed of the draw, so that runs of several seeds see several draws.
    """

    k: int
    seed: int

    def draw(self, examples: Sequence[Example], language: str) -> list[Example]:
        """K of a language's examples without repetition, in the order of the file."""
        random = generator(self.seed, "few-shot", language)
        chosen = random.choice(len(examples), size=min(self.k, len(examples)), replace=False)
        return [examples[index] for index in sorted(chosen.tolist())]


def load_corpus(
    collections: Sequence[Collection],
    label_set: Callable[[Sequence[Example]], tuple[str, ...]],
    complaint: Complaint = lambda example: None,
    *,
    train_languages: Sequence[str] | None = None,
    evaluate_languages: Sequence[str] | None = None,
    asked_by: str = "evaluate_languages",
    source_dev: bool = False,
    label_languages: Sequence[str] = (),
    splits: Sequence[str] = SPLITS,
    unread: Container[str] = (),
    limit: int | None = None,
    few_shot: FewShot | None = None,
    cache: Cache | None = None,
) -> Corpus:
    """Read and check everything a run needs.

    Args:
        collections: The data entries.
        label_set: The labels that occur in examples, in a fixed order.
        complaint: What makes an example unfit for the task.
        train_languages: Languages to train on; None: all with a training file.
        evaluate_languages: Languages to evaluate on; None: all with a dev or test file.
        asked_by: What names the languages to evaluate on, for messages: a key of the recipe, or a call's argument.
        source_dev: Whether to read the dev data of the languages trained on, evaluated or not.
        label_languages: Languages whose training labels belong to the label set, beside those trained on.
        splits: The splits that count.
        unread: Splits among them that are not read, and only say which languages are evaluated.
        limit: Examples kept per language and split, evenly spaced over the file; None: all. The label
            set is that of all.
        few_shot: How many training examples to take of each language that is evaluated but not trained on; None: none.
        cache: Where files that have been read before are taken from; None: all are read.

    Raises:
        IsoglossError: A file is missing or broken, a language has no data, a file has no labels at all, two data sets
            share a name, ``1`` and ``true`` are both classes, or a label of the evaluation data occurs in no training
            file; the message names file and line.
    """
    _require_names(collections)
    found = [
        File(collection, language, split, path)
        for collection in collections
        for (language, split), path in collection.files().items()
        if split in splits
    ]
    with_train = {file.language for file in found if file.split == "train"}
    with_other = {file.language for file in found if file.split != "train"}
    others = [split for split in splits if split != "train"]
    trained = _chosen("train_languages", train_languages, with_train, ["train"], found, collections)
    evaluated = _chosen(asked_by, evaluate_languages, with_other, others, found, collections)
    few = () if few_shot is None else tuple(sorted((set(evaluated) & with_train) - set(trained)))
    if few_shot is not None and not few:
        raise IsoglossError("few_shot: no language that is evaluated but not trained on has a training file")
    labelled = {*trained, *label_languages, *few}
    wanted = {"train": labelled, "dev": {*evaluated, *(trained if source_dev else ())}, "test": {*evaluated}}
    problems = Problems()
    used = [file for file in found if file.language in wanted[file.split] and file.split not in unread]
    read, files = _read(used, complaint, problems, cache)
    train = {
        language: joined([own for file, own in read if file.split == "train" and file.language == language])
        for language in sorted(labelled)
    }
    evaluation: dict[Cell, Sequence[Example]] = {}
    for file, examples in read:
        if file.split != "train":
            asked = next((example.question_language for example in examples if isinstance(example, Question)), None)
            # Questions in a language that is not trained on choose no weights.
            if file.language in evaluated or asked in (None, *trained):
                evaluation[Cell(file.collection.name, file.language, file.split, asked)] = examples
    seen = [example for examples in train.values() for example in witnesses(examples)]
    check_classes(sum(map(label_numbers, train.values()), Counter()), seen, problems)
    problems.raise_errors()
    labels = label_set(seen)
    accepted = {target for collection in collections for target in collection.label_map.values()}
    check_label_sets(
        [
            LabelledFile(file.language, file.path, label_numbers(examples), witnesses(examples))
            for file, examples in read
            if file.split == "train"
        ],
        accepted,
        problems,
    )
    _require_known_labels(evaluation, labels, accepted, problems)
    chosen = {language: _spread(train[language], limit) for language in trained}
    if few_shot is not None:
        chosen |= {language: few_shot.draw(train[language], language) for language in few}
    spread = {cell: _spread(examples, limit) for cell, examples in evaluation.items()}
    return Corpus(chosen, labels, spread, files, problems, few, evaluated)


@dataclass(frozen=True)
class File:
    """A file of a collection."""

    collection: Collection
    language: str
    split: str
    path: Path


def _require_names(collections: Sequence[Collection]) -> None:
    names = Counter(collection.name for collection in collections)
    if names.total() > len(names):
        raise IsoglossError(f"data: two entries are named {names.most_common(1)[0][0]!r}; give them a name each")


def _read(
    used: Sequence[File], complaint: Complaint, problems: Problems, cache: Cache | None
) -> tuple[list[tuple[File, Sequence[Example]]], dict[str, str]]:
    """The examples of files, and the SHA-256 of each by path.

    Raises:
        IsoglossError: Any of them has an error; all errors are in the message.
    """
    owners: dict[str, tuple[str, Path]] = {}
    files: dict[str, str] = {}
    read = []
    for file in used:
        content = digest(file.path)
        files[str(file.path)] = content or ""
        place = (file.collection, file.language, file.split, file.path)
        read.append((file, read_stored(*place, content, complaint, owners, problems, cache)))
    problems.raise_errors()
    return read, files


def _chosen(
    key: str,
    wanted: Sequence[str] | None,
    available: set[str],
    splits: Sequence[str],
    found: Sequence[File],
    collections: Sequence[Collection],
) -> tuple[str, ...]:
    if wanted is None:
        return tuple(sorted(available))
    for language in wanted:
        if language in available:
            continue
        if any(file.language == language for file in found):
            raise IsoglossError(f"{key}: {lacking(language, splits, found, collections)}")
        if not available:
            asked = " or ".join(splits)
            raise IsoglossError(f"{key}: no data entry has a {asked} file, for {language!r} or any language")
        said = called_by_name(language)
        hint = f"; {said}" if said is not None else ""
        raise IsoglossError(f"{key}: no file for language {language!r}{hint}{nearest(language, available)}")
    return tuple(wanted)


def lacking(language: str, splits: Sequence[str], found: Sequence[File], collections: Sequence[Collection]) -> str:
    """Which splits a language has, and where files of others that are wanted would be.

    Args:
        language: A language that has some file.
        splits: The splits that are wanted, of which it has none.
        found: All files that there are.
        collections: The data entries.
    """
    wanted = "training" if list(splits) == ["train"] else " or ".join(splits)
    has = " and ".join(dict.fromkeys(file.split for file in found if file.language == language))
    own = [file.collection for file in found if file.language == language]
    places = [
        str(collection.path(language, split))
        for collection in collections
        if collection in own
        for split in splits
        if collection.splits is None or split in collection.splits
    ]
    looked = (
        f"looked for {' or '.join(dict.fromkeys(places))}" if places else "no entry of it has that among its splits"
    )
    return f"no {wanted} file for language {language!r}, which has {has}; {looked}"


def _spread(examples: Sequence[Example], limit: int | None) -> Sequence[Example]:
    """At most ``limit`` examples, evenly spaced: the head of a sorted file would be one genre, or one label."""
    if limit is None or len(examples) <= limit:
        return examples
    if isinstance(examples, StoredExamples):
        return examples.spread(limit)
    return [examples[index * len(examples) // limit] for index in range(limit)]


def _require_known_labels(
    evaluation: Mapping[Cell, Sequence[Example]],
    labels: Sequence[str],
    accepted: Container[str],
    problems: Problems,
) -> None:
    """A label that no training file has can never be predicted; a label_map with it as a target accepts that."""
    unseen: Counter[str] = Counter()
    place: dict[str, str] = {}
    known = set(labels)
    unsure = [
        examples
        for examples in evaluation.values()
        if not all(known.issuperset(example.classes) for example in witnesses(examples))
    ]
    for example in (example for examples in unsure for example in examples):
        for label in example.classes:
            if label in labels:
                continue
            if is_named(label, accepted):
                problems.warning(example.path, example.line, f"{label!r} is in no training file and counts as wrong")
            else:
                unseen[label] += 1
                place.setdefault(label, f"{example.path}:{example.line}")
    if unseen and labels:
        listed = "; ".join(f"{label!r} {count} times, first in {place[label]}" for label, count in unseen.most_common())
        raise IsoglossError(
            f"labels in evaluation data that no training file has: {listed}. Training labels: {', '.join(labels)}. For "
            f"{next(iter(unseen))!r}: {renaming(next(iter(unseen)), labels)}"
        )
