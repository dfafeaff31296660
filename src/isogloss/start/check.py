"""The data of a recipe: read and checked for training, or looked through for what only all of them together show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import try_to_load_from_cache
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.data.collection import Collection
from isogloss.data.corpus import Corpus
from isogloss.data.problems import FoundErrors, Problems
from isogloss.data.repetition import ReadFile
from isogloss.examples import Example, TaggedSentence
from isogloss.models.shipped import located, require_no_misspelling
from isogloss.models.tokenizer import load_tokenizer, train_tokenizer
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.build.probes import read_probe_texts
from isogloss.recipe.build.task import build_task, spacing
from isogloss.recipe.names import NamedTask
from isogloss.recipe.spec.model import RandomModel
from isogloss.recipe.spec.recipe import Recipe
from isogloss.start.corpus import FewShot, File, lacking, load_corpus
from isogloss.start.learnable import require_two_classes
from isogloss.start.parted import require_one_language
from isogloss.start.survey import Validation, survey
from isogloss.start.text import read_recipe_texts
from isogloss.start.translated import with_translated_training_data
from isogloss.store.cache import Cache
from isogloss.tasks.alignment import spaces_before


def read_corpus(
    recipe: Recipe,
    task: NamedTask,
    collections: Sequence[Collection],
    label_languages: Sequence[str] = (),
    cache: Cache | None = None,
) -> Corpus:
    """The recipe's data, with the labels of ``label_languages`` too; files read before are taken from ``cache``.

    Raises:
        IsoglossError: Anything wrong with them, or dev data missing that the recipe's selection needs.
    """
    corpus = load_corpus(
        collections,
        task.build(()).label_set,
        task.complaint,
        train_languages=recipe.train_languages,
        evaluate_languages=recipe.evaluate_languages,
        source_dev=_needs_source_dev(recipe) is not None,
        label_languages=label_languages,
        unread=() if recipe.test else ("test",),
        limit=recipe.limit,
        few_shot=None if recipe.few_shot is None else FewShot(recipe.few_shot, recipe.seeds[0]),
        cache=cache,
    )
    if not corpus.train:
        files = [File(one, *place, path) for one in collections for place, path in one.files().items()]
        languages = {file.language for file in files}
        others = "; nor has any other language one" if len(languages) > 1 else ""
        raise IsoglossError(f"data: {lacking(min(languages), ['train'], files, collections)}{others}")
    _require_dev(recipe, corpus)
    if recipe.translate_train:
        corpus = with_translated_training_data(recipe, collections, corpus)
    require_one_language(recipe, corpus)
    require_two_classes(corpus, recipe.limit)
    return corpus


def _require_dev(recipe: Recipe, corpus: Corpus) -> None:
    """Stop if the data that are to choose the weights are not there.

    Raises:
        IsoglossError: A source language has no dev data, or none of the targets that are evaluated has any.
    """
    with_dev = {cell.language for cell in corpus.cells("dev")}
    without = sorted(set(corpus.sources) - with_dev)
    needed, instead = _needs_source_dev(recipe), "take selection: last, which needs none"
    if needed is not None and without:
        raise IsoglossError(
            f"{needed} needs dev data in every training language, none found for {', '.join(without)}; name their dev "
            f"files in data, or {instead if recipe.patience is None else f'{instead}, without patience'}"
        )
    targets = set(corpus.evaluated) - set(corpus.sources)
    if recipe.selection == "target-dev" and not (with_dev & targets if targets else with_dev):
        raise IsoglossError(
            "selection: target-dev needs dev data of a language that is evaluated and not trained on, none found for "
            f"{', '.join(sorted(targets)) or 'any'}; name dev files in data, or take selection: source-dev or last"
        )


def _needs_source_dev(recipe: Recipe) -> str | None:
    """What of the recipe needs dev data of the training languages; None: nothing."""
    if recipe.selection == "source-dev":
        return "selection: source-dev"
    return f"patience: {recipe.patience}" if recipe.patience and recipe.selection != "target-dev" else None


def check_good_files(
    recipe: Recipe, named: NamedTask, collections: Sequence[Collection], problems: Problems, read: Sequence[ReadFile]
) -> Validation:
    """What is wrong with data whose files are good by themselves; see `isogloss.start.validation.check_data`.

    Args:
        recipe: The recipe.
        named: Its task.
        collections: Its data sets.
        problems: What has been found in the files, to which is added.
        read: The files.
    """
    try:
        corpus = read_corpus(recipe, named, collections)
        read_probe_texts(recipe.probes, problems)
        read_recipe_texts(recipe, problems)
    except FoundErrors as found:
        said = {str(error) for error in problems.errors}  # a file of text has been read into the same list
        for error in found.errors:
            if str(error) not in said:
                problems.error(error.path, error.line, error.message, key=error.key)
        return Validation(problems, [survey(file, None, None, recipe.max_length, problems) for file in read])
    except IsoglossError as error:
        if not problems.errors:  # a file of text has said it already
            problems.error("recipe", None, str(error))
        return Validation(problems, [survey(file, None, None, recipe.max_length, problems) for file in read])
    try:
        if isinstance(recipe.model, RandomModel):
            tokenizer = new_tokenizer(recipe, corpus)
        elif Path(located(recipe.model)).is_dir() or _is_cached(recipe.model):
            tokenizer = load_tokenizer(recipe.model, remote=recipe.trust_remote_code)
        else:
            require_no_misspelling(recipe.model)
            raise IsoglossError(f"model {recipe.model!r} is no folder and not in the hub's cache on this machine")
    except IsoglossError as error:
        problems.warning("recipe", None, f"lengths not checked: {error}")
        return Validation(problems, [survey(file, None, None, recipe.max_length, problems) for file in read])
    task = build_task(recipe, named, corpus.labels)
    try:
        return Validation(problems, [survey(file, task, tokenizer, recipe.max_length, problems) for file in read])
    except IsoglossError as error:
        problems.error("recipe", None, str(error))
        return Validation(problems, [survey(file, None, None, recipe.max_length, problems) for file in read])


def _is_cached(model: str) -> bool:
    """Whether a hub model's tokenizer is on this machine: looking through data should not wait for a network."""
    return isinstance(try_to_load_from_cache(model, "tokenizer_config.json"), str)


def new_tokenizer(recipe: Recipe, corpus: Corpus) -> PreTrainedTokenizerBase:
    """The tokenizer of a model with random weights, trained on the training text."""
    assert isinstance(recipe.model, RandomModel)
    named, _ = build_collections(recipe.data)
    as_written = spacing(recipe, named) == "text"
    texts = (text for examples in corpus.train.values() for example in examples for text in _texts(example, as_written))
    return train_tokenizer(texts, recipe.model.vocabulary_size, max_length=max(512, recipe.max_length))


def _texts(example: Example, as_written: bool) -> tuple[str, ...]:
    if isinstance(example, TaggedSentence):
        return (example.text(spaces_before(example, as_written)),)
    return example.content
