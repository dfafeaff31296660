"""How far languages lie apart in an encoder: likeness and retrieval of parallel sentences."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from statistics import mean

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.data.problems import Problems
from isogloss.diagnostics.representations import similarities
from isogloss.diagnostics.retrieval import layer_vectors
from isogloss.recipe.build.probes import parallel_texts, read_probe_texts
from isogloss.recipe.spec.probes import Representations
from isogloss.recipe.spec.text import TextEntry

SENTENCES = 100


@dataclass(frozen=True)
class Apart:
    """Languages in the layer in which sentences find their translations best, on the mean over pairs.

    Attributes:
        layer: The layer, 0 for the embeddings.
        sentences: Number of sentences.
        cka: By pair of languages the linear CKA.
        retrieval: By pair the share of sentences whose nearest one is their translation, mean of both directions.
    """

    layer: int
    sentences: int
    cka: dict[tuple[str, str], float]
    retrieval: dict[tuple[str, str], float]


def languages_apart(
    template: str,
    languages: Container[str],
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
) -> Apart:
    """Look at the first sentences of files that are translations of each other, line by line.

    Args:
        template: Path with ``{language}``, of files with a sentence a line.
        languages: The languages to look at.
        model: The model.
        tokenizer: Its tokenizer.
        max_length: Sub-words per sentence.

    Raises:
        IsoglossError: No such files of at least two of the languages.
    """
    entry = TextEntry(format="lines", path=template, parallel="parallel")
    (read,) = read_probe_texts([Representations(text=(entry,), limit=SENTENCES)], Problems()).values()
    texts = {code: own for code, own in parallel_texts(read, "parallel").items() if code in languages}
    if len(texts) < 2:
        raise IsoglossError(
            f"parallel: {template} must have two of the recipe's languages, found {', '.join(texts) or 'none'}"
        )
    vectors = {
        language: layer_vectors(model, tokenizer, own, max_length=max_length, batch_size=16)
        for language, own in texts.items()
    }
    pairs = similarities(vectors)
    layers = range(len(next(iter(vectors.values()))))
    best = max(layers, key=lambda layer: mean(own[layer][1] for own in pairs.values()))
    return Apart(
        best,
        len(next(iter(texts.values()))),
        {pair: own[best][0] for pair, own in pairs.items()},
        {pair: own[best][1] for pair, own in pairs.items()},
    )
