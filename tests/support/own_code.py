"""A run whose model is of a type that comes with Python code of its own, as models on the hub do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from isogloss.common.writing import write_json

CODE = """
from transformers import XLMRobertaConfig, XLMRobertaForTokenClassification


class OwnConfig(XLMRobertaConfig):
    model_type = "own"


class OwnModel(XLMRobertaForTokenClassification):
    config_class = OwnConfig
"""


def with_own_code(run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a run of tags from an XLM-R; its recipe lets the code run, which is copied beside the folder."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(folder.with_name("modules")))
    shutil.copytree(run, folder)
    (folder / "model" / "own.py").write_text(CODE, encoding="utf-8")
    config = json.loads((folder / "model" / "config.json").read_text(encoding="utf-8"))
    known = {"AutoConfig": "own.OwnConfig", "AutoModelForTokenClassification": "own.OwnModel"}
    write_json(folder / "model" / "config.json", {**config, "model_type": "own", "auto_map": known})
    recipe = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))
    (folder / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "trust_remote_code": True}), encoding="utf-8")
    return folder
