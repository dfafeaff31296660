"""Models in folders are whole or not there, and what they hold beside plain transformers comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from isogloss import IsoglossError
from isogloss.models.stored import write_model


class Saved(nn.Module):
    """A model or tokenizer that writes one file, or fails."""

    def __init__(self, name: str, content: str | None) -> None:
        super().__init__()
        self.name, self.content = name, content

    def save_pretrained(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / self.name).write_text(self.content or "half")
        if self.content is None:
            raise OSError(28, "No space left on device")


def test_a_model_is_written_as_a_whole(tmp_path: Path):
    write_model(tmp_path / "model", Saved("old", "1"), Saved("tokenizer", "1"))
    write_model(tmp_path / "model", Saved("weights", "2"), Saved("tokenizer", "2"))
    assert {path.name: path.read_text() for path in (tmp_path / "model").iterdir()} == {
        "weights": "2",
        "tokenizer": "2",
    }
    with pytest.raises(IsoglossError, match=r"cannot write .*model: No space left on device"):
        write_model(tmp_path / "model", Saved("weights", "3"), Saved("tokenizer", None))
    assert (tmp_path / "model" / "weights").read_text() == "2"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
