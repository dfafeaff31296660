"""How answers are scored: as the SQuAD v1.1 script does it, and as MLQA's does it, language by language."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial

import numpy as np

from isogloss.common.languages import find
from isogloss.examples import Prediction
from isogloss.tasks.measures import Measure, first_share, scores

Normalise = Callable[[str], str]

_ARTICLES = {
    "en": re.compile(r"\b(a|an|the)\b"),
    "es": re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b"),
    "vi": re.compile(r"\b(của|là|cái|chiếc|những)\b"),
    "de": re.compile(r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    # Wherever it stands, within a word too; the script's first alternative for it can match nowhere.
    "ar": re.compile("ال"),
}
"""What MLQA's script takes for an article; Hindi and Chinese have none."""

_HAN = re.compile(r"([\u4e00-\u9fa5])")

METRICS = ("f1", "exact_match", "f1_mlqa", "exact_match_mlqa")
"""Names of the scores, the one to select by first."""


def normalise_squad(text: str) -> str:
    """Lower case, without ASCII punctuation, English articles and needless white space, in whatever language.

    Example:
        >>> normalise_squad("The  Beatles' «Help!»")
        'beatles «help»'
    """
    bare = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(_ARTICLES["en"].sub(" ", bare).split())


def normalise_mlqa(text: str, language: str) -> str:
    """Lower case, without all that Unicode calls punctuation, the language's articles and needless white space.

    In Chinese every Han character (U+4E00 to U+9FA5) is a token of its own. MLQA's script stops at other languages
    than its seven; here they have no articles and are split at white space.

    Args:
        text: An answer.
        language: Code of its language, of which script and region are ignored (``zho_Hans`` is ``zh``).

    Example:
        >>> normalise_mlqa("Die «Beatles», 1965!", "de")
        'beatles 1965'
        >>> normalise_mlqa("第308 分。", "zho_Hans")
        '第 308 分'
    """
    known = find(language)
    code = language if known is None else known.code
    bare = "".join(character for character in text.lower() if not _is_punctuation(character))
    if code in _ARTICLES:
        bare = _ARTICLES[code].sub(" ", bare)
    if code == "zh":
        bare = _HAN.sub(r" \1 ", bare)
    return " ".join(bare.split())


def overlap_f1(gold: str, predicted: str) -> float:
    """F1 of two bags of tokens, split at white space: 2·p·r / (p + r), 0 if they share none (also if both are empty).

    Example:
        >>> overlap_f1("in the the park", "the the the")
        0.5714285714285715

        Two tokens are shared: p = 2/3, r = 2/4.
    """
    truth, guess = gold.split(), predicted.split()
    shared = (Counter(truth) & Counter(guess)).total()
    if shared == 0:
        return 0.0
    precision, recall = shared / len(guess), shared / len(truth)
    return 2 * precision * recall / (precision + recall)


def span_scores(gold: Sequence[Sequence[str]], predicted: Sequence[str], language: str) -> dict[str, float]:
    """All of ``METRICS``, each the mean over questions of the best value over a question's gold answers, in [0, 1].

    ``f1`` and ``exact_match`` are those of SQuAD's ``evaluate-v1.1.py``, which XTREME uses for XQuAD and TyDiQA;
    ``f1_mlqa`` and ``exact_match_mlqa`` those of ``mlqa_evaluation_v1.py``, which it uses for MLQA. The scripts print
    per cent.

    Args:
        gold: The gold answers of each question, at least one.
        predicted: One answer per question.
        language: Language of the answers.

    Reference:
        Rajpurkar et al., *SQuAD*, EMNLP 2016. Lewis et al., *MLQA*, ACL 2020.
    """
    return scores(span_measures(language), list(map(tuple, gold)), predicted)


def span_measures(language: str) -> Mapping[str, Measure]:
    """How each of ``METRICS`` is computed for answers in ``language``, see `span_scores`: means over questions."""
    in_language: Normalise = partial(normalise_mlqa, language=language)
    kinds: tuple[tuple[Callable[[str, str], float], Normalise], ...] = (
        (overlap_f1, normalise_squad),
        (_equal, normalise_squad),
        (overlap_f1, in_language),
        (_equal, in_language),
    )
    return {
        name: Measure(partial(_best, compare, normalise), first_share)
        for name, (compare, normalise) in zip(METRICS, kinds, strict=True)
    }


def _best(
    compare: Callable[[str, str], float],
    normalise: Normalise,
    gold: Sequence[Prediction],
    predicted: Sequence[Prediction],
) -> np.ndarray:
    """Per question the best value over its gold answers, and 1 ``[n, 2]``."""
    known = lru_cache(maxsize=None)(normalise)
    rows = []
    for truth, guess in zip(gold, predicted, strict=True):
        answers = (truth,) if isinstance(truth, str) else truth
        rows.append((max(compare(known(answer), known(str(guess))) for answer in answers), 1.0))
    return np.array(rows)


def _equal(gold: str, predicted: str) -> float:
    return float(gold == predicted)


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")
