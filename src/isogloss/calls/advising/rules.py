"""The rules that make advice of what was seen, as ``rules.yaml`` holds them."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter, model_validator

from isogloss.common.strict import Strict

FILE = Path(__file__).with_name("rules.yaml")

DEFAULT = "plain multi-task training, with checkpoint averaging where the rate is constant"
"""What to do where nothing speaks for a method and several languages have labels."""

ONE_LANGUAGE = "plain fine-tuning"
"""The same where one language has them, for which averaging was not measured."""

Seen = float | bool | str | None
"""A quantity that was seen; None: not measured."""

_SIGNS = {">=": operator.ge, "<=": operator.le, "==": operator.eq, ">": operator.gt, "<": operator.lt}
_COMPARISON = re.compile(r"(>=|<=|==|>|<) *(-?[\d.]+)")


class Evidence(Strict):
    """What advice stands on.

    Attributes:
        page: Page of docs/results.
        heading: Heading of the page below which it is.
        row: The cells of a row of a table; none: there is a quote.
        quote: Words of the page.
        says: What it says, in words.
    """

    page: str
    heading: str
    row: tuple[str, ...] = ()
    quote: str = ""
    says: str

    @model_validator(mode="after")
    def _one(self) -> Evidence:
        if bool(self.row) == bool(self.quote):
            raise ValueError("either a row or a quote")
        return self

    @property
    def anchor(self) -> str:
        """Where the heading is on the page, as a link says it."""
        return re.sub(r"[^\w\- ]", "", self.heading.lower()).replace(" ", "-")


class Rule(Strict):
    """A case and what to do about it.

    Attributes:
        name: Its name.
        kind: do: a method to try; leave: one not to bother with; mind: something to know.
        under: Heading of docs/choosing.md.
        when: By quantity what it must be: a comparison such as ``">= 2"``, some texts, or true or false.
        case: The same in words.
        advice: What to do.
        evidence: What it stands on.
    """

    name: str
    kind: Literal["do", "leave", "mind"]
    under: str
    when: Mapping[str, bool | str | tuple[str, ...]]
    case: str
    advice: str
    evidence: tuple[Evidence, ...]

    def holds(self, seen: Mapping[str, Seen]) -> bool:
        """Whether it is the case; what was not measured is not.

        Example:
            >>> rule = next(rule for rule in rules() if rule.name == "averaging")
            >>> rule.holds({"training_languages": 3.0}), rule.holds({"training_languages": None})
            (True, False)
        """
        return all(_is(seen.get(name), asked) for name, asked in self.when.items())


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order in which advice is given."""
    return TypeAdapter(tuple[Rule, ...]).validate_python(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def _is(value: Seen, asked: bool | str | tuple[str, ...]) -> bool:
    if value is None:
        return False
    if isinstance(asked, bool):
        return value is asked
    if isinstance(asked, tuple):
        return value in asked
    found = _COMPARISON.fullmatch(asked)
    assert found is not None, asked
    return bool(_SIGNS[found[1]](float(value), float(found[2])))
