"""A hub on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub import Hub, point_at, serving
from tests.support.xnli import XNLI, pairs


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with English and Swahili XNLI; the current directory is empty."""
    hub = Hub()
    hub.put(XNLI, {
        f"{language}/{split}-00000-of-00001.parquet": pairs(number, language)
        for language in ("en", "sw") for split, number in (("train", 7), ("validation", 4), ("test", 5))
    })  # fmt: skip
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with serving(hub):
        point_at(hub.url, tmp_path / "cache", monkeypatch)
        yield hub
