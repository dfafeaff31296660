"""`isogloss.project`: tags of originals on their translations, learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.data import ConllU
from isogloss.data.conll import TokenTag
from isogloss.data.problems import Problems
from isogloss.data.soft_tags import SoftTagLines
from isogloss.translation.alignment import Aligner
from tests.support.runs import short
from tests.support.world import SIZES, entry


def recipe(task: str, world: Path, folder: Path, **changes: Any) -> dict[str, Any]:
    data = {**entry(task, world / task), "translations": {"train": {"path": f"{folder}/{{language}}.tsv"}}}
    whole = short(task, world, steps=2, evaluation_steps=2, train_languages=["en"])
    return {**whole, "data": {**data, **changes}}


def write_copy(task: str, reader: Any, world: Path, folder: Path):
    """Write the training sentences of a task as their own translations."""
    originals = reader.read(next((world / task / "en").glob("train.*")), "en", Problems())
    words = ["".join(f"{place}\t{token}\t_\t_" + 6 * "\t_" + "\n" for place, token in enumerate(one.tokens, 1))
             if task == "pos" else "".join(f"{token}\t_\n" for token in one.tokens) for one in originals]  # fmt: skip
    blocks = (
        f"# sent_id = {one.id}\n# original = {' '.join(one.tokens)}\n{own}\n"
        for one, own in zip(originals, words, strict=True)
    )
    (folder / "de.tsv").write_text("".join(blocks), encoding="utf-8")
    return originals


@pytest.mark.parametrize(("task", "reader"), [("pos", ConllU()), ("ner", TokenTag())])
@pytest.mark.slow
def test_a_copy_gets_the_tags_of_its_original(
    task: str, reader: Any, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Where the words are the same, so are the tags; and they are trained on like any others."""
    originals = write_copy(task, reader, world, tmp_path)
    whole = recipe(task, world, tmp_path)
    found = isogloss.project(whole, to="de", model=world / "encoder")
    assert found[task]["train"]["path"] == f"{tmp_path}/{{language}}.projected.tsv"
    said = capsys.readouterr().err
    number = sum(len(one.tokens) for one in originals)
    assert f"de.projected.tsv: {number} of {number} words have a tag" in said
    assert "lost" not in said
    projected = SoftTagLines().read(tmp_path / "de.projected.tsv", "de", Problems())
    for one, other in zip(projected, originals, strict=True):
        assert one.soft is not None
        assert tuple(one.soft.labels[place] for place in one.soft.shares.argmax(axis=1)) == other.tags
        assert one.soft.shares.sum() == len(one.tokens)
    path = tmp_path / "de.projected.tsv"
    written = path.read_bytes()
    isogloss.project(whole, to="de", model=world / "encoder")  # nothing was changed
    path.write_bytes(written + b"\n")
    with pytest.raises(IsoglossError, match=r"de\.projected\.tsv holds something else .*--overwrite replaces it"):
        isogloss.project(whole, to="de", model=world / "encoder")
    isogloss.project(whole, to="de", model=world / "encoder", overwrite=True)
    assert path.read_bytes() == written
    capsys.readouterr()
    whole["data"] = {**whole["data"], "translations": found[task]}
    # Sentences of files without ids, as those of names here, are paired with their originals all the same.
    isogloss.train({**whole, "translate_train": True, "method": "x_mixup"}, output=tmp_path / "run")
    size = SIZES["train"]["en"]
    assert f"training examples: en {size}, de {size}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("task", "changes", "options", "message"),
    [
        ("topic", {"translations": {}}, {}, "task 'topic' has no tags of tokens"),
        ("pos", {"translations": {}}, {}, "no data entry has translations.train"),
        ("pos", {}, {}, "de.tsv: error: no such file"),
        ("pos", {}, {"batch_size": 0}, "batch_size: at least 1, found 0"),
        ("pos", {}, {"layer": 9}, "layer: the encoder has layers 0 (the embeddings) to 1, found 9"),
        ("pos", {}, {"to": " , "}, "to: names no language"),
        ("pos", {}, {"overrides": ["train_languages=[en,fr]"]}, "projected from one language, found en, fr"),
    ],
)
def test_refused(
    task: str, changes: dict[str, Any], options: dict[str, Any], message: str, world: Path, tmp_path: Path
):
    if "layer" in options:
        write_copy(task, ConllU(), world, tmp_path)
    with pytest.raises(IsoglossError) as caught:
        isogloss.project(
            recipe(task, world, tmp_path, **changes), **{"to": "de", "model": world / "encoder", **options}
        )
    assert message in str(caught.value)


def test_lost_chunks_are_counted_out_of_all(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    originals = TokenTag().read(next((world / "ner" / "en").glob("train.*")), "en", Problems())
    blocks = (
        f"# original = {' '.join(one.tokens)}\n" + "".join(f"{token}\t_\n" for token in one.tokens) for one in originals
    )
    (tmp_path / "de.tsv").write_text("\n".join(blocks), encoding="utf-8")
    # Only the first words of sentences are linked.
    monkeypatch.setattr(Aligner, "__call__", lambda self, pairs: [frozenset({(0, 0)})] * len(pairs))
    isogloss.project(recipe("ner", world, tmp_path), to="de", model=world / "encoder")
    chunks = sum(tag.startswith("B-") for one in originals for tag in one.tags or ())
    first = sum((one.tags or ("",))[0].startswith("B-") for one in originals)
    assert 0 < first < chunks
    assert f"; {chunks - first} of {chunks} chunks were lost" in capsys.readouterr().err
