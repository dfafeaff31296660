"""All that is wrong with the data of a run, in one pass over all files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.common.languages import find, script_subtag
from isogloss.common.scripts import SCRIPTS, codes_of, dominant_scripts, script_share
from isogloss.data.chunks import is_named, renaming
from isogloss.data.classes import check_classes
from isogloss.data.collection import Collection
from isogloss.data.label_sets import LabelledFile, check_label_sets
from isogloss.data.misread import complaint_of
from isogloss.data.problems import Problems
from isogloss.data.repetition import ReadFile, check_leaks, check_repetition
from isogloss.examples import Example, Question

FEWEST_LETTERS = 50
"""A text of fewer letters (a few names, say) proves nothing about its language."""

MIXED = 0.3
"""From this share of letters of the expected script on, up to a half, a text is mixed and not of another language."""


Complaint = Callable[[Example], str | None]
"""What makes an example unfit for a task; None if nothing does."""


def validate_collections(
    collections: Iterable[Collection],
    complaint: Complaint = lambda example: None,
    *,
    train_languages: Iterable[str] | None = None,
) -> tuple[Problems, list[ReadFile]]:
    """Read every file of data sets that belong to one task, and list all problems.

    Beside what the readers find: a file that stands for two languages, text in the script of another language, labels
    that no train file has, rare classes (see `check_classes`), repeated train examples, and train examples that occur
    in dev or test, of their language or, as they are or in translation, of another (see `check_leaks`).

    Args:
        collections: The data sets, all of one task, since their train files are taken together.
        complaint: What makes an example unfit for that task.
        train_languages: The languages whose train files count; None: all.

    Returns:
        The problems, and the files that were read, those of training languages that do not count left out.
    """
    problems = Problems()
    collections = list(collections)
    wanted = None if train_languages is None else frozenset(train_languages)
    owners: dict[str, tuple[str, Path]] = {}
    read: list[ReadFile] = []
    for collection in collections:
        try:
            files = collection.files()
        except IsoglossError as error:
            problems.error(collection.template, None, str(error))
            continue
        for (language, split), path in files.items():
            examples = read_checked(collection, language, split, path, complaint, owners, problems)
            if split != "train" or wanted is None or language in wanted:
                read.append(ReadFile(collection.name, language, split, path, examples))
    train = [(file.language, file.path, file.examples) for file in read if file.split == "train"]
    evaluation = [(file.language, file.path, file.examples) for file in read if file.split != "train"]
    check_repetition(read, problems)
    check_leaks(read, problems)
    for _, path, examples in train:
        check_labelled(examples, "train", path, problems)
    trained = [example for _, _, examples in train for example in examples]
    if any(example.labels is not None for example in trained):
        check_classes(label_counts(trained), trained, problems)
        # A label to which the user renames others is one that they know of.
        known = {label for collection in collections for label in collection.label_map.values()}
        check_label_sets(
            [LabelledFile(language, path, label_counts(own), own) for language, path, own in train], known, problems
        )
        _check_labels(train, evaluation, known, problems)
    return problems, read


def label_counts(examples: Iterable[Example]) -> Counter[str]:
    """How often each gold label occurs."""
    return Counter(label for example in examples for label in example.labels or ())


def read_checked(
    collection: Collection,
    language: str,
    split: str,
    path: Path,
    complaint: Complaint,
    owners: dict[str, tuple[str, Path]],
    problems: Problems,
) -> list[Example]:
    """Read a file and check all that can be told from it, its language and the files before it.

    Args:
        collection: The data set.
        language: Language of the file.
        split: Split of the file.
        path: The file.
        complaint: What makes an example unfit for the task.
        owners: Language and path by content of the files read so far; this one is added.
        problems: Takes what is wrong.
    """
    examples = collection.read(language, split, problems)
    check_collection_language(examples, language, path, problems, collection.scripts.get(language, ()))
    check_owner(examples, path, language, owners, problems)
    complaints = ((example, complaint(example)) for example in examples)
    unfit = next(((example, text) for example, text in complaints if text is not None), None)
    if unfit is not None:
        problems.error(path, unfit[0].line, complaint_of(collection.format, path, str(unfit[1])), key="task")
    return examples


def check_labelled(examples: Sequence[Example], split: str, path: Path, problems: Problems) -> None:
    """Check that a file that is trained on or scored has a gold label at all."""
    if examples and not problems.spoils(path) and all(example.labels is None for example in examples):
        use = "train on" if split == "train" else "score; `isogloss predict` labels such files"
        problems.error(path, examples[0].line, f"none of the {len(examples):,} examples has a gold label to {use}")


def check_collection_language(
    examples: Iterable[Example], language: str, path: Path, problems: Problems, scripts: Sequence[str] = ()
) -> None:
    """Check that at least half of the letters are of a script in which the language is written.

    This finds the files of two languages that were swapped, as long as their scripts differ. Mixed text (a share of at
    least ``MIXED``), and text in Latin script where no one said that another was used, may be right: a warning.

    Args:
        examples: The examples of a file.
        language: The language that they are said to be in; a script in its code (``hi-Latn``) is the one expected.
        path: The file.
        problems: Takes the error, or a warning where the text may be right, or nothing is known of the language.
        scripts: The scripts that the file is said to be in, as codes of ISO 15924; none: that of the code, or else
            those of the language's usual spelling.
    """
    known = find(language)
    try:
        subtag = None if scripts else script_subtag(language)
    except IsoglossError as error:
        problems.error(path, None, f"{error}; if it names something else, {_key(language)} says what the file is in")
        return
    said = tuple(scripts) if subtag is None else (subtag,)
    expected = tuple(name for code in said for name in SCRIPTS[code]) or (() if known is None else known.scripts)
    if not expected:
        problems.warning(path, None, f"unknown language code {language!r}: its script was not checked")
        return
    text = " ".join(part for example in examples for part in _in_its_language(example))
    found = dominant_scripts(text)
    share = script_share(text, expected)
    if found.total() < FEWEST_LETTERS or share >= 0.5:
        return
    most = next(script for script, _ in found.most_common() if script not in expected)
    name = repr(language) if known is None else f"{known.name} ({language})"
    message = f"{share:.0%} of the letters are {' or '.join(expected)}, as expected of {name}, most others are {most}: "
    right = f"{_key(language, codes_of([most]))} in its data entry says that it is right"
    if share >= MIXED:
        both = _key(language, (*(said or codes_of(expected)), *codes_of([most])))
        problems.warning(path, None, f"{message}is it mixed? {both} in its data entry says that it is right")
    elif most == "LATIN" and not said:
        problems.warning(path, None, f"{message}is it romanised, or the file of another language? {right}")
    else:
        problems.error(path, None, f"{message}is this the file of another language? If not, {right}")


def _key(language: str, scripts: Sequence[str] = ()) -> str:
    """What a data entry says of the scripts of a language."""
    listed = ", ".join(scripts) or "..."
    return f"`scripts: {{{language}: {f'[{listed}]' if len(scripts) > 1 else listed}}}`"


def unseen_labels(train: Iterable[Example], evaluation: Iterable[Example]) -> Counter[str]:
    """The labels of ``evaluation`` that ``train`` does not have, with their number of times."""
    seen = {label for example in train for label in example.classes}
    return Counter(label for example in evaluation for label in example.classes if label not in seen)


def _in_its_language(example: Example) -> tuple[str, ...]:
    """What must be in the language of the example: not a question in another one."""
    if isinstance(example, Question) and example.question_language != example.language:
        return (example.context,)
    return example.content


def check_owner(
    examples: Iterable[Example], path: Path, language: str, owners: dict[str, tuple[str, Path]], problems: Problems
) -> None:
    """Check that no other language has the same examples; remember those of this one in ``owners``."""
    contents = [example.content for example in examples]
    if not contents or problems.spoils(path):
        return
    check_claim(hashlib.sha256(repr(contents).encode()).hexdigest(), path, language, owners, problems)


def check_claim(
    content: str, path: Path, language: str, owners: dict[str, tuple[str, Path]], problems: Problems
) -> None:
    """Check that what a file holds, by its digest, is claimed by no other language; remember it in ``owners``."""
    owner, first = owners.setdefault(content, (language, path))
    if owner != language:
        problems.error(path, None, f"{owner} and {language} share one file (equal to {first}): check the template")


def _check_labels(
    train: Sequence[tuple[str, Path, list[Example]]],
    evaluation: Iterable[tuple[str, Path, list[Example]]],
    known: Container[str],
    problems: Problems,
) -> None:
    """Check that every label of dev and test is in a train file or ``known``."""
    trained = [example for _, _, examples in train for example in examples]
    labels = sorted({label for example in trained for label in example.classes})
    for _, path, examples in evaluation:
        for label, times in unseen_labels(trained, examples).items():
            if is_named(label, known):
                continue
            line = next(example.line for example in examples if label in example.classes)
            problems.error(
                path,
                line,
                f"label {label!r} ({times} times, first here) is in no train file (they have {', '.join(labels)}); "
                f"{renaming(label, labels)}",
            )
