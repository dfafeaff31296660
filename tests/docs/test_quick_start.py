"""The notebook of docs/ runs, and holds what it has printed, which names no folder of the machine that it ran on."""

from __future__ import annotations

import json
import re
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


MACHINE = re.compile(r"(?<![\w.])(/|[A-Z]:\\)(?=\w+[/\\])")
"""Where an absolute path begins."""


@pytest.mark.parametrize("text", ["/tmp/tmpgfjj5o17/runs", "at /home/ada/x: 1", r"C:\Users\ada", "['/root/.cache/a']"])
def test_paths_of_a_machine_are_found(text: str):
    assert MACHINE.search(text) and not MACHINE.search("quick-start/runs 2/3 s/step https://a.org/b and/or")


def test_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)  # the notebook leaves it, and afterwards we are back
    cells = [cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in cells)
    assert not any(output["output_type"] == "error" for cell in cells for output in cell["outputs"])
    said = ["".join(text) for cell in cells for output in cell["outputs"] for text in _texts(output)]
    assert not [text for text in said if MACHINE.search(text)]
    names: dict[str, Any] = {"__name__": "__main__"}
    sizes = dict(SMALLER)
    for cell in cells:
        source = "".join(cell["source"])
        for size in [size for size in sizes if size in source]:
            source = source.replace(size, sizes.pop(size))
        exec(source, names)
    assert not MACHINE.search("".join(capfd.readouterr()))
    assert not sizes, "what is made smaller stands in the notebook no more"
    assert {*names["frame"]["language"]} >= {"de", "en", "sw", "tr"}
    assert names["frame"]["difference"].notna().any()
    shutil.rmtree(names["root"])  # hundreds of megabytes


def _texts(output: dict[str, Any]) -> list[list[str]]:
    """All texts of an output: what was printed, or a value in one form or several."""
    return [output["text"]] if "text" in output else list(output["data"].values())
