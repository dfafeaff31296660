"""Typed cloze: the object of a fact ranked among all objects of its relation, however many sub-words each has.

Shapes: c candidates of k sub-words each, v sub-words of the vocabulary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from isogloss.data.mlama import Gap, GapRelation
from isogloss.diagnostics.knowledge.filling import Filler
from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.diagnostics.knowledge.gaps import GapForm
from isogloss.diagnostics.knowledge.questions import ALL
from isogloss.diagnostics.knowledge.ranking import Ranked

ONE, SEVERAL = "one-sub-word", "several-sub-words"
"""Facts by the sub-words of their object."""


def cloze(
    relations: Sequence[GapRelation], language: str, form: GapForm, filler: Filler, done: Callable[[float], None]
) -> list[Finding]:
    """Accuracy@1 and MRR of the right object among the candidates of its relation, means over relations.

    score(o) = (1/k) Σ_j log p(o_j at the j-th of k masks), for an object o of k sub-words; other true objects count as
    wrong, and objects that score as high as the right one come before it. The most frequent answer is the object that
    most of these facts of the relation have, as in LAMA: it is counted on what is asked.

    Args:
        relations: The relations of a language.
        language: The language.
        form: How sentences become sub-words.
        filler: Says how likely sub-words are.
        done: Told of every fact.

    Reference:
        Kassner, Dufter, Schütze, EACL 2021 (typed querying; ``get_ranking`` in ``mlama/evaluation_metrics_ranked.py``).
    """
    names, ranks, frequent, numbers, several, of = [], [], [], [], [], []
    for relation in relations:
        places = {name: place for place, name in enumerate(by_frequency(relation), start=1)}
        for gap, rank, candidates, pieces in ranked_gaps(relation, language, form, filler):
            names.append(f"{relation.relation}:{gap.id}")
            ranks.append(rank)
            frequent.append(places[gap.object])
            numbers.append(candidates)
            several.append(pieces > 1)
            of.append(relation.relation)
            done(1)
    ranked, constant = (Ranked(np.array(found), np.array(numbers)) for found in (ranks, frequent))
    found = []
    for view, chosen in by_view(several):
        own, always, ids = ranked.of(chosen), constant.of(chosen), tuple(np.array(names, object)[chosen].tolist())
        weights = over_relations(np.array(of, object)[chosen].tolist())
        for metric, scores, guessed, often in (
            ("accuracy_at_1", own.hits, own.guessed_hits, always.hits),
            ("mrr", own.reciprocal, own.guessed_reciprocal, always.reciprocal),
        ):
            found.append(Finding(metric, language, view, ids, ids, scores, guessed, constant=often, weights=weights))
    return found


def ranked_gaps(
    relation: GapRelation, language: str, form: GapForm, filler: Filler
) -> Iterator[tuple[Gap, int, int, int]]:
    """Each fact of a relation, the rank of its object, the number of candidates, and the sub-words of the object."""
    pieces, scores = list[dict[str, tuple[int, ...]]](), list[dict[str, float]]()
    rows = []
    for number, gap in enumerate(relation.gaps):
        cut = {name: form.pieces(relation.template, gap.subject, name) for name in relation.candidates}
        pieces.append({name: own for name, own in cut.items() if own})
        scores.append({})
        around = form.around(relation.template, gap.subject)
        rows += [((number, k), *form.row(around, k)) for k in sorted({len(own) for own in pieces[-1].values()})]
    rows.sort(key=lambda row: len(row[1]))
    for (number, k), found in filler(rows, language):
        names = [name for name, own in pieces[number].items() if len(own) == k]
        wanted = torch.tensor([pieces[number][name] for name in names], device=found.device)  # [c, k]
        means = found.double().gather(1, wanted.T).mean(dim=0)  # [c]
        scores[number] |= dict(zip(names, means.tolist(), strict=True))
    for number, gap in enumerate(relation.gaps):
        if gap.object in scores[number]:
            right = scores[number][gap.object]
            rank = sum(score >= right for score in scores[number].values())
            yield gap, rank, len(scores[number]), len(pieces[number][gap.object])


def by_frequency(relation: GapRelation) -> list[str]:
    """The objects of a relation's facts, the most frequent first, those that are as frequent as they come."""
    return [name for name, _ in Counter(gap.object for gap in relation.gaps).most_common()]


def by_view(several: Sequence[bool]) -> list[tuple[str, np.ndarray]]:
    """All items, those of one sub-word and those of several, as far as there are any."""
    more = np.array(several, bool)
    return [(view, chosen) for view, chosen in ((ALL, more | True), (ONE, ~more), (SEVERAL, more)) if chosen.any()]


def over_relations(relations: Sequence[str]) -> np.ndarray:
    """Weights that make a mean over items the mean over relations of their means.

    Example:
        >>> over_relations(["P1", "P1", "P2"]).tolist()
        [0.5, 0.5, 1.0]
    """
    _, places, numbers = np.unique(np.array(relations, dtype=str), return_inverse=True, return_counts=True)
    return np.asarray(1 / numbers[places])
