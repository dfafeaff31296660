"""Of several models in a folder, the one that transformers opens is the one that is hashed, fetched and cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub.utils import filter_repo_objects
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModel

import isogloss
from isogloss import IsoglossError
from isogloss.models import snapshot
from isogloss.models.hashes import hashes_of_weights
from isogloss.models.weight_files import weight_files
from tests.models.trimming.conftest import write_model, write_texts


def others(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor + 1 for name, tensor in weights.items()}


def sharded(folder: Path, weights: dict[str, Tensor], stem: str, ending: str) -> list[str]:
    """Two shards and their index."""
    names = [f"{stem}-0000{number}-of-00002.{ending}" for number in (1, 2)]
    where = {name: names[place % 2] for place, name in enumerate(sorted(weights))}
    for shard in names:
        own = {name: weights[name].clone() for name in weights if where[name] == shard}
        if ending == "bin":
            torch.save(own, folder / shard)
        else:
            save_file(own, folder / shard, metadata={"format": "pt"})
    index = {"metadata": {"total_size": 1}, "weight_map": where}
    (folder / f"{stem}.{ending}.index.json").write_text(json.dumps(index))
    return names


@pytest.fixture(params=["model", "pytorch_model", "model in shards", "pytorch_model in shards"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[str]]:
    """A folder with the weights of another model beside its own, and the names of its own."""
    made = write_model(tmp_path / "model", "unigram")
    weights = load_file(made / "model.safetensors")
    (made / "model.safetensors").unlink()
    stem, _, shards = request.param.partition(" ")
    ending = "safetensors" if stem == "model" else "bin"
    names = [f"{stem}.{ending}"]
    if shards:
        names = sharded(made, weights, stem, ending)
    elif ending == "bin":
        torch.save(weights, made / names[0])
    else:
        save_file(weights, made / names[0], metadata={"format": "pt"})
    torch.save(others(weights), made / "pytorch_model.generator.bin")
    if ending == "safetensors":
        save_file(others(weights), made / "model.other.safetensors")
    return made, names


def test_only_these_are_hashed(folder: tuple[Path, list[str]]):
    made, names = folder
    assert [path.name for path in weight_files(made)] == names == list(hashes_of_weights(made))
    (made / names[-1]).unlink()
    with pytest.raises(IsoglossError, match=r"has no weights: neither model\.safetensors nor|which its index .* names"):
        hashes_of_weights(made)


def test_only_these_are_cut(folder: tuple[Path, list[str]], tmp_path: Path):
    made, names = folder
    found = isogloss.trim(made, languages="de,en", text=write_texts(tmp_path / "text"), output=tmp_path / "cut")
    written = names if names[0].endswith("safetensors") else ["model.safetensors"]
    assert [path.name for path in weight_files(tmp_path / "cut")] == written
    assert {path.name for path in (tmp_path / "cut").iterdir() if path.suffix in (".bin", ".safetensors")} == {*written}
    whole, cut = (
        AutoModel.from_pretrained(path, add_pooling_layer=False).state_dict() for path in (made, tmp_path / "cut")
    )
    assert sum(torch.equal(whole[name], cut[name]) for name in whole) == len(whole) - 1  # the table
    of_weights = sum((made / name).stat().st_size for name in names)
    assert found.megabytes[0] == (of_weights + (made / "tokenizer.json").stat().st_size) / 1e6


def test_only_these_are_fetched(folder: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made, names = folder
    cached = tmp_path / "cache"
    cached.mkdir()

    def download(name: str, *, allow_patterns: list[str], ignore_patterns: list[str], **_: Any) -> str:
        there = [path.name for path in made.iterdir()]
        for each in filter_repo_objects(there, allow_patterns=allow_patterns, ignore_patterns=ignore_patterns):
            (cached / each).write_bytes((made / each).read_bytes())
        return str(cached)

    monkeypatch.setattr(snapshot, "snapshot_download", download)
    own = snapshot.identify
    monkeypatch.setattr(
        snapshot,
        "identify",
        lambda source, weights: {"commit": "c0ffee"} if source == "owner/name" else own(source, weights=weights),
    )
    assert snapshot.folder_of("owner/name") == cached
    assert {path.name for path in cached.glob("*.bin")} == {name for name in names if name.endswith("bin")}
    assert hashes_of_weights(cached) == hashes_of_weights(made)
