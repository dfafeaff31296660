"""`isogloss probe` on the command line: flags reach their kind, others are refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.command import Command, require_error
from tests.support.mlama import write_mlama


def test_each_kind_takes_its_flags(command: Command, text_world: Path, tmp_path: Path):
    model, rows = str(text_world / "encoder"), tmp_path / "rows.jsonl"
    corpus, facts = ("--corpus", str(text_world / "knowledge")), ("--data", str(write_mlama(tmp_path / "mlama")))
    entry = f"{{format: tsv, path: '{text_world}/text/{{language}}.tsv.gz', columns: {{text: 1}}}}"
    for kind, *flags in (
        ("entity-retrieval", *corpus, "--mention", "shown", "--no-heads", "--centred", "--limit", "5"),
        ("object-entailment", *corpus, "--candidates", "4", "--layer", "1"),
        ("cloze", *facts, "--limit", "2"),
        ("decoding", *facts, "--order", "confidence", "--masks", "2"),
        (
            "perplexity",
            "--text",
            f"{text_world}/plain/{{language}}.txt",
            "--hide",
            "each",
            "--length",
            "9",
            "--limit",
            "3",
        ),
        ("perplexity", "--text", entry, "--languages", "fr,ru", "--limit", "3"),
    ):
        done = command("probe", model, "--kind", kind, "--output", str(rows), *flags)
        assert done.status == 0, done.err
        assert "chance" in done.out
    found = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    assert {(row["task"], row["metric"]) for row in found} == {
        ("entity-retrieval", "accuracy_at_1_mention_shown_without_heads_centred"),
        ("entity-retrieval", "mrr_mention_shown_without_heads_centred"),
        ("object-entailment", "accuracy_at_1_without_heads"),
        ("object-entailment", "mrr_without_heads"),
        ("cloze", "accuracy_at_1"),
        ("cloze", "mrr"),
        ("decoding", "accuracy_confidence"),
        ("perplexity", "pseudo_perplexity"),
        ("perplexity", "perplexity"),
    }


def test_what_a_kind_does_not_take_is_refused(command: Command, text_world: Path):
    model = str(text_world / "encoder")
    require_error(
        command("probe", model, "--kind", "cloze", "--hide", "each"), "hide: the probe cloze has no such setting"
    )
    require_error(command("probe", model, "--kind", "clozes"), "kind: no probe 'clozes'; did you mean 'cloze'")
