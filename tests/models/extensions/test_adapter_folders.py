"""Where the folder of an adapter is: on this machine, or on the hub."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.adapters import (
    adapter_folder,
    read_adapter,
)
from tests.support.hub_adapters import BIN, CONFIG, model_with
from tests.support.record_adapters import FIXTURES


def test_a_folder_on_this_machine(tmp_path: Path) -> None:
    folder, identity = adapter_folder(FIXTURES / "bert" / "en")
    assert (folder, identity["source"]) == (FIXTURES / "bert" / "en", str(FIXTURES / "bert" / "en"))
    assert identity["sha256"].keys() == {CONFIG, BIN}
    assert identity["sha256"] != adapter_folder(FIXTURES / "bert" / "de")[1]["sha256"]
    with pytest.raises(IsoglossError, match=r"adapter folder '.*' has no adapter_config\.json"):
        adapter_folder(tmp_path)
    with pytest.raises(IsoglossError, match="neither a folder nor an id on the hub"):
        adapter_folder("nowhere")


def test_a_former_id_says_what_it_is_called_now() -> None:
    with pytest.raises(IsoglossError, match=r"'AdapterHub/xlm-roberta-base-en-wiki_pfeiffer'"):
        adapter_folder("en/wiki@ukp")


COMMIT = "a" * 40


def test_an_id_on_the_hub_is_found_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network: the commit that the branch had when it was last asked for."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / "models--AdapterHub--bert-en-wiki_pfeiffer"
    shutil.copytree(FIXTURES / "bert" / "en", repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    folder, identity = adapter_folder("AdapterHub/bert-en-wiki_pfeiffer")
    assert folder == repository / "snapshots" / COMMIT
    assert identity == {"source": "AdapterHub/bert-en-wiki_pfeiffer", "commit": COMMIT}
    _, adapters = model_with("bert")
    assert read_adapter(folder, adapters).name == "en"
    with pytest.raises(IsoglossError, match="adapter 'AdapterHub/none' is neither a local folder nor to be had"):
        adapter_folder("AdapterHub/none")


def test_an_id_on_the_hub_is_fetched_at_its_newest_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def download(identifier: str, **options: Any) -> str:
        asked.update(options, identifier=identifier)
        shutil.copytree(FIXTURES / "bert" / "en", tmp_path / COMMIT)
        return str(tmp_path / COMMIT)

    class Hub:
        def model_info(self, identifier: str, timeout: float) -> Any:
            return type("Info", (), {"sha": COMMIT})

    monkeypatch.setattr("isogloss.models.extensions.adapters.hub_ids.HfApi", Hub)
    monkeypatch.setattr("isogloss.models.extensions.adapters.hub_ids.snapshot_download", download)
    folder, identity = adapter_folder("AdapterHub/bert-en-wiki_pfeiffer")
    assert (folder, identity["commit"]) == (tmp_path / COMMIT, COMMIT)
    assert (asked["identifier"], asked["revision"]) == ("AdapterHub/bert-en-wiki_pfeiffer", COMMIT)
    assert BIN in asked["allow_patterns"] and not asked["local_files_only"]
