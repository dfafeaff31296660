"""A model whose table of sub-words is cut, written to a folder of its own and checked."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.calls.encoder import open_encoder
from isogloss.calls.finished import open_run, print_warnings
from isogloss.calls.required import model_of
from isogloss.calls.trimming.checks import check_states, look
from isogloss.calls.trimming.noted import noted
from isogloss.calls.trimming.outcome import Trimmed
from isogloss.calls.trimming.runs import write_run
from isogloss.calls.trimming.texts import texts_of_entries, texts_of_run
from isogloss.common.errors import IsoglossError
from isogloss.common.markup import as_markdown
from isogloss.common.writing import hidden, publish, write_text, writing
from isogloss.data.problems import Problems
from isogloss.models.configuration import read_config
from isogloss.models.extensions.stored import WEIGHTS as EXTENSIONS
from isogloss.models.open import Loaded
from isogloss.models.snapshot import folder_of
from isogloss.models.tokenizer import load_tokenizer
from isogloss.models.trimming import Least, cut_by_texts, write_trimmed
from isogloss.models.trimming.tables import tables_of
from isogloss.models.weight_files import weight_files
from isogloss.recipe.resolve import is_pretraining, resolve_pretraining
from isogloss.run.folder import RunFolder

COUNTED = "the training and dev texts of the run; test texts are not looked at"


def cut_model(
    model: str | Path,
    codes: Sequence[str],
    text: Sequence[str | Mapping[str, Any]],
    *,
    size: int | None,
    min_count: int,
    output: Path,
    trust_remote_code: bool,
) -> Trimmed:
    """What `isogloss.trim` does once its arguments have been looked at; see there.

    Raises:
        IsoglossError: As there.
    """
    folder = output.resolve()
    before = _opened(model, text, codes, trust_remote_code)
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
            output=output,
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
        publish(partial, folder)
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
    tokenizer = [*folder.glob("tokenizer.json")] or [*folder.glob("*.model")]
    return sum(path.stat().st_size for path in [*weight_files(folder), *folder.glob(EXTENSIONS), *tokenizer]) / 1e6


def _note(card: Path, outcome: Trimmed) -> None:
    """Say in the card what was cut, in place of what an earlier cut said; the user's own words stay."""
    text = card.read_text(encoding="utf-8") if card.is_file() else f"# {as_markdown(outcome.model)}\n"
    write_text(card, noted(text, outcome.section()))
