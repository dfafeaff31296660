"""What the package of AdapterHub computes, recorded for the tests of our adapters.

The package (``adapters``) wants an older transformers than ours, so it runs in an environment of its own, and the
tests read what it left in ``tests/fixtures/adapters``. From the root of the repository::

    python -m venv THEIRS
    THEIRS/bin/pip install torch==2.13.0 adapters==1.3.0 "transformers~=4.57.6"
    THEIRS/bin/python -m tests.support.record_adapters record          # bases, adapters and outputs
    python -m tests.support.record_adapters write FOLDER               # adapters that we write, and our outputs
    THEIRS/bin/python -m tests.support.record_adapters check FOLDER    # which the package reads; prints the difference

``check`` also keeps one of ours with what the package makes of it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, AutoModelForMaskedLM

FIXTURES = Path(__file__).parents[1] / "fixtures" / "adapters"
SIZES = {
    "hidden_size": 16,
    "intermediate_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "vocab_size": 20,
    "max_position_embeddings": 16,
    # Far from a fresh model, so that a wrong place or activation shows.
    "initializer_range": 0.3,
}
BASES: dict[str, dict[str, Any]] = {
    "bert": {},
    "xlm-roberta": {},
    "electra": {"embedding_size": 8},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "distilbert": {"dim": 16, "hidden_dim": 8, "n_layers": 2, "n_heads": 2},
    "albert": {"embedding_size": 8, "num_hidden_groups": 1},
    "modernbert": {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2},
}
ADAPTERS: dict[str, str] = {
    "en": "seq_bn_inv[reduction_factor=2]",
    "de": "seq_bn_inv[reduction_factor=2,non_linearity='gelu']",
    "ner": "seq_bn[reduction_factor=4]",
    "twice": "double_seq_bn_inv[reduction_factor=4]",
    "beside": "par_bn[reduction_factor=4]",
    "partly": "seq_bn[reduction_factor=4,leave_out=[1],non_linearity='leakyrelu']",
    "scaled": "scaled_par_bn[reduction_factor=4]",
    "normed": "seq_bn[reduction_factor={'0':4,'default':8},residual_before_ln=False,mh_adapter=True]",
}
ON = {
    "bert": tuple(ADAPTERS),
    "xlm-roberta": ("en", "ner", "twice", "beside"),
    # The package computes Houlsby's adapters otherwise in ALBERT: its attention blocks read the residual.
    "albert": ("en", "ner", "beside"),
}
"""Which adapters are recorded on which base."""
ON_OTHERS = ("ner", "twice", "beside")
STACKS: tuple[tuple[str, ...], ...] = (
    *((name,) for name in ADAPTERS),
    ("en", "ner"),
    ("ner", "en"),
    ("de", "twice", "ner"),
    ("twice", "ner"),
)
"""What is active. (The package loses what comes before a parallel adapter in a stack, so there is none.)"""

IDS = torch.tensor([[5, 6, 7, 8, 9], [9, 10, 11, 12, 13], [17, 18, 19, 3, 3]])
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])


KEYS = {"bert": ("hidden", "logits"), "xlm-roberta": ("hidden", "logits"), "modernbert": ("logits",)}
"""What is compared, where it is not the hidden states alone: the package undoes the invertible part only in its own
heads and for newer models, and what the last hidden states of ModernBERT are has changed since."""


def names_on(base: str) -> tuple[str, ...]:
    """The adapters that are recorded on a base."""
    return ON.get(base, ON_OTHERS)


def stacks_on(base: str) -> list[tuple[str, ...]]:
    """The stacks that are recorded on a base."""
    return [stack for stack in STACKS if set(stack) <= set(names_on(base))]


@torch.no_grad()
def outputs(model: Any, base: str) -> dict[str, Tensor]:
    """What is compared of a masked-LM model: last hidden states, logits."""
    found = model.eval()(input_ids=IDS, attention_mask=MASK, output_hidden_states=True)
    values = {"hidden": found.hidden_states[-1].clone(), "logits": found.logits.clone()}
    return {key: values[key] for key in KEYS.get(base, ("hidden",))}


def base_model(folder: Path) -> Any:
    """A recorded base, in float32."""
    return AutoModelForMaskedLM.from_pretrained(folder).float().eval()


@torch.no_grad()
def stir(parameters: Iterator[torch.nn.Parameter], seed: int, size: float) -> None:
    """Add noise, so that nothing is zero or one by habit."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in parameters:
        parameter.add_(torch.randn(parameter.shape, generator=generator) * size)


