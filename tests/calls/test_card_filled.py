"""The card of a finished model with all that is known of it, escaped, checked and uploaded."""

from __future__ import annotations

import base64
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard
from huggingface_hub.repocard import metadata_load
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

import isogloss
from isogloss.catalogue import SETS
from isogloss.common.writing import write_json
from isogloss.data import Table
from isogloss.examples import LabelledText
from tests.support.hub import point_at
from tests.support.runs import rows_of, short

DRAWS = 200
HUB = "https://huggingface.co/me/mine"


def filled(run: Path, **arguments: Any) -> str:
    return isogloss.card(run, draws=DRAWS, **arguments).read_text("utf-8")


def test_it_says_what_the_run_folder_knows(run: Path):
    text = filled(run, licence="apache-2.0")
    for heading in ("How to load it", "Scores", "Weak languages", "Data", "Protocol", "Cost"):
        assert f"\n## {heading}\n" in text
    assert "licence" in text and "not known: ask who made them" in text
    assert re.search(r"\| pos +\| fr +\| dev +\| [\d.]+†? +\| [\d.]+ to [\d.]+ +\|", text)
    assert "- selection: source-dev" in text and "- steps: 6" in text and "TFLOP" in text
    assert "Measured in de, en, fr, ru; in other languages nothing is known." in text
    assert str(run) not in text


def test_the_hub_reads_its_metadata(run: Path):
    isogloss.card(run, licence="apache-2.0", draws=DRAWS)
    place = run / "model/README.md"
    metadata, card = metadata_load(place), ModelCard.load(place)
    name, results = model_index_to_eval_results(metadata["model-index"])
    assert eval_results_to_model_index(name, results) == metadata["model-index"]
    told = card.data.to_dict()
    assert (told["license"], told["library_name"]) == ("apache-2.0", "transformers")
    stored = {row["language"]: row["value"] for row in rows_of(run) if row["selection"] and row["metric"] == "accuracy"}
    assert {one.dataset_config: one.metric_value for one in results} == pytest.approx(stored, abs=1e-4)


def test_it_may_be_filled_again_but_not_over_what_somebody_wrote(run: Path):
    text = filled(run)
    assert filled(run) == text
    place = run / "model/README.md"
    place.write_text(f"My own words.\n{text}", encoding="utf-8")
    with pytest.raises(isogloss.IsoglossError, match=r"changed by hand.*--overwrite"):
        isogloss.card(run)
    assert filled(run, overwrite=True) == text


def test_data_of_the_catalogue_have_their_licence(run: Path, world: Path, tmp_path: Path):
    recipe = run / "recipe.yaml"
    local = tmp_path / "copy"
    recipe.write_text(recipe.read_text("utf-8").replace(str(world / "pos"), str(local)), encoding="utf-8")
    local.mkdir()
    write_json(local / "manifest.json", {"name": "wikiann", "files": {}})
    (local / "en").mkdir()
    (local / "en/dev.conllu").write_text("1\tta\t_\tNOUN\t_\t_\t0\troot\t_\t_\n\n")
    text = filled(run)
    public = SETS["wikiann"]
    assert public.repository.id in ModelCard(text).data.datasets
    assert public.repository.id.replace("_", r"\_") in text


HOSTILE = ("a|b\\|c", "<script>alert(1)</script>", "[x](https://evil.example)", "`code` *bold*", "--- y: !!python")


def test_labels_of_the_user_are_shown_and_do_nothing(world: Path, tmp_path: Path):
    form = Table(columns={"text": "text", "label": "label"})
    for split in ("train", "dev"):
        rows = [LabelledText(str(n), "en", f"ta {n}", None, label) for n, label in enumerate(HOSTILE * 2)]
        path = tmp_path / f"en/{split}.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(form.dump(rows))
    name = "n|<b>*\n---\nevil: 1\n---\n# T"
    data = {"task": "topic", "format": "tsv", "path": f"{tmp_path}/{{language}}/{{split}}.tsv", "name": name}
    data["columns"] = {"text": "text", "label": "label"}
    isogloss.train(short("topic", world, data=[data], test=False, steps=1), output=tmp_path / "run")
    for text in ((tmp_path / "run/model/README.md").read_text("utf-8"), filled(tmp_path / "run")):
        metadata = ModelCard(text).data.to_dict()
        assert "evil" not in metadata
        body = ModelCard(text).text
        prose = re.sub("```.*?```", "", body, flags=re.DOTALL)
        assert "<script" not in prose and "<b>" not in prose and "](https" not in prose and "`code`" not in prose
        assert "\n# T" not in prose and "\n---\n" not in prose and "https://evil" not in prose
        assert r"a\|b\\\|c" in prose and "&lt;script&gt;" in prose
        for table in re.findall(r"(?:^\|.*\n)+", prose, re.M):
            cells = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in table.splitlines()}
            assert len(cells) == 1, table


class Uploaded(dict[str, Any]):
    """What a hub was sent."""


@contextmanager
def taking(uploaded: Uploaded, refusal: str | None = None) -> Iterator[str]:
    """A hub that takes a model: it checks cards, makes repositories and keeps the files of commits."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/api/validate-yaml":
                uploaded["validated"] = json.loads(content)["content"]
                self._answer(400 if refusal else 200, refusal or "{}")
            elif self.path == "/api/repos/create":
                uploaded["created"] = json.loads(content)
                self._answer(200, json.dumps({"url": HUB, "id": "me/mine", "name": "me/mine"}))
            elif "/preupload/" in self.path:
                asked = json.loads(content)["files"]
                modes = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in asked]
                self._answer(200, json.dumps({"files": modes}))
            else:
                lines = [json.loads(line)["value"] for line in content.splitlines()]
                uploaded["files"] = {
                    one["path"]: base64.b64decode(one["content"]) for one in lines if one.get("encoding") == "base64"
                }
                done = {"success": True, "commitUrl": f"{HUB}/commit/1", "commitOid": "1", "hookOutput": ""}
                self._answer(200, json.dumps(done))

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            self._answer(404, "{}")

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_the_hub_gets_the_model_with_its_card(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    uploaded = Uploaded()
    with taking(uploaded) as url:
        point_at(url, tmp_path / "cache", monkeypatch)
        text = filled(run, push="me/mine")
    assert uploaded["created"].get("private") is True or uploaded["created"]["visibility"] == "private"
    assert uploaded["validated"] == text
    assert uploaded["files"]["README.md"].decode() == text
    assert uploaded["files"].keys() >= {"model.safetensors", "config.json", "tokenizer.json"}


def test_what_the_hub_says_against_it_is_told(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    uploaded = Uploaded()
    with taking(uploaded, refusal="license must be one of") as url:
        point_at(url, tmp_path / "cache", monkeypatch)
        with pytest.raises(isogloss.IsoglossError, match="does not take 'me/mine': license must be one of"):
            filled(run, push="me/mine", licence="mine")
    assert "created" not in uploaded


def test_every_task_can_be_filled(trained: Callable[[str], Path], tmp_path: Path):
    for task in ("qa", "choice"):
        copy = Path(shutil.copytree(trained(task), tmp_path / task))
        assert "## Weak languages" in filled(copy)
