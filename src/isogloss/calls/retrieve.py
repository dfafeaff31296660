"""Sentence retrieval on files of parallel sentences, which needs no training: from a model to rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from isogloss.calls.arguments import codes_of
from isogloss.calls.required import model_of
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import append_lines
from isogloss.data.collection import Collection
from isogloss.data.corpus import Cell
from isogloss.data.problems import Problems
from isogloss.data.tables import Table
from isogloss.examples import LabelledText

if TYPE_CHECKING:
    import torch

    from isogloss.models.open import Loaded

LONGEST = 512
"""Sub-words per sentence, where the model takes that many (XTREME's ``max_seq_length``)."""


def retrieve(
    model: str | Path,
    *,
    data: str,
    languages: str | Sequence[str] = (),
    translations: str = "en",
    layers: Sequence[int] | None = None,
    centred: bool = False,
    direction: str = "backward",
    special: bool = True,
    csls: int | None = None,
    batch_size: int = 32,
    output: str | Path | None = None,
    trust_remote_code: bool = False,
) -> list[dict[str, Any]]:
    """How often a sentence lies nearest to its own translation, per language; see `retrieval_accuracy`.

    The defaults are those of XTREME's code for Tatoeba (``scripts/run_tatoeba.sh`` and what it calls in
    ``third_party``), and not of a paper's words: each English sentence looks for its translation among all sentences of
    the other language in the file, by the cosine of the means of `middle_layer` over all sub-words, special ones
    included. Of equally near sentences the first one counts.

    Args:
        model: Run folder, local folder, name of a shipped encoder or id of a model on the hub. Heads are left aside.
        data: Template of tab-separated files of two columns, sentence and translation, without header, such as
            ``tatoeba/{language}-en.tsv``.
        languages: Languages of the first column; by default all for which the template finds a file.
        translations: Language of the second column.
        layers: Layers, 0 for the embeddings; default: `middle_layer`.
        centred: Whether to subtract from each side its mean first.
        direction: ``backward``: sentences of the second column look among those of the first, as in XTREME;
            ``forward``: the other way, as in *towards English*.
        special: Whether the means take in the special sub-words, as in XTREME.
        csls: Number of neighbours of the CSLS score; None: the plain cosine.
        batch_size: Sentences per forward pass.
        output: File of JSON lines to which the rows are added; None: none.
        trust_remote_code: Whether to run Python code that comes with the model.

    Returns:
        One row per language and layer, see `isogloss.run.evaluation.COLUMNS`: ``language`` is that of the sentences
        that look, ``context_language`` that of those looked among, ``metric`` reads ``accuracy_layer_8``, with
        ``_without_special``, ``_centred`` and ``_csls_10`` where it is so.

    Reference:
        Hu et al., *XTREME*, ICML 2020; ``similarity_search(x, y)`` in ``third_party/utils_retrieve.py`` of
        google-research/xtreme makes the index of x, the language's sentences, and searches it with y, the English ones.

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
        languages=tuple(codes_of(languages, "languages")) if languages else None,
        splits={"test": "test"},
    )
    pairs = _read(collection)
    model_of(model)
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.encoder import open_encoder
    from isogloss.diagnostics.retrieval import retrieval_accuracy
    from isogloss.run.evaluation import result_rows

    loaded = open_encoder(model, trust_remote_code=trust_remote_code)
    chosen = _layers(loaded, layers)
    rows: list[dict[str, Any]] = []
    for language, examples in pairs.items():
        texts = [example.text for example in examples], [example.pair or "" for example in examples]
        codes = (language, translations)
        sides = [
            _vectors(loaded, code, own, batch_size, special=special) for code, own in zip(codes, texts, strict=True)
        ]
        sought, among = language, translations
        if direction == "backward":
            sides, sought, among = sides[::-1], among, sought
        scores = {
            _metric(layer, special=special, centred=centred, csls=csls): retrieval_accuracy(
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


def middle_layer(layers: int) -> int:
    """The layer of which XTREME's code takes the means for Tatoeba: ⌊l/2⌋ + 2 of l layers, the last if there are fewer.

    Its scripts say 7 for models of 12 layers and 13 for XLM-R large. These are places from 0 among the last l hidden
    states, of which there are l + 1 with the embeddings first, so ``hidden_states[8]`` of 13 and ``hidden_states[14]``
    of 25 are meant: layers 8 of 12 and 14 of 24. For other depths the scripts give none that would do for all; the line
    through the two is ours. (Of the 16 layers of XLM-100 they take 12: ask for that with ``layers``.)

    Args:
        layers: Number of layers l, without the embeddings; at least 1.

    Returns:
        The layer, 0 for the embeddings; the place in ``hidden_states``.

    Example:
        >>> middle_layer(12), middle_layer(24), middle_layer(4)
        (8, 14, 4)
    """
    return min(layers, layers // 2 + 2)


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
    for warning in problems.told:
        print(warning, file=sys.stderr)
    return found


def _layers(loaded: Loaded, layers: Sequence[int] | None) -> tuple[int, ...]:
    last = int(loaded.model.config.num_hidden_layers)
    for layer in layers or ():
        if not 0 <= layer <= last:
            raise IsoglossError(f"layers: the model has layers 0 (the embeddings) to {last}, found {layer}")
    return tuple(dict.fromkeys(layers or (middle_layer(last),)))


def _vectors(loaded: Loaded, language: str, texts: Sequence[str], batch_size: int, *, special: bool) -> torch.Tensor:
    from isogloss.diagnostics.retrieval import layer_vectors
    from isogloss.models.extensions.adapters import of_languages

    longest = min(LONGEST, loaded.tokenizer.model_max_length)
    with of_languages(loaded.model, [language]):
        return layer_vectors(
            loaded.model, loaded.tokenizer, texts, max_length=longest, batch_size=batch_size, special=special
        )


def _metric(layer: int, *, special: bool, centred: bool, csls: int | None) -> str:
    parts = (f"accuracy_layer_{layer}", not special and "without_special", centred and "centred")
    return "_".join([part for part in parts if part] + ([] if csls is None else [f"csls_{csls}"]))


def _name(template: str) -> str:
    return template.split("{")[0].rstrip("/").rsplit("/", 1)[-1] or "retrieval"
