"""How tagged sentences are scored: token by token, or entity by entity."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from isogloss.examples import Prediction
from isogloss.tasks.measures import Measure, first_share, ratio, scores

Tags = Sequence[Sequence[str]]
Chunks = frozenset[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class TagScorer:
    """A way to score tags.

    Attributes:
        measures: How each score is computed, by name; the first is the one to select by.
    """

    measures: Mapping[str, Measure]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the scores; the first is the one to select by."""
        return tuple(self.measures)

    def compute(self, gold: Sequence[Prediction], predicted: Sequence[Prediction]) -> dict[str, float]:
        """The scores, fractions in [0, 1], from gold and predicted tags, equally many per sentence."""
        return scores(self.measures, gold, predicted)


def f1_xtreme(gold: Tags, predicted: Tags) -> float:
    """The F1 of part-of-speech tags that XTREME's evaluation gives with seqeval 0.0.12, in [0, 1].

    XTREME's evaluation hands bare tags to ``seqeval.metrics.f1_score``, which is made for entities. It pins no version
    of seqeval, and the score depends on it. In 0.0.12, the version of its day, the first letter of a tag is its chunk
    prefix and a tag without a hyphen is its own type, so

    - a run of equal tags is one chunk, right only if its tag and both its borders are,
    - but a tag that begins with S (SCONJ, SYM) is a chunk of its own, S being the prefix of single tokens,

    and the score is the micro-averaged F1 of chunks. Version 1.2.2 takes the first letter off: ``NOUN`` is of type OUN,
    and CCONJ and SCONJ are both of type CONJ, so that one counts as right for the other and a CCONJ is lost before a
    SCONJ. Numbers of papers may be of either. To get those of 0.0.12 whatever is installed, the tags get the prefixes
    that mean the same in both: ``S-`` if they begin with S, else ``I-``. This is exact for tags that begin with none of
    B, E and O (prefixes, too) and have no hyphen, as all universal tags do.

    Example:
        >>> f1_xtreme([["DET", "NOUN", "NOUN"]], [["DET", "NOUN", "VERB"]])
        0.4

        Gold chunks are DET and NOUN NOUN, predicted ones DET, NOUN and VERB: one of two and one of three are right.

    Reference:
        Hu et al., *XTREME*, ICML 2020; ``evaluate.py`` (of predictions) and ``third_party/run_tag.py`` (in training)
        in google-research/xtreme.
    """
    sums = _xtreme_chunks([tuple(tags) for tags in gold], [tuple(tags) for tags in predicted]).sum(axis=0)
    return float(_f1(sums))


@lru_cache(maxsize=1 << 16)
def _xtreme(tags: tuple[str, ...]) -> Chunks:
    return _chunks([("S-" if tag.startswith("S") else "I-") + tag for tag in tags])


@lru_cache(maxsize=1 << 16)
def _entities(tags: tuple[str, ...]) -> Chunks:
    return _chunks(list(tags))


def _chunks(tags: list[str]) -> Chunks:
    from seqeval.metrics.sequence_labeling import get_entities  # which imports scikit-learn and pandas

    return frozenset(get_entities(tags))


def _count_chunks(
    chunks: Callable[[tuple[str, ...]], Chunks], gold: Sequence[Prediction], predicted: Sequence[Prediction]
) -> np.ndarray:
    """Per sentence how many chunks are right, predicted and gold ``[n, 3]``."""
    with warnings.catch_warnings():
        # seqeval warns of every tag that is neither O nor has an IOBES prefix; it reads them as conlleval does.
        warnings.filterwarnings("ignore", message=".*seems not to be NE tag", category=UserWarning)
        found = [(chunks(tuple(truth)), chunks(tuple(guess))) for truth, guess in zip(gold, predicted, strict=True)]
    return np.array([(len(truth & guess), len(guess), len(truth)) for truth, guess in found], dtype=np.int64)


_xtreme_chunks = partial(_count_chunks, _xtreme)
_entity_chunks = partial(_count_chunks, _entities)


def _tokens(gold: Sequence[Prediction], predicted: Sequence[Prediction]) -> np.ndarray:
    """Per sentence how many tags are right, and how many there are ``[n, 2]``."""
    pairs = zip(gold, predicted, strict=True)
    right = [sum(one == other for one, other in zip(truth, guess, strict=True)) for truth, guess in pairs]
    return np.array(list(zip(right, map(len, gold), strict=True)), dtype=np.int64)


def _precision(sums: np.ndarray) -> np.ndarray:
    return ratio(sums[..., 0], sums[..., 1])


def _f1(sums: np.ndarray) -> np.ndarray:
    precision, recall = _precision(sums), first_share(sums)
    # In seqeval's order, so that the last bit is the same.
    return ratio(2 * precision * recall, precision + recall)


token_scores = TagScorer({"accuracy": Measure(_tokens, first_share), "f1_xtreme": Measure(_xtreme_chunks, _f1)})
"""Part of speech: the share of tokens tagged right, and XTREME's F1 with seqeval 0.0.12 (`f1_xtreme`)."""

entity_scores = TagScorer(
    {
        "f1": Measure(_entity_chunks, _f1),
        "precision": Measure(_entity_chunks, _precision),
        "recall": Measure(_entity_chunks, first_share),
        "accuracy": Measure(_tokens, first_share),
    }
)
"""Named entities: an entity counts if its type and both its borders are right, micro-averaged over all entities, as
conlleval and seqeval's default mode do (an I- without a B- before it begins an entity); a score whose denominator is 0
is 0. ``accuracy`` is over tokens, O included."""
