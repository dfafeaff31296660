"""What an error names beside the name that is not valid."""

from __future__ import annotations

import pytest

from isogloss.common.errors import MOST_LISTED, nearest

MANY = [f"x{number}" for number in range(MOST_LISTED)]


@pytest.mark.parametrize(
    ("name", "valid", "hint"),
    [
        ("stpes", ["steps", "seed"], "; did you mean 'steps'? (valid: seed, steps)"),
        # Among many names the near one stands alone; all are there if none is near.
        ("stpes", ["steps", *MANY], "; did you mean 'steps'?"),
        ("stpes", sorted(MANY), f" (valid: {', '.join(sorted(MANY))})"),
        # Codes of two letters are not near because they share one.
        ("de", ["en", "sv"], " (valid: en, sv)"),
        ("dee", ["de", "sv"], "; did you mean 'de'? (valid: de, sv)"),
        ("de", [], " (valid: none)"),
    ],
)
def test_the_nearest_valid_names(name: str, valid: list[str], hint: str):
    assert nearest(name, valid) == hint
