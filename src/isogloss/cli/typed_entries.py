"""Entries of a recipe's text as they are typed: a mapping in YAML, or the template of a path by itself."""

from __future__ import annotations

import re
from typing import Any

import yaml

from isogloss.common.errors import IsoglossError


def typed_entry(text: str) -> str | dict[str, Any]:
    """The entry of ``text`` where one is typed, as a mapping in YAML; else the template, which may begin with a brace.

    Raises:
        IsoglossError: A mapping is begun that is none.

    Example:
        >>> typed_entry("{format: tsv, path: x.tsv}"), typed_entry("{language}/x.txt")
        ({'format': 'tsv', 'path': 'x.tsv'}, '{language}/x.txt')
    """
    if re.match(r"\{(language|split)\}", text):
        return text
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        if text.startswith("{"):
            raise IsoglossError(
                f"text: {text} is no mapping in YAML; a path with braces in it wants quotes: "
                "{format: tsv, path: 'text/{language}.tsv'}"
            ) from error
        return text
    return found if isinstance(found, dict) else text
