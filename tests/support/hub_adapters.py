"""Adapters in folders of AdapterHub's package, as `tests.support.record_adapters` has recorded them."""

from __future__ import annotations

import copy
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from isogloss.models.extensions.adapters import (
    Adapters,
    read_adapter,
)
from tests.support.record_adapters import FIXTURES, base_model

CONFIG, SAFE, BIN = "adapter_config.json", "adapter.safetensors", "pytorch_adapter.bin"


@cache
def plain(base: str) -> Any:
    return base_model(FIXTURES / base / "base")


def model_with(base: str, *names: str) -> tuple[Any, Adapters]:
    model = copy.deepcopy(plain(base))
    adapters = Adapters(model)
    for name in names:
        read_adapter(FIXTURES / base / name, adapters)
    return model, adapters


def copied(tmp_path: Path, name: str = "ner") -> Path:
    shutil.copytree(FIXTURES / "bert" / name, tmp_path / name)
    return tmp_path / name
