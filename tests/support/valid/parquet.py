"""Random valid Parquet files, of labelled texts or of tagged sentences."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as some

from isogloss.data.parquet import Parquet
from tests.support.odd_text import chunk_tags, words
from tests.support.valid.file import Layout, Valid, unlabelled
from tests.support.valid.records import Records, records


@some.composite
def parquet(draw: some.DrawFn) -> Valid:
    packed = Layout("\n", True, False, draw(some.booleans()))
    if draw(some.booleans()):
        found = draw(records(""))
        coded, names = "label" in found.columns and draw(some.booleans()), ["ja", "nein", "中"]
        rows = found.rows
        if coded:
            rows = [{**row, "label": draw(some.sampled_from([None, *names]))} for row in rows]
            found = Records(found.columns, rows, [draw(some.sampled_from(names)) for _ in rows], found.usual)
        values: dict[str, list[Any]] = {
            name: [
                (-1 if row[ours] is None else names.index(str(row[ours]))) if coded and ours == "label" else row[ours]
                for row in rows
            ]
            for ours, name in found.columns.items()
        }
        numbers = found.columns["label"] if coded else None
        kinds = {name: pa.int64() if name == numbers else pa.string() for name in values}
        table = pa.table({name: pa.array(column, kinds[name]) for name, column in values.items()})
        if coded:
            features = {found.columns["label"]: {"names": names, "_type": "ClassLabel"}}
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        examples = found.examples(range(1, len(rows) + 1))
        warned = unlabelled([example[3] for example in examples]) if "label" in found.columns else []
        reader, predictions = Parquet(found.named()), list[Any](found.predicted)
        again = Parquet(found.named_again())
    else:
        tokens = draw(some.lists(some.lists(words(""), min_size=1, max_size=4), min_size=1, max_size=3))
        tags = [draw(chunk_tags(len(sentence))) for sentence in tokens]
        names = ["O", "B-PER", "I-PER", "B-ישוב", "I-ישוב"]
        coded = draw(some.booleans())
        written = [[names.index(tag) for tag in sentence] for sentence in tags] if coded else tags
        table = pa.table({"tokens": tokens, "ner_tags": written})
        if coded:
            features = {"ner_tags": {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "List"}}
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        pairs = enumerate(zip(tokens, tags, strict=True), start=1)
        examples = [(str(row), tuple(sentence), tuple(own), row) for row, (sentence, own) in pairs]
        reader = again = Parquet()
        predictions, warned = [tuple(draw(chunk_tags(len(sentence)))) for sentence in tokens], []
    content = io.BytesIO()
    pq.write_table(table, content)
    stored = packed.pack(content.getvalue())
    return Valid(reader, packed.name("a.parquet"), stored, examples, predictions, None, warned, again)
