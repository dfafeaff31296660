"""How surprised a masked-LM model is by text: perplexity of some hidden sub-words, or of each hidden alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import torch

from isogloss.common.randomness import generator
from isogloss.diagnostics.knowledge.filling import Filler
from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.diagnostics.knowledge.questions import ALL
from isogloss.objectives.supervised import IGNORED
from isogloss.streams.masked import Masking

Hidden = tuple[np.ndarray, np.ndarray]
"""Sub-words with some hidden, and the hidden ones with -100 elsewhere."""

Hide = Callable[[str, np.ndarray], Iterable[Hidden]]
"""From the id and sub-words of a sentence to what the model sees of it."""


def some_hidden(masking: Masking, seed: int) -> Hide:
    """The sentence once, with some sub-words hidden as in training, always the same ones."""
    return lambda name, ids: [masking(ids, generator(seed, "perplexity", name))]


def each_hidden(masking: Masking) -> Hide:
    """The sentence as often as it has sub-words, each of them hidden once by the mask; special ones never."""

    def hide(name: str, ids: np.ndarray) -> Iterator[Hidden]:
        for place in np.flatnonzero(~np.isin(ids, masking.special)).tolist():
            hidden, labels = ids.copy(), np.full_like(ids, IGNORED)
            hidden[place], labels[place] = masking.mask, ids[place]
            yield hidden, labels

    return hide


def perplexity(
    sentences: Mapping[str, np.ndarray],
    language: str,
    hide: Hide,
    filler: Filler,
    metric: str,
    done: Callable[[float], None],
) -> Finding:
    """exp( −Σ_s Σ_{i ∈ M_s} log p(w_i | what is seen of s) / Σ_s |M_s| ) over the hidden sub-words M_s of sentences s.

    Args:
        sentences: Sub-words of sentences, special ones included, by id; each has one that is not special.
        language: Their language.
        hide: Hides sub-words.
        filler: Says how likely they are.
        metric: Name of the number.
        done: Told of every sentence.

    Returns:
        The perplexity, from 1 to infinity; guessing among v sub-words gives v. Items are sentences.
    """
    losses, places = dict.fromkeys(sentences, 0.0), dict.fromkeys(sentences, 0)
    size = 0
    for (name, targets), found in filler(_rows(sentences, hide, done), language):
        size = found.shape[-1]
        own = (
            found.double().gather(1, torch.tensor(targets, device=found.device)[:, None]) if len(targets) else found[:0]
        )
        losses[name] -= float(own.sum())
        places[name] += len(targets)
    ids = tuple(sentences)
    weights = np.array([places[name] for name in ids], float)
    means = np.array([losses[name] for name in ids]) / weights
    return Finding(metric, language, ALL, ids, ids, means, np.full(len(ids), np.log(size)), weights=weights, of=np.exp)


def _rows(
    sentences: Mapping[str, np.ndarray], hide: Hide, done: Callable[[float], None]
) -> Iterator[tuple[tuple[str, list[int]], np.ndarray, np.ndarray]]:
    """Rows one after the other, the shortest first, made when they are asked for: there may be many of a sentence."""
    for name, ids in sorted(sentences.items(), key=lambda entry: len(entry[1])):
        for hidden, labels in hide(name, ids):
            places = np.flatnonzero(labels != IGNORED)
            yield (name, labels[places].tolist()), hidden, places
        done(1)
