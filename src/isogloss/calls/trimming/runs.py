"""The folder of a run whose model was cut: what it was, without the scores of the model that it is no more."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from transformers import PreTrainedTokenizerBase

from isogloss.common.writing import read_json, write_json, write_text
from isogloss.recipe.loading import load_yaml
from isogloss.run.folder import RunFolder
from isogloss.tasks.encoding import tokenizer_digest

KEPT = ("environment.json", "partition.json", "test_touches.json")
"""Files of a run that hold for the model that was cut too; how often test data were scored is one of them."""


def write_run(folder: Path, source: RunFolder, tokenizer: PreTrainedTokenizerBase, how: Mapping[str, Any]) -> None:
    """Write what a run folder holds beside its model, which lies there already.

    The fingerprint names the new tokenizer, so that training cannot go on with other sub-words than it began with. What
    only scores say, the step of the weights and the training languages where the recipe names none, goes into the
    fingerprint and the recipe.

    Args:
        folder: The folder.
        source: The run.
        tokenizer: The tokenizer of the model that was cut.
        how: How it was cut.
    """
    for name in KEPT:
        if (source.path / name).is_file():
            shutil.copyfile(source.path / name, folder / name)
    if source.adapters.is_dir():
        shutil.copytree(source.adapters, RunFolder(folder).adapters)
    fingerprint, rows = read_json(source.fingerprint), source.final_rows()
    recipe = load_yaml(source.recipe.read_text(encoding="utf-8"))
    if rows and recipe.get("train_languages", ()) is None:
        recipe["train_languages"] = rows[-1]["train_languages"]
    write_text(RunFolder(folder).recipe, yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=120))
    trimmed = {**how, **({"step": rows[-1]["step"]} if rows else {})}
    digest = tokenizer_digest(tokenizer)
    write_json(RunFolder(folder).fingerprint, {**fingerprint, "tokenizer": digest, "trimmed": trimmed})
