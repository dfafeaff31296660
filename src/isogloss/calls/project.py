"""Tags of sentences projected to their translations, as soft tags that training takes."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isogloss.calls.arguments import codes_of
from isogloss.calls.destination import write_unless_changed
from isogloss.calls.neighbours import naming_neighbours
from isogloss.calls.required import model_of
from isogloss.common.errors import IsoglossError
from isogloss.common.packing import ENDING
from isogloss.data.chunks import is_chunk_tagged
from isogloss.data.collection import Collection
from isogloss.data.problems import Problems
from isogloss.data.soft_tags import SoftTagLines
from isogloss.data.translations import translate_some
from isogloss.examples import SoftTags, TaggedSentence
from isogloss.recipe.build.data import build_collections, build_translation
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.data import DataEntry
from isogloss.tasks.tagging import Tagging

if TYPE_CHECKING:
    from isogloss.translation.projection import Projected


def project(
    recipe: str | Path | Mapping[str, Any],
    *,
    to: str | Sequence[str],
    model: str | Path,
    layer: int | None = None,
    batch_size: int = 32,
    overrides: Iterable[str] = (),
    scale: str | None = None,
    overwrite: bool = False,
    trust_remote_code: bool = False,
) -> dict[str, dict[str, Any]]:
    """Tag the translations of a recipe's training sentences by the tags of their originals.

    An encoder links the words of both (`isogloss.translation.alignment.Aligner`), and tags go along the links
    (`isogloss.translation.projection`). What is known is written beside each file of ``translations.train``, as
    ``<name>.projected.tsv`` (`isogloss.data.soft_tags`); words of which nothing is known are not learned from. How many
    words have a tag, and how many chunks were lost, is printed.

    Args:
        recipe: A recipe of a task with tags and one training language, with ``translations.train`` in its data.
        to: Languages of the translations.
        model: Run folder, local folder, shipped model or hub id of an encoder. Heads are left aside.
        layer: Layer whose states link words; default two thirds of the way up.
        batch_size: Sentences per forward pass.
        overrides: Keys of the recipe to change.
        scale: One of the recipe's scales.
        overwrite: Whether files of projected tags that hold something else are replaced.
        trust_remote_code: Whether to run Python code that comes with the model.

    Returns:
        By data set what to write under ``translations`` of its entry.

    Raises:
        IsoglossError: No such model, layer, file or training language, another task than tagging, bad content of a
            file, translations of other sentences, a file of projected tags that holds something else, or a place that
            cannot be written to.
    """
    if batch_size < 1:
        raise IsoglossError(f"batch_size: at least 1, found {batch_size}")
    whole = resolve(recipe, overrides=overrides, scale=scale)
    named, collections = build_collections(whole.data)
    task, targets = named.build(()), codes_of(to, "to")
    if not isinstance(task, Tagging):
        raise IsoglossError(f"project: task {task.name!r} has no tags of tokens; labels of whole texts need none")
    problems = Problems()
    asked = [(entry, own) for entry, own in zip(whole.data, collections, strict=True) if entry.translations.train]
    with naming_neighbours(recipe, whole):
        read = {id(entry): _originals(own, whole.train_languages, problems) for entry, own in asked}
    if not read:
        raise IsoglossError("project: no data entry has translations.train, whose files are to be tagged")
    problems.raise_errors()
    labels = task.label_set([one for sentences in read.values() for one in sentences])
    found: dict[str, dict[str, Any]] = {}
    # A file that is not there is told before any is written.
    pairs_of = {
        (id(entry), language): _pairs(entry, read[id(entry)], language, problems)
        for entry, _ in asked
        for language in targets
    }
    model_of(model)
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.encoder import open_encoder
    from isogloss.translation.alignment import Aligner
    from isogloss.translation.projection import project_chunks, project_tags

    aligner = Aligner(open_encoder(model, trust_remote_code=trust_remote_code), layer, batch_size)
    carry = project_chunks if is_chunk_tagged([one for own in read.values() for one in own]) else project_tags
    for entry, own in asked:
        assert entry.translations.train is not None
        for language in targets:
            pairs = pairs_of[id(entry), language]
            links = aligner(pairs)
            done = [
                carry(one.tags or (), own_links, len(other.tokens))
                for (one, other), own_links in zip(pairs, links, strict=True)
            ]
            path = _beside(build_translation(entry, entry.translations.train, language, "train").path)
            sentences = [
                dataclasses.replace(other, tags=None, soft=_soft(labels, projected))
                for (_, other), projected in zip(pairs, done, strict=True)
            ]
            write_unless_changed(path, SoftTagLines().dump(sentences), overwrite=overwrite)
            print(f"{path}: {_told(done)}", file=sys.stderr)
        template = str(_beside(Path(entry.translations.train.path)))
        found[own.name] = {"train": {"path": template, "soft_tags": True, "skip_missing": True}}
    for warning in problems.told:
        print(warning, file=sys.stderr)
    return found


def _originals(collection: Collection, languages: Sequence[str] | None, problems: Problems) -> list[TaggedSentence]:
    """The tagged training sentences of a data set, which are of one language."""
    there = [
        language
        for language, split in collection.files()
        if split == "train" and (languages is None or language in languages)
    ]
    if len(there) != 1:
        raise IsoglossError(
            f"train_languages: tags are projected from one language, found {', '.join(there) or 'none'} in "
            f"{collection.name!r}"
        )
    examples = collection.read(there[0], "train", problems)
    return [one for one in examples if isinstance(one, TaggedSentence) and one.tags is not None]


def _pairs(
    entry: DataEntry, originals: Sequence[TaggedSentence], language: str, problems: Problems
) -> list[tuple[TaggedSentence, TaggedSentence]]:
    """Sentences and their translations, where there is one."""
    assert entry.translations.train is not None
    file = build_translation(entry, entry.translations.train, language, "train")
    found = translate_some(originals, file, language, problems)
    pairs = [(one, other) for one, other in zip(originals, found, strict=True) if isinstance(other, TaggedSentence)]
    if not pairs:
        raise IsoglossError(f"{file.path}: no translation of any of {len(originals)} training sentences")
    if len(pairs) < len(originals):
        message = f"{len(originals) - len(pairs)} of {len(originals)} training sentences have no translation"
        problems.warning(file.path, None, message)
    return pairs


def _beside(path: Path) -> Path:
    return path.with_name(f"{Path(path.name.removesuffix(ENDING)).stem}.projected.tsv")


def _soft(labels: Sequence[str], projected: Projected) -> SoftTags:
    shares = np.zeros((len(projected.tags), len(labels)), dtype=np.float32)
    for place, tag in enumerate(projected.tags):
        if tag is not None:
            shares[place, labels.index(tag)] = 1
    return SoftTags(tuple(labels), shares)


def _told(done: Sequence[Projected]) -> str:
    words = sum(len(one.tags) for one in done)
    tagged = sum(tag is not None for one in done for tag in one.tags)
    lost, chunks = sum(one.lost for one in done), sum(one.chunks for one in done)
    return f"{tagged:,} of {words:,} words have a tag" + (f"; {lost:,} of {chunks:,} chunks were lost" if lost else "")
