"""Entities and facts kept apart: shares do not depend on what else there is, lists are read strictly."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.data.apart import Apart, Listed, read_listed


def test_a_list_names_entities_and_facts(tmp_path: Path):
    path = tmp_path / "list.tsv"
    path.write_text("Q1\n\n bn:ঢাকা \nQ1\tP2\tQ3\n", encoding="utf-8")
    assert read_listed(path, "leave_out") == Listed.of(["Q1", "bn:ঢাকা", ("Q1", "P2", "Q3")])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Q1\nQ1\tP2\n", "list.tsv:2: .*found 2 columns"),
        ("Q1\tP2\t\n", "list.tsv:1: .*found 3 columns"),
        ("\n", "leave_out: .*names no entity and no fact"),
    ],
)
def test_a_list_that_is_none_is_refused(text: str, said: str, tmp_path: Path):
    path = tmp_path / "list.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(IsoglossError, match=said):
        read_listed(path, "leave_out")
    with pytest.raises(IsoglossError, match="no such file"):
        read_listed(tmp_path / "other.tsv", "leave_out")


def test_shares_keep_about_as_many_and_facts_go_with_their_entities():
    apart = Apart(entities=0.2, facts=0.3)
    entities = [derive(f"Q{number}") for number in range(2000)]
    kept = [entity for entity in entities if apart.has_entity(entity)]
    assert 0.17 < len(kept) / 2000 < 0.23
    relation = derive("P1")
    facts = list(pairwise(entities))
    away = [pair for pair in facts if apart.has_fact(pair[0], relation, pair[1])]
    assert {pair for pair in facts if set(pair) & set(kept)} < set(away)
    assert len(away) / len(facts) == pytest.approx(1 - 0.8 * 0.8 * 0.7, abs=0.04)


def test_two_lists_have_two_keys_in_whatever_order_they_are():
    first, second = Listed.of(["Q1", "Q2"]), Listed.of(["Q2", "Q1"])
    assert Apart(listed=first).key() == Apart(listed=second).key() != Apart(listed=Listed.of(["Q1"])).key()
