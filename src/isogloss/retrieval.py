"""Sentence retrieval on files of parallel sentences, which needs no training: from a model to rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from tabulate import tabulate
from transformers import AutoModel

from isogloss.data.collection import Collection
from isogloss.data.corpus import Cell
from isogloss.data.problems import Problems
from isogloss.data.tables import Table
from isogloss.diagnostics.retrieval import layer_vectors, retrieval_accuracy
from isogloss.distributed import device
from isogloss.errors import IsoglossError, nearest
from isogloss.evaluation import result_rows
from isogloss.models.encoder import Loaded, load_encoder
from isogloss.runs import RunFolder
from isogloss.types import LabelledText
from isogloss.writing import append_lines

LONGEST = 512
"""Sub-words per sentence, where the model takes that many (XTREME's ``max_seq_length``)."""


def retrieve(
    model: str | Path,
    *,
    data: str,
    languages: Sequence[str] = (),
    translations: str = "en",
    layers: Sequence[int] | None = None,
    centred: bool = False,
    direction: str = "forward",
    csls: int | None = None,
    batch_size: int = 32,
    output: str | Path | None = None,
    trust_remote_code: bool = False,
) -> list[dict[str, Any]]:
    """How often a sentence lies nearest to its own translation, per language; see `retrieval_accuracy`.

    The defaults are XTREME's for Tatoeba: each sentence looks for its English translation among all of the file, by the
    cosine of the means over a middle layer, which is layer ⌊l/2⌋ + 1 of l (7 of 12 for mBERT, 13 of 24 for XLM-R
    large). Two things differ: the mean leaves out the special sub-words, and of equally near sentences the first one
    counts.

    Args:
        model: Run folder, local folder, name of a shipped encoder or id of a model on the hub. Heads are left aside.
        data: Template of tab-separated files of two columns, sentence and translation, without header, such as
            ``tatoeba/{language}-en.tsv``.
        languages: Languages of the first column; by default all for which the template finds a file.
        translations: Language of the second column.
        layers: Layers, 0 for the embeddings; default: the middle one.
        centred: Whether to subtract from each side its mean first.
        direction: ``forward``: from the first column to the second; ``backward``: the other way.
        csls: Number of neighbours of the CSLS score; None: the plain cosine.
        batch_size: Sentences per forward pass.
        output: File of JSON lines to which the rows are added; None: none.
        trust_remote_code: Whether to run Python code that comes with the model.

    Returns:
        One row per language and layer, see `isogloss.evaluation.COLUMNS`: ``language`` is that of the sentences that
        look, ``context_language`` that of those looked among, ``metric`` reads ``accuracy_layer_7``, with ``_centred``
        and ``_csls_10`` where it is so.

    Raises:
        IsoglossError: No such model, layer or file, a file is empty, or a row has not two sentences.
    """
    if direction not in ("forward", "backward"):
        raise IsoglossError(f"direction: {direction!r} is unknown{nearest(direction, ('forward', 'backward'))}")
    if csls is not None and csls < 1:
        raise IsoglossError(f"csls: the number of neighbours must be at least 1, found {csls}")
    collection = Collection(
        name=_name(data),
        format=Table(columns={"text": 0, "pair": 1}),
        template=data,
        languages=tuple(languages) or None,
        splits={"test": "test"},
    )
    pairs = _read(collection)
    loaded = _load(model, trust_remote_code=trust_remote_code)
    chosen = _layers(loaded, layers)
    rows: list[dict[str, Any]] = []
    for language, examples in pairs.items():
        sides = [_vectors(loaded, [example.text for example in examples], batch_size)]
        sides.append(_vectors(loaded, [example.pair or "" for example in examples], batch_size))
        sought, among = language, translations
        if direction == "backward":
            sides, sought, among = sides[::-1], among, sought
        scores = {
            _metric(layer, centred=centred, csls=csls): retrieval_accuracy(
                sides[0][layer], sides[1][layer], centred=centred, csls=csls
            )
            for layer in chosen
        }
        cell = Cell(collection.name, sought, "test")
        rows += result_rows(scores, cell, len(examples), run=str(model), task="retrieval", context_language=among)
    if output is not None:
        append_lines(Path(output), rows)
    print(retrieval_table(rows))
    return rows


def retrieval_table(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows of `retrieve` as plain text: a line per language, a column per metric in per cent, and their mean."""
    values: dict[tuple[str, str, int], dict[str, float]] = {}
    for row in rows:
        place = (f"{row['language']} → {row['context_language']}", str(row["data"]), int(row["n"]))
        values.setdefault(place, {})[str(row["metric"])] = 100 * float(row["value"])
    metrics = list(dict.fromkeys(metric for scores in values.values() for metric in scores))
    body = [[where, n, *(scores[metric] for metric in metrics)] for (where, _, n), scores in values.items()]
    body.append(["mean", None, *(mean(scores[metric] for scores in values.values()) for metric in metrics)])
    return tabulate(body, ["language", "sentences", *(f"{metric} %" for metric in metrics)], floatfmt=".1f")


def _read(collection: Collection) -> dict[str, list[LabelledText]]:
    problems, found = Problems(), {}
    for language, split in collection.files():
        examples = collection.read(language, split, problems)
        found[language] = [example for example in examples if isinstance(example, LabelledText)]
    problems.raise_errors()
    for warning in problems.warnings:
        print(warning, file=sys.stderr)
    return found


def _load(model: str | Path, *, trust_remote_code: bool) -> Loaded:
    folder = RunFolder(Path(model))
    is_run = folder.fingerprint.exists()
    if is_run and not folder.model.is_dir():
        raise IsoglossError(f"{model} has no final model: its training has not ended")
    loaded = load_encoder(
        folder.model if is_run else model, AutoModel, None, seed=0, trust_remote_code=trust_remote_code
    )
    torch.nn.Module.to(loaded.model, device())
    return loaded


def _layers(loaded: Loaded, layers: Sequence[int] | None) -> tuple[int, ...]:
    last = int(loaded.model.config.num_hidden_layers)
    for layer in layers or ():
        if not 0 <= layer <= last:
            raise IsoglossError(f"layers: the model has layers 0 (the embeddings) to {last}, found {layer}")
    return tuple(dict.fromkeys(layers or (min(last, last // 2 + 1),)))


def _vectors(loaded: Loaded, texts: Sequence[str], batch_size: int) -> torch.Tensor:
    longest = min(LONGEST, loaded.tokenizer.model_max_length)
    return layer_vectors(loaded.model, loaded.tokenizer, texts, max_length=longest, batch_size=batch_size)


def _metric(layer: int, *, centred: bool, csls: int | None) -> str:
    return f"accuracy_layer_{layer}{'_centred' if centred else ''}{'' if csls is None else f'_csls_{csls}'}"


def _name(template: str) -> str:
    return template.split("{")[0].rstrip("/").rsplit("/", 1)[-1] or "retrieval"
