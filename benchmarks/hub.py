"""Forward and backward passes through adapters, ours and the `adapters` package's, each in its own environment.

``PYTHON -m benchmarks.hub SIDE FOLDER NAME ...`` is such a process: it reads a BERT and the stack of adapters NAME ...
from the folder, and for each line on its input takes passes and prints their figures as JSON. So nothing of ours, nor
of the package, may be imported here outside its own side. Only the last adapter of the stack has gradients.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel
from transformers.utils import logging

SEED = 0
OURS, THEIRS = "isogloss", "the adapters package"
BASE, LANGUAGE, TASK = "base", "language", "task"
REDUCTIONS = {LANGUAGE: 2, TASK: 16}
"""Those of MAD-X."""
STACKS = {"a task adapter": (TASK,), "a task adapter after that of a language": (LANGUAGE, TASK)}


@dataclass(frozen=True)
class Shape:
    """How large everything is.

    Attributes:
        layers: Layers of the encoder.
        hidden: Its width.
        vocabulary: Rows of its table.
        batch_size: Texts per batch.
        length: Sub-words per text; a quarter of them is padding in every second text.
        steps: Timed passes per round.
    """

    layers: int
    hidden: int
    vocabulary: int
    batch_size: int
    length: int
    steps: int


TWELVE = Shape(layers=12, hidden=384, vocabulary=8000, batch_size=16, length=64, steps=3)
TOY = Shape(layers=2, hidden=16, vocabulary=50, batch_size=2, length=8, steps=2)
"""Small enough for a test; its numbers mean nothing."""


def configuration(shape: Shape) -> BertConfig:
    """That of the encoder, without dropout, so that both sides compute the same."""
    return BertConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=4 * shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=max(1, shape.hidden // 64),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )


def write_shape(shape: Shape, folder: Path) -> None:
    """Keep the shape beside the weights."""
    (folder / "shape.json").write_text(json.dumps(asdict(shape)), encoding="utf-8")


def in_turn(folder: Path, pythons: Mapping[str, str], stack: Sequence[str], rounds: int) -> dict[str, list[Any]]:
    """The figures of each round of each side, whose processes take turns; every second round the other way round.

    Round 0 warms up and is thrown away.

    Args:
        folder: What `benchmarks.adapters.write` has written.
        pythons: By side, the interpreter that runs it.
        stack: Names of the adapters.
        rounds: How many rounds are kept.

    Raises:
        RuntimeError: A process has ended.
    """
    figures: dict[str, list[Any]] = {side: [] for side in pythons}
    with ExitStack() as open_processes:
        processes = {
            side: open_processes.enter_context(
                subprocess.Popen(
                    [python, "-m", "benchmarks.hub", side, str(folder), *stack],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=Path(__file__).parents[1],
                )
            )
            for side, python in pythons.items()
        }
        for number in range(rounds + 1):
            for side in processes if number % 2 else reversed(list(processes)):
                figures[side].append(_ask(processes[side], side))
    return {side: rows[1:] for side, rows in figures.items()}


def _ask(process: subprocess.Popen[str], side: str) -> Any:  # noqa: ANN401 - JSON
    assert process.stdin is not None and process.stdout is not None
    with suppress(BrokenPipeError):  # what it has to say stands on the error stream already
        print(flush=True, file=process.stdin)
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{side}: its process has ended")
    return json.loads(line)


def ours(folder: Path, stack: Sequence[str]) -> torch.nn.Module:
    """A model with our adapters, of which the last is trained."""
    from isogloss.models.extensions import attach
    from isogloss.models.extensions.adapters import NAME, Adapters, read_adapter

    model = BertModel.from_pretrained(folder / BASE, add_pooling_layer=False)
    adapters = Adapters(model)
    attach(model, NAME, adapters)
    for name in stack:
        read_adapter(folder / name, adapters, name)
    model.requires_grad_(False)
    adapters[stack[-1]].requires_grad_(True)
    adapters.activate(*stack)
    return model


def theirs(folder: Path, stack: Sequence[str]) -> torch.nn.Module:
    """The same with the package's."""
    import adapters  # type: ignore[import-not-found]
    from adapters.composition import Stack  # type: ignore[import-not-found]

    model: Any = BertModel.from_pretrained(folder / BASE, add_pooling_layer=False)
    adapters.init(model)
    for name in stack:
        model.load_adapter(str(folder / name), load_as=name)
    model.train_adapter(stack[-1])
    model.set_active_adapters(Stack(*stack))
    return model  # type: ignore[no-any-return]


SIDES = {OURS: ours, THEIRS: theirs}


class Passes:
    """Takes forward and backward passes over one batch.

    Args:
        model: A model of either side.
        shape: How large everything is.
    """

    def __init__(self, model: torch.nn.Module, shape: Shape) -> None:
        self.model, self.steps = model.train(), shape.steps
        random = torch.Generator().manual_seed(SEED)
        size = (shape.batch_size, shape.length)
        mask = torch.ones(size, dtype=torch.long)
        mask[1::2, -shape.length // 4 :] = 0
        self.inputs = {"input_ids": torch.randint(5, shape.vocabulary, size, generator=random), "attention_mask": mask}
        self.weights = torch.randn(shape.hidden, generator=random)
        self.trained = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def __call__(self) -> dict[str, Any]:
        """Processor time of each pass, the loss, the norm of the gradient and how many numbers are trained."""
        gc.collect()
        seconds = []
        for _ in range(self.steps):
            began = time.process_time()
            loss = (self.model(**self.inputs).last_hidden_state @ self.weights).square().mean()
            loss.backward()
            seconds.append(time.process_time() - began)
            norm = torch.nn.utils.get_total_norm([p.grad for p in self.trained if p.grad is not None])
            self.model.zero_grad(set_to_none=True)
        size = sum(parameter.numel() for parameter in self.trained)
        return {"seconds": seconds, "loss": loss.item(), "gradient": norm.item(), "trained": size}


def main() -> None:
    """One side, in this process."""
    side, folder, *stack = sys.argv[1:]
    torch.set_num_threads(1)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    shape = Shape(**json.loads((Path(folder) / "shape.json").read_text(encoding="utf-8")))
    passes = Passes(SIDES[side](Path(folder), stack), shape)
    for _ in sys.stdin:
        print(json.dumps(passes()), flush=True)


if __name__ == "__main__":
    main()
