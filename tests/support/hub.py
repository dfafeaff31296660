"""A hub on this machine: a server that answers as the Hugging Face hub does, over repositories in memory."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pytest
from huggingface_hub import constants

from isogloss.catalogue import Repository
from isogloss.common.arrow import FEATURES, to_parquet


class Hub:
    """The repositories and what was asked for.

    Attributes:
        url: Address of the server.
        asked: Paths of the files that were sent, in order.
        cut: Files of which only the first half is sent, once each.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.cut: set[str] = set()
        self._repositories: dict[tuple[str, str], dict[str, bytes]] = {}

    def put(self, repository: Repository, files: Mapping[str, bytes]) -> None:
        """Add files to a data set."""
        self._repositories.setdefault((repository.id, repository.revision), {}).update(files)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = [unquote(part) for part in urlsplit(request.path).path.strip("/").split("/")]
        if parts[:2] == ["api", "datasets"]:
            self._describe(request, "/".join(parts[2:4]), parts[4], parts[5])
        elif parts[0] == "datasets" and parts[3] == "resolve":
            self._send(request, "/".join(parts[1:3]), parts[4], "/".join(parts[5:]))
        else:
            _reply(request, 404, {"error": "not found"}, {"X-Error-Code": "EntryNotFound"})

    def _describe(self, request: BaseHTTPRequestHandler, name: str, what: str, revision: str) -> None:
        if not any(known == name for known, _ in self._repositories):
            _reply(request, 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            return
        files = self._files(name, revision)
        if files is None:
            _reply(request, 404, {"error": "Invalid rev id"}, {"X-Error-Code": "RevisionNotFound"})
        elif what == "revision":
            siblings = [{"rfilename": path} for path in files]
            _reply(request, 200, {"id": name, "sha": _commit(files), "siblings": siblings, "tags": []})
        else:
            _reply(request, 200, [_listed(path, content) for path, content in files.items()])

    def _send(self, request: BaseHTTPRequestHandler, name: str, revision: str, path: str) -> None:
        files = self._files(name, revision)
        if files is None or path not in files:
            _reply(request, 404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
            return
        content = files[path]
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        request.send_response(206 if start else 200)
        request.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        request.send_header("X-Repo-Commit", _commit(files))
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        if request.command == "GET":
            self.asked.append(path)
            half = path in self.cut
            self.cut.discard(path)
            request.wfile.write(content[start : len(content) // 2 if half else None])

    def _files(self, name: str, revision: str) -> dict[str, bytes] | None:
        """The files of a branch or commit."""
        branches = {branch: files for (known, branch), files in self._repositories.items() if known == name}
        return branches.get(revision) or next(
            (files for files in branches.values() if _commit(files) == revision), None
        )


@contextmanager
def serving(hub: Hub) -> Iterator[None]:
    """Answer requests until the end of the context."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.answer(self)

        do_HEAD = do_GET

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def point_at(url: str, cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `huggingface_hub`, which reads its environment at import, ask this address and keep its cache there."""
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)


def parquet(columns: Mapping[str, list[Any]], labels: Mapping[str, list[str]] | None = None) -> bytes:
    """A Parquet file as `datasets` writes it: class labels are integers, their names are in the schema's metadata."""
    table = pa.table(dict(columns))
    features = {name: {"names": names, "_type": "ClassLabel"} for name, names in (labels or {}).items()}
    listed = {
        name: {"feature": feature, "_type": "List"} if isinstance(columns[name][0], list) else feature
        for name, feature in features.items()
    }
    return to_parquet(table.replace_schema_metadata({FEATURES: json.dumps({"info": {"features": listed}})}))


def _commit(files: Mapping[str, bytes]) -> str:
    return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()


def _listed(path: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {
        "type": "file",
        "path": path,
        "size": len(content),
        "oid": hashlib.sha1(content).hexdigest(),
        "lfs": {"oid": digest, "size": len(content), "pointerSize": 130},
    }


def _reply(request: BaseHTTPRequestHandler, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
    content = json.dumps(body).encode()
    request.send_response(status)
    for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    if request.command == "GET":
        request.wfile.write(content)
