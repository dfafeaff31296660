"""AdapterHub's folders that are damaged or fit no model."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.adapters import (
    read_adapter,
)
from tests.support.hub_adapters import BIN, CONFIG, SAFE, copied, model_with


def described(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        description = json.loads((folder / CONFIG).read_text())
        (folder / CONFIG).write_text(json.dumps({**description, **changes}))

    return change


def configured(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        description = json.loads((folder / CONFIG).read_text())
        described(config={**description["config"], **changes})(folder)

    return change


def stored(change_of: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        tensors = change_of(load_file(folder / SAFE))
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / SAFE)

    return change


def renamed(old: str, new: str) -> Callable[[Path], None]:
    return stored(lambda tensors: {key.replace(old, new): tensor for key, tensor in tensors.items()})


def without(part: str) -> Callable[[Path], None]:
    return stored(lambda tensors: {key: tensor for key, tensor in tensors.items() if part not in key})


def cut(folder: Path) -> None:
    (folder / SAFE).write_bytes((folder / SAFE).read_bytes()[:50])


def only(folder: Path, content: bytes) -> None:
    (folder / SAFE).unlink()
    (folder / BIN).write_bytes(content)


def pickled(folder: Path) -> None:
    (folder / SAFE).unlink()
    torch.save({"x": Path("x")}, folder / BIN)


def numbered(folder: Path) -> None:
    (folder / SAFE).unlink()
    torch.save({1: torch.ones(1)}, folder / BIN)


@pytest.mark.parametrize(
    ("damage", "where", "message"),
    [
        (described(hidden_size=768), CONFIG, "an adapter for hidden_size 768, but the model has 16"),
        (described(model_type="xlm-roberta"), CONFIG, "for model_type 'xlm-roberta', but the model has 'bert'"),
        (described(config=None), CONFIG, "no 'config', as a file of AdapterHub has it"),
        (described(config=[8]), CONFIG, "config: must be the name of an architecture or its options"),
        (described(peft_type="LORA"), CONFIG, r"a file of peft \(LORA\), not of AdapterHub"),
        (described(config="pfeifer"), CONFIG, r"no architecture 'pfeifer'; did you mean 'pfeiffer'"),
        (described(config="compacter"), CONFIG, r"architecture 'compacter' is not computed here \(valid: seq_bn, "),
        (described(config={"architecture": "lora", "r": 8}), CONFIG, "architecture 'lora' is not computed here"),
        (configured(phm_layer=True), CONFIG, "phm_layer: is not computed here, must be false"),
        (configured(original_ln_after=False), CONFIG, "original_ln_after: is not computed here, must be true"),
        (configured(ln_before=True), CONFIG, "ln_before: is not computed here, must be false"),
        (configured(ln_after=True), CONFIG, "ln_after: is not computed here, must be false"),
        # The norms of the encoder trained along with the adapter, as Houlsby et al. do.
        (
            stored(lambda tensors: {**tensors, "encoder.layer.0.output.LayerNorm.weight": torch.ones(16)}),
            SAFE,
            r"1 tensors are no one's, 'encoder\.layer\.0\.output\.LayerNorm\.weight' among them",
        ),
        (configured(use_gating=True), CONFIG, "use_gating: is not computed here, must be false"),
        (configured(inv_adapter="glow"), CONFIG, "inv_adapter: must be 'nice' or none, found 'glow'"),
        (configured(leaveout=[1]), CONFIG, r"no option 'leaveout' .*did you mean 'leave_out'"),
        (configured(reduction_factor=None), CONFIG, "option 'reduction_factor' is missing"),
        (configured(leave_out=[5]), SAFE, "an adapter for 6 layers, but the model has 2"),
        (renamed("layer.1.", "layer.11."), SAFE, "an adapter for 12 layers, but the model has 2"),
        (without("layer.1."), SAFE, "an adapter for 1 layers, but the model has 2"),
        (configured(reduction_factor=2), SAFE, r"6 tensors are of another shape, 'encoder\.layer\.0\.output"),
        (renamed("adapter_up.bias", "adapter_up.other"), SAFE, r"2 tensors are no one's, 'encoder.*adapter_up\.other'"),
        (without("adapter_up.bias"), SAFE, r"2 tensors are missing, 'encoder.*adapter_up\.bias' among them"),
        (stored(lambda tensors: {key: own * math.nan for key, own in tensors.items()}), SAFE, "8 tensors are not fin"),
        (cut, SAFE, "damaged: "),
        (pickled, BIN, "damaged, or it holds more than tensors, which are all that is read$"),
        (lambda folder: only(folder, b""), BIN, "damaged: "),
        (lambda folder: only(folder, b"version https://git-lfs"), BIN, "damaged, or it holds more than"),
        (numbered, BIN, "damaged: tensors by name expected"),
        (lambda folder: (folder / SAFE).unlink(), "ner", "no weights of an adapter: neither pytorch_adapter.bin nor"),
        (lambda folder: (folder / CONFIG).write_text("{"), CONFIG, "damaged: "),
    ],
)
def test_what_does_not_fit_is_one_error_that_names_the_file_and_adds_nothing(
    damage: Callable[[Path], None], where: str, message: str, tmp_path: Path
) -> None:
    _, adapters = model_with("bert")
    folder = copied(tmp_path)
    damage(folder)
    with pytest.raises(IsoglossError, match=message) as caught:
        read_adapter(folder, adapters)
    assert str(caught.value).startswith(str(folder if where == "ner" else folder / where))
    assert "\n" not in str(caught.value)
    assert adapters.names == ()
