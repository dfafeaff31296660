"""Which files in a folder a model's weights are read from, of all that may lie there."""

from __future__ import annotations

from pathlib import Path

from isogloss.common.writing import read_json

WHOLE = ("model.safetensors", "pytorch_model.bin")
"""Names of weights in one file, in the order in which transformers looks for them."""


def weight_files(folder: Path) -> list[Path]:
    """The files that transformers reads the weights from: a whole file, or else the shards that its index names.

    Safetensors come before pickled ones. All else is another model or another form of this one, as the generator beside
    DeBERTa's ``pytorch_model.bin``.

    Args:
        folder: A model's folder.

    Returns:
        The files by name, shards also where they are not there; none if there are neither weights nor an index.

    Raises:
        IsoglossError: An index is damaged.
    """
    for name in WHOLE:
        if (folder / name).is_file():
            return [folder / name]
        index = index_of(folder / name)
        if index.is_file():
            return [folder / shard for shard in sorted({*read_json(index).get("weight_map", {}).values()})]
    return []


def index_of(whole: Path) -> Path:
    """The file that says in which shard a weight is, where there is no file of all."""
    return whole.with_name(f"{whole.name}.index.json")
