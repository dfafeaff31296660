"""How tagged sentences are scored: token by token, or entity by entity."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score

Tags = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class TagScorer:
    """A way to score tags.

    Attributes:
        metrics: Names of the scores; the first is the one to select by.
        compute: The scores, fractions in [0, 1], from gold and predicted tags, equally many per sentence.
    """

    metrics: tuple[str, ...]
    compute: Callable[[Tags, Tags], dict[str, float]]


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
    return float(f1_score(_as_chunks(gold), _as_chunks(predicted), zero_division=0))


def _as_chunks(sentences: Tags) -> list[list[str]]:
    return [[("S-" if tag.startswith("S") else "I-") + tag for tag in tags] for tags in sentences]


def _score_tokens(gold: Tags, predicted: Tags) -> dict[str, float]:
    return {"accuracy": float(accuracy_score(_lists(gold), _lists(predicted))), "f1_xtreme": f1_xtreme(gold, predicted)}


def _score_entities(gold: Tags, predicted: Tags) -> dict[str, float]:
    truth, guess = _lists(gold), _lists(predicted)
    with warnings.catch_warnings():
        # seqeval warns of every tag that is neither O nor has an IOBES prefix; it reads them as conlleval does.
        warnings.filterwarnings("ignore", message=".*seems not to be NE tag", category=UserWarning)
        return {
            "f1": float(f1_score(truth, guess, zero_division=0)),
            "precision": float(precision_score(truth, guess, zero_division=0)),
            "recall": float(recall_score(truth, guess, zero_division=0)),
            "accuracy": float(accuracy_score(truth, guess)),
        }


def _lists(sentences: Tags) -> list[list[str]]:
    return [list(tags) for tags in sentences]


token_scores = TagScorer(("accuracy", "f1_xtreme"), _score_tokens)
"""Part of speech: the share of tokens tagged right, and XTREME's F1 with seqeval 0.0.12 (`f1_xtreme`)."""

entity_scores = TagScorer(("f1", "precision", "recall", "accuracy"), _score_entities)
"""Named entities: an entity counts if its type and both its borders are right, micro-averaged over all entities, as
conlleval and seqeval's default mode do (an I- without a B- before it begins an entity); a score whose denominator is 0
is 0. ``accuracy`` is over tokens, O included."""
