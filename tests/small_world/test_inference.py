"""Labels of inference are right in every possible world, and neither text tells them."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest

from isogloss.world import Clause, Meaning, the_world
from isogloss.world.baselines import inference_baselines
from isogloss.world.inference import Inference, draw_inferences, draw_single_inferences

Atom = Clause


@pytest.fixture(scope="module")
def pairs() -> list[Inference]:
    return list(itertools.islice(draw_inferences(0, "inference", "test"), 480))


def commitments(meanings: Iterable[Meaning]) -> list[Clause]:
    """What is claimed: not what somebody only says or thinks."""
    return [m.clauses[-1] for m in meanings if m.form == "plain" or m.clauses[0].verb == "know"]


def atom(clause: Clause) -> Atom:
    return dataclasses.replace(clause, negative=False)


def possible(world: dict[Atom, bool]) -> bool:
    """Nobody is in two places, nothing is big and small, and who did it yesterday did it."""
    groups = [set(group) for group in the_world().opposites]
    true = [clause for clause, holds in world.items() if holds]
    for one, other in itertools.combinations([clause for clause in true if len(clause.roles) == 2], 2):
        (agent, value), (agent_too, value_too) = ([phrase for _, phrase in c.roles] for c in (one, other))
        if one.type == other.type and agent == agent_too and value != value_too:
            values = {value.concept, value_too.concept}
            if one.type in ("live", "at") or (one.type == "describe" and any(values <= group for group in groups)):
                return False
    generals = (dataclasses.replace(clause, adverb=None) for clause in true)
    return all(world.get(general, True) for general in generals)


def relation(premise: Sequence[Meaning], hypothesis: Meaning) -> str:
    claims = commitments(premise)
    asked = hypothesis.clauses[0]
    atoms = list(dict.fromkeys(atom(clause) for clause in (*claims, asked)))
    worlds = [dict(zip(atoms, values, strict=True)) for values in itertools.product((False, True), repeat=len(atoms))]
    fitting = [w for w in worlds if possible(w) and all(w[atom(claim)] is not claim.negative for claim in claims)]
    outcomes = {world[atom(asked)] is not asked.negative for world in fitting}
    return {(True,): "entailment", (False,): "contradiction"}.get(tuple(outcomes), "neutral")


def test_labels_are_right_in_every_possible_world(pairs: list[Inference]):
    assert len({pair.premise for pair in pairs}) > 300
    for pair in pairs:
        assert relation(pair.premise, pair.hypothesis) == pair.label, pair


def test_three_by_three_with_one_text_in_common(pairs: list[Inference]):
    for start in range(0, len(pairs), 3):
        three = pairs[start : start + 3]
        assert {pair.label for pair in three} == {"entailment", "neutral", "contradiction"}
        same_hypothesis = len({pair.hypothesis for pair in three}) == 1
        assert same_hypothesis or len({frozenset(pair.premise) for pair in three}) == 1


def test_all_kinds_of_reasons_come(pairs: list[Inference]):
    types = Counter(pair.hypothesis.clauses[0].type for pair in pairs)
    assert {"do", "give", "play", "move", "act", "live", "work", "at", "describe"} <= set(types)
    assert {len(pair.premise) for pair in pairs} == {1, 2}
    assert {pair.hypothesis.clauses[0].negative for pair in pairs} == {False, True}


def test_singles_are_the_pairs_of_one_sentence_and_as_right():
    singles = list(itertools.islice(draw_single_inferences(0, "single inference", "test"), 240))
    assert {len(pair.premise) for pair in singles} == {1}
    assert {pair.premise[0].clauses[0].verb for pair in singles} == {"know", "say", "think"}
    assert len({pair.hypothesis for pair in singles}) > 60
    assert all(relation(pair.premise, pair.hypothesis) == pair.label for pair in singles)
    test_three_by_three_with_one_text_in_common(singles)


@pytest.mark.slow
def test_neither_text_tells_the_label():
    found = inference_baselines("en", 960)
    assert found["majority"] == pytest.approx(1 / 3)
    assert found["hypothesis"] == pytest.approx(1 / 3, abs=0.05)
    assert found["premise"] < 0.45
