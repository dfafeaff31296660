"""Perplexity: how surprised is a model by text, per language?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from isogloss.calls.probing.comparison import LIMIT
from isogloss.calls.probing.probed import Probed
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.progress import progress
from isogloss.data.problems import Problems
from isogloss.data.texts import read_texts
from isogloss.diagnostics.knowledge.filling import Filler
from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.diagnostics.knowledge.perplexity import each_hidden, some_hidden
from isogloss.diagnostics.knowledge.perplexity import perplexity as perplexity_of
from isogloss.diagnostics.knowledge.sample import Sample
from isogloss.recipe.build.data import build_text_set
from isogloss.recipe.build.text import build_frame, build_masking
from isogloss.recipe.explain import explain
from isogloss.recipe.spec.text import TextEntry

HIDE = ("some", "each")

MASKING = 0.15
"""Share of sub-words that are hidden with ``some`` (BERT)."""


def perplexity(
    probed: Probed,
    *,
    text: str | Mapping[str, Any] | None = None,
    corpus: str | None = None,
    hide: str = "some",
    limit: int = LIMIT,
    length: int = 512,
) -> tuple[str, list[Finding]]:
    """Perplexity per language, on text or on the sentences of a corpus.

    Args:
        probed: The model.
        text: Template of files with a sentence a line, such as ``text/{language}.txt``, or an entry of a recipe's
            ``text`` for other formats; None: the sentences of the corpus.
        corpus: Folder of knowledge, or small-world; None: that of the run. The run has learned from it.
        hide: ``some``: 15 % of the sub-words of a sentence at once, hidden as in training, always the same ones;
            ``each``: every sub-word alone (pseudo-perplexity, as many forward passes as sub-words).
        limit: Sentences of a language, at most.
        length: Sub-words of a sentence, at most, if the model takes that many.

    Returns:
        Name of the data, and what was found.

    Raises:
        IsoglossError: Both or neither of text and corpus, a file with an error, a language without text, or a model
            without a masked-LM head.

    Reference:
        Devlin et al., *BERT*, NAACL 2019 (what is hidden); Salazar et al., *Masked Language Model Scoring*, ACL 2020
        (pseudo-perplexity).
    """
    if hide not in HIDE:
        raise IsoglossError(f"hide: {hide!r} is unknown{nearest(hide, HIDE)}")
    for name, number, least in (("limit", limit, 1), ("length", length, 8)):
        if number < least:
            raise IsoglossError(f"{name}: at least {least}, found {number}")
    if text is not None and corpus is not None:
        raise IsoglossError("text, corpus: one of them, found both")
    asked = probed.languages if text is not None else probed.asked(corpus)
    if text is not None:
        data, sentences = _of_files(probed, text)
    else:
        data, knowledge = probed.knowledge(corpus)
        sentences = ((own.language, own.text) for own in knowledge.sentences())
    sample: Sample[str, tuple[str, str]] = Sample(limit, probed.seed)
    for number, (language, own) in enumerate(sentences):
        if not asked or language in asked:
            sample.offer(language, str(number), (str(number), own))
    drawn = sample.things()
    for language in asked or ("any language",) * (not drawn):
        if language not in drawn:
            raise IsoglossError(f"languages: no sentence in {language!r}{nearest(language, drawn)}")
    loaded = probed.masked_lm()
    tokenizer, frame = loaded.tokenizer, build_frame(loaded.tokenizer)
    masking = build_masking(tokenizer, MASKING)
    way, metric = (
        (some_hidden(masking, 0), "perplexity") if hide == "some" else (each_hidden(masking), "pseudo_perplexity")
    )
    filler = Filler(loaded.model, masking.padding, probed.batch_size)
    room, found = frame.room(min(length, tokenizer.model_max_length), 1), []
    with progress(sum(map(len, drawn.values())), "perplexity") as done:
        for language in sorted(drawn):
            encoded = dict[str, np.ndarray]()
            for name, own in drawn[language]:
                ids = tokenizer.backend_tokenizer.encode(own, add_special_tokens=False).ids
                encoded[name] = frame.around(np.asarray(ids[:room], np.int64))
            kept = {name: ids for name, ids in encoded.items() if not np.isin(ids, masking.special).all()}
            if len(kept) < len(encoded):
                print(f"{language}: {len(encoded) - len(kept)} sentences have no sub-word to hide", file=sys.stderr)
            if not kept:
                raise IsoglossError(f"no sentence of {language!r} has a sub-word that the tokenizer knows")
            found.append(perplexity_of(kept, language, way, filler, metric, done))
    return data, found


def _of_files(probed: Probed, text: str | Mapping[str, Any]) -> tuple[str, Iterator[tuple[str, str]]]:
    given = {"format": "lines", "path": text} if isinstance(text, str) else dict(text)
    try:
        entry = TextEntry.model_validate(given)
    except ValidationError as error:
        raise IsoglossError(explain(error, "text", TextEntry)) from None
    texts, problems = build_text_set(entry.model_copy(update={"parallel": None}), "text"), Problems()
    read = read_texts(
        [texts], languages=probed.languages or None, excluded=frozenset(), held_out=0, limit=None, problems=problems
    )
    for warning in problems.told:
        print(warning, file=sys.stderr)
    return texts.collection.name, ((code, own) for code, every in read.sentences.items() for own in every)
