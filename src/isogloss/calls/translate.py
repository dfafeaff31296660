"""Translate labelled data with a sequence-to-sequence model."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isogloss.calls.arguments import codes_of
from isogloss.calls.destination import write_unless_changed
from isogloss.calls.entries import entry_of_files
from isogloss.calls.neighbours import naming_neighbours
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.locking import locked
from isogloss.common.writing import remove_partials
from isogloss.data.collection import SPLITS, Collection
from isogloss.data.problems import Problems
from isogloss.examples import Example, Question
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.data import DataEntry
from isogloss.translation.codes import Telling
from isogloss.translation.examples import Losses, rebuilt, texts
from isogloss.translation.files import layout_of, written

if TYPE_CHECKING:
    from isogloss.translation.translators import Translators

RECIPES = (".yaml", ".yml", ".json")
"""How files of recipes end."""

LONGEST = 256
"""Sub-words of a text and of its translation; sentences seldom have more."""


def translate(
    data: str | Path | Mapping[str, Any],
    *,
    to: str | Sequence[str],
    model: str | Path,
    source: str | Sequence[str] | None = None,
    split: str = "train",
    back: bool = False,
    output: str | Path = "translations",
    codes: Mapping[str, str] | None = None,
    prefix: str | None = None,
    num_beams: int = 4,
    max_length: int = LONGEST,
    batch_size: int = 32,
    task: str | None = None,
    format: str | None = None,
    columns: Mapping[str, str | int] | None = None,
    separator: str | None = None,
    overrides: Iterable[str] = (),
    scale: str | None = None,
    overwrite: bool = False,
    trust_remote_code: bool = False,
) -> dict[str, dict[str, Any]]:
    """Write machine translations of labelled data, as the ``translations`` of a recipe's data entries take them.

    Every file of ``split`` in each source language is translated into each target language and, with ``back``, from
    there back again: the training data of one language into others (translate-train), or the test data of several into
    one (translate-test). See `isogloss.translation.files.written` for the files and
    `isogloss.translation.examples.rebuilt` for labels.

    Every translation is kept in ``output/memory`` as soon as its batch is done. So what was broken off goes on there, a
    text that comes twice is translated once, and nothing is translated again as long as the model and its settings stay
    the same. The files themselves are written as a whole; one that was changed since is not replaced.

    Args:
        data: A recipe; or, with ``task`` and ``format``, a path or a template with ``{language}`` and ``{split}``.
        to: Target languages.
        model: Local folder or hub id of a sequence-to-sequence model; ``{source}`` and ``{target}`` in it stand for the
            languages, for models that know one direction each (``Helsinki-NLP/opus-mt-{source}-{target}``).
        source: Source languages. Default: for ``train`` the recipe's training languages or else all that have such a
            file; for other splits all that have one, but for those in ``to``.
        split: train, dev or test.
        back: Whether to translate back, and write that alone.
        output: Folder.
        codes: The tokenizer's codes by ours, where they are not found by themselves (``{zh: zho_Hans}``).
        prefix: What is put before each text, see `isogloss.translation.codes.Telling`.
        num_beams: Hypotheses kept while searching.
        max_length: Sub-words of a text and of its translation.
        batch_size: Texts per batch.
        task: Task of files.
        format: Format of files.
        columns: Which of their columns are ours.
        separator: What separates their columns.
        overrides: Keys of the recipe to change.
        scale: One of the recipe's scales.
        overwrite: Whether files of translations that hold something else are replaced.
        trust_remote_code: Whether to run Python code that comes with the model.

    Returns:
        By data set what to write under ``translations`` of its entry; nothing where files of several languages on both
        sides have no common template.

    Raises:
        IsoglossError: A target language is a source language too, no such file, model or language of the model, bad
            content of a file, a file of translations that holds something else, a place that cannot be written to, or
            another process at work there.
    """
    targets = codes_of(to, "to")
    if split not in SPLITS:
        raise IsoglossError(f"split: {split!r} is unknown{nearest(split, SPLITS)}")
    if batch_size < 1:
        raise IsoglossError(f"batch_size: at least 1, found {batch_size}")
    asked = None if source is None else codes_of(source, "from")
    if format is None and task is None:
        if columns is not None or separator is not None:
            raise IsoglossError("columns and separator go with --task and --format; a recipe has them in its data")
        if isinstance(data, str | Path) and Path(data).is_file() and Path(data).suffix not in RECIPES:
            raise IsoglossError(f"{data}: no recipe ({' or '.join(RECIPES)}); a file of data goes with task and format")
        recipe = resolve(data, overrides=overrides, scale=scale)
        entries: Sequence[DataEntry] = recipe.data
        looking: AbstractContextManager[None] = naming_neighbours(data, recipe)
        if asked is None and split == "train" and recipe.train_languages:
            asked = list(recipe.train_languages)
    else:
        if list(overrides) or scale is not None:
            raise IsoglossError("--set and --scale change a recipe; with --task and --format there is none")
        if "{language}" not in str(data) and (asked is None or len(asked) != 1):
            raise IsoglossError("from: a path without {language} is of one language; say which")
        keys = {"task": task, "format": format, "columns": columns, "separator": separator}
        looking = nullcontext()
        entries = [entry_of_files(str(data), **keys, language=(asked or ["und"])[0], split=split, verb="translate")]  # type: ignore[arg-type]
    named, collections = build_collections(entries)
    with looking:
        read = _read(collections, asked, targets, split)
    from isogloss.translation.translators import Translators  # with torch behind it

    told = Telling(codes or {}, prefix)
    options = {"num_beams": num_beams, "max_length": max_length, "trust_remote_code": trust_remote_code}
    work = Translators(str(model), told, Path(output) / "memory", batch_size=batch_size, options=options)
    sources = list(dict.fromkeys(one.language for one in read))
    for code in told.codes:
        if code not in {*sources, *targets}:
            raise IsoglossError(
                f"codes: {code!r} is no language of this translation{nearest(code, [*sources, *targets])}"
            )
    # Languages and models that are not there are told before anything is translated.
    for one in sources:
        for target in targets:
            work.way(one, target)
            if back:
                work.way(target, one)
    role = "back" if back else "train" if split == "train" else "test"
    template = _template(role, sources, targets)
    chunks = "conllu" not in named.formats
    found: dict[str, dict[str, Any]] = {}
    with locked(Path(output)):
        for part in read:
            layout = layout_of(part.examples[0], chunks=chunks)
            lost = False
            for target in targets:
                name = f"{part.language}-{target}" + (f"-{part.language}" if back else "")
                path = Path(output) / part.name / f"{split}.{name}.{layout.ending}"
                remove_partials(path)  # the folder is ours
                lost |= _translate(part, target, work, path, role=role, chunks=chunks, overwrite=overwrite)
            if template is not None:
                path = Path(output) / part.name / f"{template}.{layout.ending}"
                skip = {"skip_missing": True} if lost and role == "train" else {}
                found[part.name] = {role: {"path": str(path), "format": layout.format, **layout.keys, **skip}}
    return found


@dataclass(frozen=True)
class _Part:
    """The examples of a data set in one language."""

    name: str
    language: str
    examples: list[Example]


def _translate(
    part: _Part, target: str, work: Translators, path: Path, *, role: str, chunks: bool, overwrite: bool
) -> bool:
    """Translate the examples of one language into another, and write them; whether an example of them was lost."""
    answers, language = role != "back", target
    wanted = [text for example in part.examples for text in texts(example, answers=answers)]
    known = work(wanted, part.language, target)
    if role == "back":
        again = work(known.values(), target, part.language)
        known, language = {text: again[between] for text, between in known.items()}, part.language
    losses = Losses()
    if role != "train":
        # Each of these texts is asked for: what a training text without translation may lack, they may not.
        empty = {text for text, translation in known.items() if text.strip() and not translation.strip()}
        known |= {text: text for text in empty}
        for example in part.examples:
            for text in texts(example, answers=False):
                if text in empty:
                    losses.note(example, "an empty translation, in whose place the original stands")
    done = [rebuilt(example, known.__getitem__, language, losses, answers=answers) for example in part.examples]
    write_unless_changed(path, written(part.examples, done, chunks=chunks), overwrite=overwrite)
    print(f"{path}: {len(done):,} examples", file=sys.stderr)
    for told in losses.told():
        print(f"{path}: {told}", file=sys.stderr)
    return bool(losses.reasons)


def _read(collections: Sequence[Collection], asked: list[str] | None, targets: list[str], split: str) -> list[_Part]:
    """The examples to translate, by data set and language."""
    problems, parts, there = Problems(), list[_Part](), set[str]()
    for collection in collections:
        for language, own in collection.files():
            if own != split:
                continue
            there.add(language)
            if asked is None and split != "train" and language in targets:
                continue
            if asked is None or language in asked:
                parts.append(_Part(collection.name, language, collection.read(language, split, problems)))
    for language in asked or ():
        if language not in there:
            raise IsoglossError(f"from: no {split} file of language {language!r}{nearest(language, there)}")
    if not parts:
        raise IsoglossError(f"no {split} file to translate; there are those of {', '.join(sorted(there)) or 'none'}")
    problems.raise_errors()
    for part in parts:
        if part.language in targets:
            raise IsoglossError(
                f"to: {part.language!r} is the language of the texts that are to be translated; leave it out, or say "
                "with --from which others are meant"
            )
        first = part.examples[0]
        if isinstance(first, Question) and first.question_language != first.language:
            raise IsoglossError(
                f"{first.path}: questions are in {first.question_language!r} and contexts in {first.language!r}; a "
                "file of one language is needed"
            )
    for warning in problems.told:
        print(warning, file=sys.stderr)
    return parts


def _template(role: str, sources: Sequence[str], targets: Sequence[str]) -> str | None:
    """The name of files as a recipe gives it, with ``{language}`` where they differ; None: they have no common one."""
    if role == "test":
        return f"{{split}}.{{language}}-{targets[0]}" if len(targets) == 1 else None
    if len(sources) != 1:
        return None
    return f"train.{sources[0]}-{{language}}" + (f"-{sources[0]}" if role == "back" else "")
