"""The notebook of docs/ runs, and holds what it has printed."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

NOTEBOOK = Path(__file__).parents[2] / "docs" / "quick-start.ipynb"

SMALLER = {
    '{"train": 320, "dev": 40, "test": 60}': '{"train": 80, "dev": 8, "test": 12}',
    '"steps": 40': '"steps": 4',
    '"evaluation_steps": 20': '"evaluation_steps": 2',
    '"batch_size": 16': '"batch_size": 4',
}
"""Sizes in the notebook, and smaller ones: all that it calls is called, by as many runs, in a tenth of the time."""


def test_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cells = [cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in cells)
    assert not any(output["output_type"] == "error" for cell in cells for output in cell["outputs"])
    names: dict[str, Any] = {"__name__": "__main__"}
    sizes = dict(SMALLER)
    for cell in cells:
        source = "".join(cell["source"])
        for size in [size for size in sizes if size in source]:
            source = source.replace(size, sizes.pop(size))
        exec(source, names)
    assert not sizes, "what is made smaller stands in the notebook no more"
    assert {*names["frame"]["language"]} >= {"de", "en", "sw", "tr"}
    assert names["frame"]["difference"].notna().any()
    shutil.rmtree(names["root"])  # hundreds of megabytes
