"""What many tests need."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data beside the checkout; tests that want it are skipped where it is not."""
    path = Path(__file__).parents[1] / ".." / "shared" / "data"
    if not (path / "manifest.tsv").is_file():
        pytest.skip("no real data beside the checkout")
    return path
