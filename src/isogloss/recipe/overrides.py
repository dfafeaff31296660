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
        key: A dotted key that errors of it are at, beside that of the override; None: none.

    Example:
        >>> said(Typed("limit=0", "--limit 0")), said("limit=0")
        ('--limit 0', '--set limit=0')
    """

    typed: str
    key: str | None

    def __new__(cls, override: str, typed: str, key: str | None = None) -> Typed:
        """The text of the override, which is all that a resolved recipe depends on."""
        made = super().__new__(cls, override)
        made.typed = typed
        made.key = key
        return made

    def __reduce__(self) -> tuple[type[Typed], tuple[str, str, str | None]]:
        """What a copy is made of."""
        return Typed, (str(self), self.typed, self.key)


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
        The last override that set the key or a part above it; the recipe with the last one inside it, or with all of
        them where the error is of the whole; else the recipe.

    Example:
        >>> blamed("optimizer.lr", "own.yaml", ["seed=1", "optimizer.lr=fast"])
        '--set optimizer.lr=fast'
        >>> blamed("optimizer", "own.yaml", ["optimizer.lr=fast"])
        'own.yaml with --set optimizer.lr=fast'
        >>> blamed("", "own.yaml", ["seed=1"]), blamed("steps", "own.yaml", ["seed=1"])
        ('own.yaml with --set seed=1', 'own.yaml')
    """
    given = [override for override in overrides if said(override)]
    if where:
        above = [override for override in given if any(_is_in(where, key) for key in _keys(override))]
        inside = [override for override in given if any(_is_in(key, where) for key in _keys(override))]
        if above:
            return said(above[-1])
        return f"{origin} with {said(inside[-1])}" if inside else origin
    every = dict.fromkeys(map(said, given))
    return f"{origin} with {' '.join(every)}" if every else origin


def _keys(override: str) -> list[str]:
    own = override.partition("=")[0]
    return [own, override.key] if isinstance(override, Typed) and override.key is not None else [own]


def _is_in(one: str, other: str) -> bool:
    """Whether a dotted key is another one, or inside it."""
    return f"{one}.".startswith(f"{other}.")
