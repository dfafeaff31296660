"""docs/choosing.md holds the rules of `isogloss advise`, and each stands on what a page of results says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from isogloss.calls.advising.rules import Evidence, Rule, rules
from tests.docs import choosing

RESULTS = Path(__file__).parents[2] / "docs" / "results"
EVIDENCE = [
    pytest.param(rule, evidence, id=f"{rule.name} {n}") for rule in rules() for n, evidence in enumerate(rule.evidence)
]


def test_the_page_holds_the_rules():
    page = choosing.PAGE.read_text("utf-8")
    assert page == choosing.written(page), "python -m tests.docs.choosing makes the rules anew"


@pytest.mark.parametrize(("rule", "evidence"), EVIDENCE)
def test_advice_stands_on_its_row(rule: Rule, evidence: Evidence):
    page = (RESULTS / evidence.page).read_text("utf-8")
    below = under(page, evidence.heading)
    if evidence.quote:
        assert evidence.quote in " ".join(below.split())
        stands_on = below
    else:
        rows = [
            [cell.strip() for cell in line.strip("| ").split("|")] for line in below.splitlines() if line[:1] == "|"
        ]
        assert list(evidence.row) in rows
        stands_on = " ".join(evidence.row)
    # What is said with a sign or in brackets is of the row; other numbers are told of its study, on the same page.
    signed = re.findall(r"[+-]\d+\.\d+", evidence.says)
    assert all(number in stands_on for number in signed), signed
    others = re.findall(r"(?<![+\-\d.])\d[\d.,]*\d|(?<![+\-\d.,])\d(?![\d.,])", evidence.says)
    assert all(number in page for number in others), others


def test_every_rule_has_evidence_and_a_name_of_its_own():
    assert all(rule.evidence for rule in rules())
    assert len({rule.name for rule in rules()}) == len(rules())


def under(page: str, heading: str) -> str:
    """What stands below a heading, to the next one of its rank or higher."""
    lines = page.splitlines()
    first = next(n for n, line in enumerate(lines) if re.fullmatch(rf"#+ {re.escape(heading)}", line))
    rank = len(lines[first].split()[0])
    last = next((n for n in range(first + 1, len(lines)) if re.match(rf"#{{1,{rank}}} ", lines[n])), len(lines))
    return "\n".join(lines[first:last])
