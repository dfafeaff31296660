"""The folder of a model whose table of sub-words has been cut: weights, extensions, tokenizer, configuration."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import open_as_usual, read_json, write_json
from isogloss.models.extensions.stored import WEIGHTS as EXTENSIONS
from isogloss.models.trimming.cutting import Cut
from isogloss.models.trimming.tables import Tables
from isogloss.models.weight_files import WHOLE, index_of, weight_files

STALE = re.compile(
    r"(config|tokenizer|tokenizer_config|generation_config|special_tokens_map|added_tokens|vocab)\.json"
    r"|vocab\.txt|merges\.txt|.*\.(model|bin|h5|msgpack|ot|onnx|onnx_data|safetensors|index\.json)"
)
"""Names of files that are written anew, or hold the whole table in another form: they are not copied."""

ELSEWHERE = re.compile(r"onnx|openvino|coreml|\.git|\.cache|checkpoint-\d+")
"""Names of folders that hold the whole model in another form or at another time, or nothing of it."""


def write_trimmed(
    folder: Path,
    source: Path,
    tokenizer: PreTrainedTokenizerBase,
    cut: Cut,
    config: PreTrainedConfig,
    tables: Tables,
) -> None:
    """Write a model's folder anew with the sub-words of a cut; every other weight and file is as it was.

    Args:
        folder: The folder to write; it must not exist.
        source: The model's folder.
        tokenizer: Its tokenizer, left as it is.
        cut: The tokenizer that it becomes.
        config: Its configuration, left as it is.
        tables: What of its weights has a row for each sub-word.

    Raises:
        IsoglossError: The weights are damaged, or have no table of as many rows as the configuration says, or padding
            would get another id and positions are numbered from it.
    """
    ids = {before: now for now, before in enumerate(cut.rows)}
    padding = int(tokenizer.pad_token_id)
    if tables.padding_counts and ids[padding] != padding:
        raise IsoglossError(
            f"padding has the id {padding}, from which the model numbers positions, and would get {ids[padding]}: keep "
            f"more than {padding} sub-words"
        )
    folder.mkdir(parents=True)
    _write_weights(folder, source, tables, cut)
    if (source / EXTENSIONS).is_file():
        save_file(_whole(tables.cut_beside(_read(source / EXTENSIONS), cut.rows)), folder / EXTENSIONS)
    smaller = copy.deepcopy(tokenizer)
    smaller._tokenizer = cut.tokenizer  # its class stays, which transformers builds around another vocabulary only anew
    smaller.save_pretrained(folder)
    renumbered(config, ids, len(cut.rows), padding).save_pretrained(folder)
    own = folder.resolve()  # which may lie in the source
    for path in sorted(source.iterdir()):
        if path.is_dir() and not ELSEWHERE.fullmatch(path.name) and path.resolve() not in {own, *own.parents}:
            shutil.copytree(path, folder / path.name)
        elif path.is_file() and not STALE.fullmatch(path.name):
            shutil.copyfile(path, folder / path.name)
    open_as_usual(folder)


def renumbered(config: PreTrainedConfig, ids: Mapping[int, int], size: int, padding: int) -> PreTrainedConfig:
    """The configuration for a vocabulary of another size, with special tokens where they are now.

    Args:
        config: The configuration, left as it is.
        ids: By id of a sub-word before, its id now.
        size: Number of sub-words now.
        padding: Id of the padding token before.
    """
    found = copy.deepcopy(config)
    for name, value in config.to_dict().items():
        if name.endswith("_token_id") and isinstance(value, int) and value in ids:
            setattr(found, name, ids[value])
    if isinstance(found.pad_token_id, int) and found.pad_token_id >= size:
        found.pad_token_id = ids[padding]  # it named a row without a sub-word
    found.vocab_size = size
    return found


def _write_weights(folder: Path, source: Path, tables: Tables, cut: Cut) -> None:
    files = weight_files(source)
    found = False
    if files and files[0].suffix == ".bin":
        before = {name: own for path in files for name, own in _read(path).items()}
        after = tables.cut(_once(before), cut.rows)
        found = _has_table(before, after, tables)
        save_file(_whole(after), folder / WHOLE[0], metadata={"format": "pt"})
    else:
        for path in files:
            before = _read(path)
            after = tables.cut(before, cut.rows)
            found |= _has_table(before, after, tables)
            save_file(_whole(after), folder / path.name, metadata=_metadata(path))
            del before, after
        if files and files[0].name != WHOLE[0]:
            index = index_of(source / WHOLE[0])
            stored, size = read_json(index), sum((folder / path.name).stat().st_size for path in files)
            write_json(folder / index.name, {**stored, "metadata": {**stored.get("metadata", {}), "total_size": size}})
    if not found:
        raise IsoglossError(
            f"model {str(source)!r}: its weights have no table of sub-words with {tables.rows:,} rows, which "
            "config.json says it has (vocab_size)"
        )


def _has_table(before: Mapping[str, Tensor], after: Mapping[str, Tensor], tables: Tables) -> bool:
    """Whether one of the tensors that were cut is a table of the model."""
    return any(name in tables.names and after[name] is not before[name] for name in after)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".bin":
            found: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
            return found
        return load_file(path)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise IsoglossError(f"{path}: damaged: {error}") from error


def _once(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each tensor under its first name: pickled files name a tied one twice, which safetensors does not."""
    seen = dict[tuple[int, torch.Size], str]()
    for name, tensor in tensors.items():
        seen.setdefault((tensor.data_ptr(), tensor.shape), name)
    return {name: tensors[name] for name in seen.values()}


def _whole(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def _metadata(path: Path) -> dict[str, str] | None:
    with safe_open(path, "pt") as file:
        found: dict[str, str] | None = file.metadata()
    return found
