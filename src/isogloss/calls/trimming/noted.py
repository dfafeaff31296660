"""What a model's card says of a cut: a section of `isogloss trim`, beside which all other text stays as it is."""

from __future__ import annotations

import re

from isogloss.common.markup import as_written_from, signed

HEADING = "<!-- isogloss trim -->\n## Sub-words"
"""Where the section begins."""

# Up to the card's end there may be nothing but the section's two paragraphs: its words, and its table.
_UNSIGNED = re.compile(re.escape(HEADING) + r"\n\nCut by `isogloss trim` from [^\n]*\n\n(?:\|[^\n]*(?:\n+|\Z))+\Z")
"""The section as versions wrote it that did not sign it: at the end of the card."""


def noted(card: str, section: str) -> str:
    """A card with a section, in the place of that of an earlier cut.

    Args:
        card: The card.
        section: What is to be said below the heading.

    Example:
        >>> once = noted("# Mine", "Cut.")
        >>> noted(f"{once}My words.", "Cut again.").splitlines()[::7]
        ['# Mine', 'My words.']
    """
    before, own, after = _around(card)
    begun = before if own else f"{before.rstrip()}\n\n"
    return begun + signed(f"{HEADING}\n\n{section}") + after


def parted(card: str) -> tuple[str, str]:
    """A card without the section, and the section; that is empty where there is none, or somebody has changed it."""
    before, own, after = _around(card)
    return (before.removesuffix("\n") + after, own) if own else (card, "")


def _around(card: str) -> tuple[str, str, str]:
    """What stands before the section, the section, and what stands after it."""
    unsigned = _UNSIGNED.search(card)
    own = unsigned[0] if unsigned is not None else as_written_from(card, HEADING)
    if not own:
        return card, "", ""
    before, _, after = card.rpartition(own)
    return before, own, after
