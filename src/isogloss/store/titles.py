"""Where a description says the title of what it describes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from isogloss.common.languages import writes_spaces
from isogloss.data.knowledge import Description

_ADDED = re.compile(r"(?<=\S)\s*[(（][^()（）]*[)）]$")
"""What tells a title from others of the same name, as in ``Mercury (planet)``."""


def spelling(description: Description, offsets: Sequence[tuple[int, int]]) -> np.ndarray:
    """Which sub-words of a description spell its title, wherever a word begins with it, in capitals or not.

    Args:
        description: The description.
        offsets: First character, and the one after the last, of each of n sub-words.

    Returns:
        1 for a sub-word with a character of the title, else 0 ``[n]``.

    Example:
        >>> text = Description("Q308", "en", "Mercury is a planet.", "Mercury (planet)")
        >>> spelling(text, [(0, 4), (4, 7), (7, 10), (10, 12), (12, 19), (19, 20)]).tolist()
        [1, 1, 0, 0, 0, 0]
    """
    found = np.zeros(len(offsets), np.uint8)
    name = _ADDED.sub("", description.title.strip())
    if not name or not len(offsets):
        return found
    starts, ends = np.array(offsets).T
    begins = r"(?<!\w)" if writes_spaces(description.language) else ""
    for match in re.finditer(begins + re.escape(name), description.text, re.IGNORECASE):
        found |= (starts < match.end()) & (match.start() < ends)
    return found
