"""Knowledge in folders: Parquet and JSON lines hold the same, and what is wrong is said with file and row."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data.knowledge import Description, Fact, Linked, Mention
from isogloss.data.knowledge_files import KnowledgeFolder, write_knowledge

ROWS: dict[str, list[dict[str, Any]]] = {
    "sentences": [
        {
            "text": "Ada lives in Rome.",
            "language": "en",
            "mentions": [{"start": 0, "end": 3, "entity": "Q1"}, {"start": 13, "end": 17, "entity": "Q2"}],
            "page": "Ada",
        },
        {"text": "罗马很大。", "language": "zh", "mentions": [{"start": 0, "end": 2, "entity": "Q2"}], "page": "罗马"},
        {"text": "Nothing here.", "language": "en", "mentions": [], "page": "Ada"},
    ],
    "descriptions": [
        {"entity": "Q1", "language": "en", "text": "A person.", "title": "Ada"},
        {"entity": "Q2", "language": "zh", "text": "一座城市。", "title": "罗马"},
    ],
    "facts": [{"subject": "Q1", "relation": "P551", "object": "Q2"}],
    "relations": [{"relation": "P551", "language": "en", "label": "residence"}],
}

MENTIONS = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32()), ("entity", pa.string())]))


def write_parquet(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part, own in rows.items():
        table = pa.Table.from_pylist(own)
        if part == "sentences":
            place = table.schema.get_field_index("mentions")
            table = table.set_column(place, "mentions", pa.array([row["mentions"] for row in own], MENTIONS))
        pq.write_table(table, folder / f"{part}-00000.parquet", row_group_size=2)
    return folder


def write_lines(folder: Path, rows: dict[str, list[dict[str, Any]]], *, pack: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part, own in rows.items():
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in own).encode()
        path = folder / f"{part}-0.jsonl{'.gz' * pack}"
        path.write_bytes(gzip.compress(content) if pack else content)
    return folder


@pytest.mark.parametrize(
    "write", [write_parquet, write_lines, lambda folder, rows: write_lines(folder, rows, pack=True)],
    ids=["parquet", "lines", "packed"],
)  # fmt: skip
def test_every_format_holds_the_same(write: Callable[[Path, dict[str, Any]], Path], tmp_path: Path):
    read = KnowledgeFolder(write(tmp_path / "corpus", ROWS))
    assert list(read.sentences()) == [
        Linked("Ada lives in Rome.", "en", (Mention(0, 3, "Q1"), Mention(13, 17, "Q2"))),
        Linked("罗马很大。", "zh", (Mention(0, 2, "Q2"),)),
        Linked("Nothing here.", "en", ()),
    ]
    assert list(read.languages()) == ["en", "zh", "en"]
    assert list(read.descriptions()) == [
        Description("Q1", "en", "A person.", "Ada"),
        Description("Q2", "zh", "一座城市。", "罗马"),
    ]
    assert list(read.facts()) == [Fact("Q1", "P551", "Q2")]
    assert list(read.relations()) == [Description("P551", "en", "residence")]
    assert len(read.identity()) == 4


def test_shards_follow_each_other_and_formats_may_stand_side_by_side(tmp_path: Path):
    folder = write_parquet(tmp_path / "corpus", ROWS)
    more = {"sentences": [{"text": "More.", "language": "en", "mentions": None}]}
    (folder / "sentences-00001.jsonl").write_text(json.dumps(more["sentences"][0]) + "\n", encoding="utf-8")
    assert [sentence.text for sentence in KnowledgeFolder(folder).sentences()][-1] == "More."


def test_what_is_written_is_read_again(tmp_path: Path):
    read = KnowledgeFolder(write_parquet(tmp_path / "corpus", ROWS))
    write_knowledge(tmp_path / "again", read)
    again = KnowledgeFolder(tmp_path / "again")
    for part in ("sentences", "descriptions", "facts", "relations"):
        assert list(getattr(again, part)()) == list(getattr(read, part)())


def test_identity_follows_the_content(tmp_path: Path):
    folder = write_lines(tmp_path / "corpus", ROWS)
    before = KnowledgeFolder(folder).identity()
    path = folder / "facts-0.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("Q2", "Q1"), encoding="utf-8")
    after = KnowledgeFolder(folder).identity()
    assert [name for name in before if before[name] != after[name]] == [str(path)]


def changed(part: str, number: int, **values: Any) -> dict[str, list[dict[str, Any]]]:
    rows = {name: [dict(row) for row in own] for name, own in ROWS.items()}
    rows[part][number] |= values
    return rows


@pytest.mark.parametrize(
    ("part", "number", "values", "message"),
    [
        (
            "sentences",
            1,
            {"mentions": [{"start": 0, "end": 9, "entity": "Q2"}]},
            r"sentences-0.*: row 2: start and end of a mention .* 0 <= start < end <= 5, found 0 and 9 of 'Q2'",
        ),
        ("sentences", 0, {"mentions": [{"start": 3, "end": 3, "entity": "Q1"}]}, r"row 1: .*found 3 and 3 of 'Q1'"),
        ("sentences", 0, {"mentions": [{"start": -1, "end": 3, "entity": "Q1"}]}, r"row 1: .*found -1 and 3 of 'Q1'"),
        ("sentences", 0, {"mentions": [{"start": 0, "end": 3, "entity": ""}]}, r"row 1: entity must be a text that"),
        ("sentences", 2, {"text": " "}, r"row 3: text must be a text that is not empty, found ' '"),
        ("sentences", 2, {"language": ""}, r"row 3: language must be a text that is not empty"),
        ("descriptions", 1, {"text": ""}, r"descriptions-0.*: row 2: text must be a text that is not empty"),
        ("facts", 0, {"object": ""}, r"facts-0.*: row 1: object must be a text that is not empty, found ''"),
        ("relations", 0, {"label": ""}, r"relations-0.*: row 1: label must be a text that is not empty"),
    ],
)
@pytest.mark.parametrize("write", [write_parquet, write_lines])
def test_a_bad_row_is_named(
    part: str, number: int, values: dict[str, Any], message: str, write: Callable[..., Path], tmp_path: Path
):
    read = KnowledgeFolder(write(tmp_path / "corpus", changed(part, number, **values)))
    with pytest.raises(IsoglossError, match=message):
        list(getattr(read, part)())


@pytest.mark.parametrize("write", [write_parquet, write_lines])
def test_a_missing_column_is_named(write: Callable[..., Path], tmp_path: Path):
    rows = {**ROWS, "facts": [{"subjekt": "Q1", "relation": "P551", "object": "Q2"}]}
    with pytest.raises(IsoglossError, match=r"facts-0.*: has no 'subject'; did you mean 'subjekt'"):
        list(KnowledgeFolder(write(tmp_path / "corpus", rows)).facts())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", r"sentences-0\.jsonl: row 1: not JSON"),
        (b"[]", r"row 1: must be an object, found '\[\]'"),
        (b'{"text": "a", "language": "en"}', r"row 1: has no 'mentions'"),
        (
            b'{"text": "a", "language": "en", "mentions": {}}',
            r"row 1: mentions must be a list of start, end and entity",
        ),
        (b'{"text": "a", "language": "en", "mentions": [{}]}', r"row 1: a mention must have start, end and entity"),
        (b"\xff", r"row 1: not UTF-8"),
    ],
)
def test_a_broken_line_is_named(line: bytes, message: str, tmp_path: Path):
    folder = write_lines(tmp_path / "corpus", ROWS)
    (folder / "sentences-0.jsonl").write_bytes(line + b"\n")
    with pytest.raises(IsoglossError, match=message):
        list(KnowledgeFolder(folder).sentences())


def test_a_broken_file_is_named(tmp_path: Path):
    folder = write_parquet(tmp_path / "corpus", ROWS)
    (folder / "facts-00000.parquet").write_bytes(b"PAR1nothing")
    with pytest.raises(IsoglossError, match=r"facts-00000\.parquet: not a whole Parquet file"):
        list(KnowledgeFolder(folder).facts())
    packed = write_lines(tmp_path / "packed", ROWS, pack=True)
    path = packed / "facts-0.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(IsoglossError, match=r"facts-0\.jsonl\.gz: not a whole gzip file"):
        list(KnowledgeFolder(packed).facts())


def test_a_folder_without_sentences_is_no_knowledge(tmp_path: Path):
    with pytest.raises(IsoglossError, match=r"nowhere: no such folder of knowledge"):
        KnowledgeFolder(tmp_path / "nowhere")
    with pytest.raises(IsoglossError, match=r"holds no sentences \(sentences-\*\.parquet, sentences-\*\.jsonl"):
        KnowledgeFolder(tmp_path)
