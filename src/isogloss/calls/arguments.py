"""What calls share: arguments that are keys of a recipe or languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from isogloss.common.errors import IsoglossError
from isogloss.common.languages import called_by_name
from isogloss.common.several import several
from isogloss.data.collection import CODE
from isogloss.recipe.overrides import Typed


def as_overrides(overrides: Iterable[str], limit: int | None, report_to: str | None) -> list[str]:
    """All overrides, those that have an argument of their own last."""
    given = {"limit": limit, "report_to": report_to}
    return [
        *several(overrides),
        *(
            Typed(f"{key}={value}", f"--{key.replace('_', '-')} {value}")
            for key, value in given.items()
            if value is not None
        ),
    ]


def check_code(language: str) -> None:
    """Stop unless a language is named by a code.

    Raises:
        IsoglossError: It is not.
    """
    said = called_by_name(language)
    if said is None and not re.fullmatch(CODE, language):
        said = f"{language!r} is no language code such as sw or zh-CN"
    if said is not None:
        raise IsoglossError(f"language: {said}")


def codes_of(given: str | Sequence[str], argument: str) -> list[str]:
    """The codes of languages that an argument names, separated by commas or one by one, each once.

    Raises:
        IsoglossError: There is none, or one is called by its name.
    """
    parts = [given] if isinstance(given, str) else given
    found = list(dict.fromkeys(code.strip() for part in parts for code in part.split(",") if code.strip()))
    if not found:
        raise IsoglossError(f"{argument}: names no language")
    for code in found:
        if (said := called_by_name(code)) is not None:
            raise IsoglossError(f"{argument}: {said}")
    return found
