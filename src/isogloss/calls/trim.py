"""A model cut to the sub-words that some languages need."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.calls.arguments import codes_of
from isogloss.calls.destination import require_new_folder
from isogloss.calls.encoder import model_of, open_encoder
from isogloss.calls.finished import open_run, print_warnings
from isogloss.calls.trimming.checks import check_states, look
from isogloss.calls.trimming.noted import noted
from isogloss.calls.trimming.outcome import Trimmed
from isogloss.calls.trimming.runs import write_run
from isogloss.calls.trimming.texts import texts_of_entries, texts_of_run
from isogloss.common.errors import IsoglossError
from isogloss.common.markup import as_markdown
from isogloss.common.several import several
from isogloss.common.writing import hidden, open_as_usual, write_text, writing
from isogloss.data.problems import Problems
from isogloss.models.configuration import read_config
from isogloss.models.open import Loaded
from isogloss.models.snapshot import folder_of
from isogloss.models.tokenizer import load_tokenizer
from isogloss.models.trimming import Least, cut_by_texts, write_trimmed
from isogloss.models.trimming.tables import tables_of
from isogloss.recipe.resolve import is_pretraining, resolve_pretraining
from isogloss.run.folder import RunFolder

COUNTED = "the training and dev texts of the run; test texts are not looked at"


def trim(
    model: str | Path,
    *,
    languages: str | Sequence[str],
    text: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] = (),
    size: int | None = None,
    min_count: int = 1,
    output: str | Path,
    trust_remote_code: bool = False,
) -> Trimmed:
    """Cut a model's table of sub-words to those that some languages need, and check that it computes the same.

    The sub-words of texts stay, and special tokens, added tokens, and all characters or bytes. A text whose sub-words
    all stay is cut as before and has the same states, bit for bit; another falls into smaller sub-words, and no
    character becomes unknown for lack of what has been cut. Tied output layers and their biases are cut too.

    Args:
        model: Folder of a finished run, which becomes the folder of a run; a model folder, shipped encoder or hub id.
        languages: Codes of languages, separated by commas or one by one.
        text: Templates of files with a text a line, such as ``text/{language}.txt`` (``*.conllu``, ``*.tsv``,
            ``*.csv`` and ``*.jsonl`` are read as what they are), or entries of a recipe's ``text``. None: the training
            and dev texts of the run; a model that is no run has no texts of its own.
        size: Most sub-words of the table, special tokens and characters included: the most frequent ones, each language
            counting alike. None: all that occur.
        min_count: Occurrences from which on a sub-word stays, ≥ 1. Default 1: the texts are cut as before.
        output: The folder; it must not exist, or be empty.
        trust_remote_code: Whether to run Python code that comes with the model; that of a run whose recipe says so is
            run in any case.

    Returns:
        Sub-words and megabytes before and after; by language, sub-words per word and the share of unknown ones.

    Raises:
        IsoglossError: No such model, text or language; a tokenizer that is not a fast one, or neither Unigram nor BPE
            nor WordPiece; a table of other rows than config.json says; a ``size`` too small for what must stay; a
            folder that holds something, or a failed write. Nothing is written then.

    Example:
        >>> import tempfile, isogloss
        >>> files = tempfile.TemporaryDirectory()
        >>> _ = (Path(files.name) / "en.txt").write_text("Eva reads a book.")
        >>> found = isogloss.trim(
        ...     "isogloss-small", languages="en", text=f"{files.name}/{{language}}.txt", output=f"{files.name}/small"
        ... )
        >>> found.languages[0].pieces[0] == found.languages[0].pieces[1], found.sub_words[0]
        (True, 24000)
        >>> files.cleanup()
    """
    folder = Path(output).resolve()
    codes = codes_of(languages, "languages")
    for name, number in (("size", size), ("min_count", min_count)):
        if number is not None and number < 1:
            raise IsoglossError(f"{name}: must be 1 or more, found {number}")
    require_new_folder(folder)
    before = _opened(model, several(text), codes, trust_remote_code)
    tokenizer, remote = load_tokenizer(before.folder, remote=before.remote), before.remote
    config = read_config(before.folder, None, remote=remote)
    named = {value for key, value in config.to_dict().items() if key.endswith("_token_id") and isinstance(value, int)}
    cut = cut_by_texts(
        tokenizer.backend_tokenizer,
        before.texts,
        Least(min_count, size),
        always=named,
        padding=int(tokenizer.pad_token_id),
    )
    partial = hidden(folder)
    inner = partial if before.run is None else RunFolder(partial).model
    try:
        with writing(folder):
            write_trimmed(inner, before.folder, tokenizer, cut, config, tables_of(config, remote=remote))
        smaller = load_tokenizer(inner, remote=remote)
        how = {"languages": codes, "size": size, "min_count": min_count, "sub_words": len(cut.rows)}
        if before.run is not None:
            write_run(partial, before.run, smaller, how)
        outcome = Trimmed(
            model=str(model),
            output=Path(output),
            counted=before.counted,
            sub_words=(len(tokenizer), len(smaller)),
            megabytes=(_megabytes(before.folder), _megabytes(inner)),
            languages=[
                look(
                    language,
                    own,
                    tokenizer.backend_tokenizer,
                    smaller.backend_tokenizer,
                    cut.rows,
                    tokenizer.unk_token_id,
                )
                for language, own in before.texts.items()
            ],
            checked=check_states(before.loaded, _reopened(partial, before), before.texts, cut.rows),
        )
        _note(inner / "README.md", outcome)
        with writing(folder):
            open_as_usual(partial)
            if folder.exists():
                folder.rmdir()
            partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return outcome


@dataclass(frozen=True)
class _Source:
    """What is cut: the run, if it is one; the folder of its model; the model; texts by language, and what they are."""

    run: RunFolder | None
    folder: Path
    loaded: Loaded
    texts: dict[str, list[str]]
    counted: str
    remote: bool


def _opened(model: str | Path, text: Sequence[Any], codes: Sequence[str], remote: bool) -> _Source:
    """The model that is cut and the texts that are counted, both read and checked."""
    problems = Problems()
    counted = ", ".join(str(one["path"] if isinstance(one, Mapping) and "path" in one else one) for one in text)
    run = RunFolder(Path(model))
    if not run.fingerprint.exists():
        if not text:
            raise IsoglossError(
                f"text: {model} is no run, so it has no texts of its own to count sub-words in; name files of each "
                "language, as in --text 'text/{language}.txt'"
            )
        texts = texts_of_entries(text, codes, problems)
        print_warnings(problems)
        folder = folder_of(model)
        return _Source(None, folder, open_encoder(folder, trust_remote_code=remote), texts, counted, remote)
    if run.model.is_dir() and is_pretraining(run.recipe):
        pretraining = resolve_pretraining(run.recipe)
        if not text and not pretraining.text:
            raise IsoglossError(
                f"text: the run {model} read no text but the sentences of its `knowledge`; name files of each "
                "language, as in --text 'text/{language}.txt'"
            )
        # What the run left out is text of test data.
        exclude = () if text else pretraining.exclude
        texts = texts_of_entries(text or pretraining.text, codes, problems, exclude=exclude)
        remote |= pretraining.trust_remote_code
        loaded = open_encoder(model_of(model), trust_remote_code=remote)
        counted = counted or "the texts of the run"
    else:
        _, recipe, task, loaded = open_run(model)
        texts = texts_of_entries(text, codes, problems) if text else texts_of_run(recipe, task, codes, problems)
        counted, remote = counted or COUNTED, recipe.trust_remote_code
    print_warnings(problems)
    return _Source(run, run.model, loaded, texts, counted, remote)


def _reopened(folder: Path, before: _Source) -> Loaded:
    """The model that was cut, opened as others open it."""
    if before.run is not None and not is_pretraining(before.run.recipe):
        return open_run(folder)[3]
    return open_encoder(folder, trust_remote_code=before.remote)


def _megabytes(folder: Path) -> float:
    """Size of weights and tokenizer on the disk, in 10⁶ bytes."""
    weights = [*folder.glob("*.safetensors")] or [*folder.glob("pytorch_model*.bin")]
    return sum(path.stat().st_size for path in [*weights, *folder.glob("tokenizer.json")]) / 1e6


def _note(card: Path, outcome: Trimmed) -> None:
    """Say in the card what was cut, in place of what an earlier cut said; the user's own words stay."""
    text = card.read_text(encoding="utf-8") if card.is_file() else f"# {as_markdown(outcome.model)}\n"
    write_text(card, noted(text, outcome.section()))
