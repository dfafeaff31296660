"""All files of a model in a folder on this machine."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import snapshot_download

from isogloss.common.errors import IsoglossError
from isogloss.models.hub import reachable
from isogloss.models.identity import identify
from isogloss.models.shipped import located
from isogloss.models.weight_files import weight_files

_FILES = ["*.json", "*.txt", "*.model", "*.py", "*.md", "*.safetensors"]
_OLDER = ["pytorch_model.bin", "pytorch_model-*.bin"]
_ELSEWHERE = ["onnx/*", "openvino/*", "coreml/*"]


def folder_of(source: str | Path) -> Path:
    """The folder of a model; one on the hub is fetched into the cache of huggingface_hub, PyTorch's weights alone.

    Args:
        source: Local folder, name of a shipped encoder, or id of a model on the hub.

    Raises:
        IsoglossError: There is no such model, it has no weights, or the hub cannot be reached.
    """
    identity, folder = identify(source, weights=True), Path(located(source))
    if folder.is_dir():
        return folder
    for files in (_FILES, [*_FILES, *_OLDER]):
        try:
            folder = Path(
                snapshot_download(
                    str(source),
                    revision=identity["commit"],
                    allow_patterns=files,
                    ignore_patterns=_ELSEWHERE,
                    local_files_only=not reachable(),
                )
            )
        except Exception as error:  # whatever the HTTP library of the day raises
            raise IsoglossError(f"model {str(source)!r}: cannot be had from the hub: {error}") from error
        if any(path.suffix == ".safetensors" for path in weight_files(folder)):
            return folder
    identify(folder, weights=True)  # says what is missing
    return folder
