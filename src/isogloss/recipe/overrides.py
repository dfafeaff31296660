"""Keys of a recipe that are changed from outside, and what of an error is theirs and not the recipe's."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 60
"""Characters of an override that an error shows."""


class Typed(str):
    """An override ``"a.b=c"`` that stands for something else that the user gave, such as an option of a command.

    Args:
        override: The key and its value.
        typed: What the user gave, as errors name it; empty: nothing, as it only makes room for another.
        key: The dotted key that errors of it are at; None: that of the override.

    Example:
        >>> said(Typed("limit=0", "--limit 0")), said("limit=0")
        ('--limit 0', '--set limit=0')
    """

    typed: str
    key: str

    def __new__(cls, override: str, typed: str, key: str | None = None) -> Typed:
        """The text of the override, which is all that a resolved recipe depends on."""
        made = super().__new__(cls, override)
        made.typed = typed
        made.key = override.partition("=")[0] if key is None else key
        return made


def said(override: str) -> str:
    """An override as the user typed it."""
    typed = override.typed if isinstance(override, Typed) else f"--set {override}"
    return typed if len(typed) <= LONGEST else f"{typed[: LONGEST - 3]}..."


def blamed(where: str, origin: str, overrides: Sequence[str]) -> str:
    """Who gave what an error is about.

    Args:
        where: The dotted key of the error; empty: it is of the recipe as a whole.
        origin: Where the recipe comes from.
        overrides: All overrides, the last of which wins.

    Returns:
        The override that set the key, or a part above it; the recipe with those that set parts of it, or with all where
        the error is of the whole; else the recipe.

    Example:
        >>> blamed("optimizer.lr", "own.yaml", ["seed=1", "optimizer.lr=fast"])
        '--set optimizer.lr=fast'
        >>> blamed("optimizer", "own.yaml", ["seed=1", "optimizer.lr=3"]), blamed("steps", "own.yaml", ["seed=1"])
        ('own.yaml with --set optimizer.lr=3', 'own.yaml')
    """
    given = [(_key(override), said(override)) for override in overrides if said(override)]
    above = [typed for key, typed in given if f"{where}.".startswith(f"{key}.")]
    if above:
        return above[-1]
    below = dict.fromkeys(typed for key, typed in given if not where or key.startswith(f"{where}."))
    return f"{origin} with {' '.join(below)}" if below else origin


def _key(override: str) -> str:
    return override.key if isinstance(override, Typed) else override.partition("=")[0]
