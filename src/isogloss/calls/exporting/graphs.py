"""Models as graphs of ONNX: written, cut to 8 bits, and run."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.protocols import Batch

FILE = "model.onnx"
OUTPUTS = ("logits",)
ENDS = ("start_logits", "end_logits")


def write_graph(path: Path, model: nn.Module, batch: Batch, within: AbstractContextManager[None]) -> None:
    """Write what a model computes as a graph in which every dimension of its inputs may have another size.

    Args:
        path: The file; weights beyond 1.5 GB lie beside it in ``model.onnx.data``.
        model: The model, on the CPU and without dropout.
        batch: Examples, at least two, by which its way is followed; of its inputs, all are inputs of the graph.
        within: What is active while its way is followed, as a stack of adapters.

    Raises:
        IsoglossError: torch cannot follow the model.
    """
    names = [*batch.inputs]
    tensors = tuple(batch.inputs[name] for name in names)
    sizes = tuple(dict.fromkeys(range(tensor.dim()), torch.export.Dim.DYNAMIC) for tensor in tensors)
    ends = "question" in type(model).__name__.lower()
    try:
        with _quiet(), torch.no_grad(), within:
            torch.onnx.export(
                _Followed(model, names).eval(),
                tensors,
                str(path),
                dynamo=True,
                input_names=names,
                output_names=list(ENDS if ends else OUTPUTS),
                dynamic_shapes=(sizes,),
                external_data=False,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error).strip().splitlines()[0]
        raise IsoglossError(f"to: torch makes no graph of a {type(model).__name__}: {reason}; nearest: hf") from error


def quantise(path: Path) -> None:
    """Cut the weights of matrix products and tables in a graph to 8 bits, each output channel with a scale of its own.

    Activations are cut while it runs, by the range that each has then (dynamic quantisation), so that nothing has to be
    calibrated on data.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic  # slow to import, and not always there

    # Apart, since weights that lie beside a large graph have the same name before and after.
    apart, large = path.parent / ".whole", path.with_name(f"{path.name}.data").exists()
    apart.mkdir()
    for own in [*path.parent.glob(f"{path.name}*")]:
        own.rename(apart / own.name)
    with _quiet():
        quantize_dynamic(
            apart / path.name, path, per_channel=True, weight_type=QuantType.QInt8, use_external_data_format=large
        )
    shutil.rmtree(apart)


class Runtime(nn.Module):
    """A graph in onnxruntime on the CPU, which is called as the model that it was made of.

    Args:
        path: The file.
        threads: Threads of one operation; None: as onnxruntime chooses.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        super().__init__()
        import onnxruntime  # not always there

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors; it warns of every initialiser that it drops
        options.intra_op_num_threads = threads or 0
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]
        self._taken = {entry.name for entry in self._session.get_inputs()}
        self.place = nn.Parameter(torch.empty(0), requires_grad=False)  # says on which device inputs are wanted

    def forward(self, **inputs: Tensor) -> SimpleNamespace:
        """The outputs by name, for inputs by name."""
        fed = {name: tensor.numpy() for name, tensor in inputs.items() if name in self._taken}
        found = self._session.run(None, fed)
        return SimpleNamespace(**dict(zip(self._names, map(torch.from_numpy, found), strict=True)))


class _Followed(nn.Module):
    """A model that takes its inputs one after the other, and gives tensors alone."""

    def __init__(self, model: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model, self._input_names = model, tuple(names)

    def forward(self, *tensors: Tensor) -> Any:  # noqa: ANN401 - one tensor or two
        output = self.model(**dict(zip(self._input_names, tensors, strict=True)))
        return (output.start_logits, output.end_logits) if hasattr(output, "start_logits") else output.logits


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch and onnxruntime say of their own insides, which no user can mend."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir", "root", "")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
