"""The files of mLAMA: facts, templates and candidates as they stand there, and errors with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data.mlama import Gap, mlama_languages, read_mlama
from tests.support.mlama import write_mlama, write_rows


def test_relations_with_facts_and_their_candidates(tmp_path: Path):
    folder = write_mlama(tmp_path / "mlama")
    assert mlama_languages(folder) == mlama_languages(folder / "mlama1.1") == ("de", "en")
    first, second = read_mlama(folder, "en")  # P3 has no file
    assert (first.relation, first.template) == ("P1", "the [X] saw [Y] .")
    both = frozenset(("water", "old river house"))
    assert first.gaps == (
        Gap("3", "king", "water", both),
        Gap("5", "king", "old river house", both),
        Gap("6", "bread", "water", frozenset(("water",))),
        Gap("7", "river", "sa", frozenset(("sa",))),
    )
    assert first.candidates == ("water", "sa", "old river house", "the", "house")
    assert second.candidates == ("house", "old house")
    assert [gap.id for gap in second.gaps] == ["1", "2"]
    assert read_mlama(folder / "mlama1.1", "en") == [first, second]


def test_an_object_that_is_no_candidate_becomes_one_and_a_fact_counts_once(tmp_path: Path):
    folder = write_mlama(tmp_path / "mlama")
    path = folder / "mlama1.1" / "en" / "P1.jsonl"
    write_rows(path, [{"sub_label": "king", "obj_label": "gave"}] * 2)
    (relation, _) = read_mlama(folder, "en")
    assert relation.candidates[-1] == "gave" and len(relation.gaps) == 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "mlama1.1/en/templates.jsonl",
            '{"relation": "P1", "template": "[X] saw"}',
            r"templates.jsonl:1: .*\[Y\] once",
        ),
        ("mlama1.1/en/templates.jsonl", '{"relation": "P1"}', r"templates.jsonl:1: .*must have the text 'template'"),
        (
            "mlama1.1/en/P1.jsonl",
            '\n{"sub_label": "x", "obj_labl": "y"}',
            r"P1.jsonl:2: .*'obj_label'; did you mean 'obj_labl'",
        ),
        ("mlama1.1/en/P1.jsonl", "[1]", r"P1.jsonl:1: .*must be an object"),
        ("mlama1.1/en/P1.jsonl", "{", r"P1.jsonl:1: "),
        ("TREx_multilingual_objects/en.json", '{"P1": ["a"]}', r"en.json: .*P1 must have a list of names"),
        ("TREx_multilingual_objects/en.json", '["a"]', r"en.json: .*the file must have a list of names"),
        ("TREx_multilingual_objects/en.json", "{", r"en.json:1: "),
    ],
)
def test_errors_have_file_and_line(name: str, text: str, message: str, tmp_path: Path):
    folder = write_mlama(tmp_path / "mlama")
    (folder / name).write_text(text + "\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match=message):
        read_mlama(folder, "en")


def test_what_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(IsoglossError, match="no data of mLAMA"):
        mlama_languages(tmp_path)
    folder = write_mlama(tmp_path / "mlama")
    with pytest.raises(IsoglossError, match=r"has nothing in 'ee' .*valid: de, en"):
        read_mlama(folder, "ee")
    (folder / "mlama1.1" / "de" / "P1.jsonl").unlink()
    with pytest.raises(IsoglossError, match="has templates, but no fact"):
        read_mlama(folder, "de")