def their_model(base: str) -> Any:
    """A recorded base with the package's mechanics in it."""
    import adapters

    folder = FIXTURES / base / "base"
    if base in ("bert", "xlm-roberta"):
        model = adapters.AutoAdapterModel.from_pretrained(folder).float()
        with torch.no_grad():  # which the package forgets when it makes its own head of the base's
            model.heads["default"][-1].bias.copy_(base_model(folder).get_output_embeddings().bias)
        return model
    model = base_model(folder)
    own = {name for name, _ in model.named_parameters()}
    adapters.init(model)
    for name, parameter in model.named_parameters():
        if name not in own:  # the package gives random biases to a ModernBERT that has none
            torch.nn.init.zeros_(parameter)
    return model


def record() -> None:
    """Write the bases, and the package's adapters with their outputs."""
    from adapters.composition import Stack

    shutil.rmtree(FIXTURES, ignore_errors=True)
    recorded: dict[str, Tensor] = {}
    for base, extra in BASES.items():
        torch.manual_seed(0)
        model = AutoModelForMaskedLM.from_config(AutoConfig.for_model(base, **SIZES, **extra))
        stir(model.parameters(), 1, 0.1)
        model.half().save_pretrained(FIXTURES / base / "base")
        model = their_model(base)
        for number, name in enumerate(names_on(base)):
            model.add_adapter(name, config=ADAPTERS[name])
            own = (parameter for key, parameter in model.named_parameters() if f"adapters.{name}." in key)
            stir(own, 10 + number, 0.3)
            safe = (base, name) != ("bert", "en")
            model.save_adapter(str(FIXTURES / base / name), name, with_head=False, use_safetensors=safe)
        for stack in stacks_on(base):
            model.set_active_adapters(Stack(*stack))
            label = f"{base}/{'+'.join(stack)}"
            recorded.update({f"{label}/{key}": tensor for key, tensor in outputs(model, base).items()})
    save_file(recorded, FIXTURES / "recorded.safetensors")
    for path in FIXTURES.rglob("generation_config.json"):
        path.unlink()
    for path in FIXTURES.rglob("adapter_config.json"):  # where the base lay on this machine is nobody's business
        description = json.loads(path.read_text())
        path.write_text(json.dumps({**description, "model_name": path.parts[-3]}, indent=1, sort_keys=True) + "\n")
    size = sum(path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file())
    print(f"{FIXTURES}: {size / 1000:.0f} kB, {len(recorded)} tensors")


def write(folder: Path) -> None:
    """Write an adapter of ours of each architecture on each base, and its outputs."""
    from isogloss.models.extensions.adapters import Adapters, write_adapter
    from isogloss.models.extensions.adapters.hub_words import ARCHITECTURES

    for base in BASES:
        model = base_model(FIXTURES / base / "base")
        adapters = Adapters(model)
        for number, (architecture, configuration) in enumerate(ARCHITECTURES.items()):
            if base == "albert" and configuration.mh_adapter:
                continue
            adapter = adapters.add(architecture, configuration, seed=0)
            stir(adapter.parameters(), 30 + number, 0.3)
            write_adapter(folder / base / architecture, adapters, architecture, model_name=base)
            with adapters.using(architecture):
                save_file(outputs(model, base), folder / base / f"{architecture}.safetensors")


def check(folder: Path) -> None:
    """Read what `write` has written with the package, and compare the outputs."""
    for base in BASES:
        for path in sorted((folder / base).glob("*.safetensors")):
            model, information = their_model(base), {}
            model.load_adapter(str(path.with_suffix("")), loading_info=information, set_active=True)
            assert not information["missing_keys"] and not information["unexpected_keys"], information
            theirs, ours = outputs(model, base), load_file(path)
            away = {key: float((theirs[key] - ours[key]).abs().max()) for key in ours}
            print(f"{base:12} {path.stem:18} {json.dumps(away)}")
            if (base, path.stem) == ("bert", "double_seq_bn_inv"):
                shutil.copytree(path.with_suffix(""), FIXTURES / "written", dirs_exist_ok=True)
                save_file(theirs, FIXTURES / "written.safetensors")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    {"record": record, "write": write, "check": check}[command](*map(Path, rest))
