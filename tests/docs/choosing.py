"""The rules of docs/choosing.md, from those of `isogloss advise`.

`python -m tests.docs.choosing` writes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from isogloss.calls.advising.rules import Evidence, Rule, rules

PAGE = Path(__file__).parents[2] / "docs" / "choosing.md"
BLOCK = re.compile(r"<!-- rules -->\n.*?<!-- end -->", re.DOTALL)
HEADS = {"do": "Try", "leave": "Do not bother", "mind": "Know"}


def made() -> str:
    """The rules in Markdown, by setting."""
    return "\n".join(["<!-- rules -->", *_lines(), "<!-- end -->"])


def written(page: str) -> str:
    """The page with the rules as they are."""
    return BLOCK.sub(lambda found: made(), page)


def _lines() -> Iterator[str]:
    for setting in dict.fromkeys(rule.under for rule in rules()):
        yield from ("", f"## {setting}", "")
        yield from (_line(rule) for rule in rules() if rule.under == setting)
    yield ""


def _line(rule: Rule) -> str:
    case = "" if rule.case == "always" else f" ({rule.case})"
    return f"- **{HEADS[rule.kind]}**{case}: {rule.advice} *{'; '.join(map(_measured, rule.evidence))}.*"


def _measured(evidence: Evidence) -> str:
    return f"{evidence.says} ([row](results/{evidence.page}#{evidence.anchor}))"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
