"""`isogloss probe` of facts with a gap: typed cloze and decoding equal literal transcriptions, one row at a time."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

import isogloss
from isogloss.common.errors import IsoglossError
from isogloss.data.mlama import read_mlama
from isogloss.diagnostics.knowledge.gaps import GapForm
from isogloss.recipe.build.text import build_frame
from tests.support.mlama import write_mlama, write_rows


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mlama(tmp_path_factory.mktemp("facts") / "mlama")


@pytest.fixture(scope="module")
def form(text_world: Path) -> GapForm:
    tokenizer = AutoTokenizer.from_pretrained(text_world / "encoder")
    frame, mask = build_frame(tokenizer), tokenizer.mask_token_id
    return GapForm(tokenizer.backend_tokenizer, frame, mask, 40)


class Slow:
    """A model asked one text at a time, without padding."""

    def __init__(self, folder: Path) -> None:
        self.model = AutoModelForMaskedLM.from_pretrained(folder).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)

    def sentence(self, template: str, subject: str, masks: int, name: str = "water") -> list[int]:
        """The sentence with a name in it, whose sub-words give way to masks."""
        ids = self.tokenizer(template.replace("[X]", subject).replace("[Y]", name))["input_ids"]
        pieces = pieces_of(self, template, name)
        places = [at for at in range(len(ids)) if ids[at : at + len(pieces)] == pieces]
        at = places[0 if template.startswith("[Y]") else -1]
        return [*ids[:at], *[self.tokenizer.mask_token_id] * masks, *ids[at + len(pieces) :]]

    @torch.no_grad()
    def __call__(self, ids: list[int]) -> torch.Tensor:
        return self.model(torch.tensor([ids])).logits[0].log_softmax(dim=-1)

    def masks(self, ids: list[int]) -> list[int]:
        return [place for place, piece in enumerate(ids) if piece == self.tokenizer.mask_token_id]


def pieces_of(slow: Slow, template: str, name: str) -> list[int]:
    """After a slash as after any sub-word that is no space."""
    if "/[Y]" not in template:
        return slow.tokenizer(name, add_special_tokens=False)["input_ids"]
    slash = slow.tokenizer("/", add_special_tokens=False)["input_ids"]
    return slow.tokenizer("/" + name, add_special_tokens=False)["input_ids"][len(slash) :]


def items(path: Path, metric: str, view: str = "all") -> dict[tuple[str, str], float]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {
        (row["language"], row["id"]): row["value"] for row in rows if (row["metric"], row["view"]) == (metric, view)
    }


def test_typed_cloze_is_the_mean_of_log_probabilities_of_as_many_masks(facts: Path, text_world: Path, tmp_path: Path):
    isogloss.probe(text_world / "encoder", kind="cloze", data=str(facts), items=tmp_path / "items")
    slow, expected = Slow(text_world / "encoder"), {}
    for language in ("de", "en"):
        for relation in read_mlama(facts, language):
            for gap in relation.gaps:
                scores = {}
                for name in relation.candidates:
                    pieces = pieces_of(slow, relation.template, name)
                    ids = slow.sentence(relation.template, gap.subject, len(pieces), name)
                    found = slow(ids)[slow.masks(ids)]
                    scores[name] = float(np.mean([float(row[piece]) for row, piece in zip(found, pieces, strict=True)]))
                order = sorted(scores, key=scores.__getitem__, reverse=True)
                expected[language, f"{relation.relation}:{gap.id}"] = 1 / (1 + order.index(gap.object))
    assert items(tmp_path / "items", "mrr") == expected
    assert len(set(expected.values())) > 1


def independently(slow: Slow, template: str, subject: str, masks: int) -> tuple[list[int], float]:
    ids = slow.sentence(template, subject, masks)
    found = slow(ids)[slow.masks(ids)]
    found[:, slow.tokenizer.all_special_ids] = -torch.inf
    return found.argmax(dim=1).tolist(), float(found.max(dim=1).values.mean())


def by_confidence(slow: Slow, template: str, subject: str, masks: int) -> tuple[list[int], float]:
    ids = slow.sentence(template, subject, masks)
    places, total = slow.masks(ids), 0.0
    for _ in range(masks):
        found = slow(ids)
        found[:, slow.tokenizer.all_special_ids] = -torch.inf
        place = max(slow.masks(ids), key=lambda place: float(found[place].max()))
        total += float(found[place].max())
        ids[place] = int(found[place].argmax())
    return [ids[place] for place in places], total / masks


@pytest.mark.parametrize(("order", "decode"), [("independent", independently), ("confidence", by_confidence)])
def test_decoding_is_its_literal_transcription(
    order: str, decode: Any, facts: Path, text_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from isogloss.diagnostics.knowledge import decoding as module

    slow, decoded = Slow(text_world / "encoder"), list[tuple[tuple[int, ...], float]]()
    name = {"independent": "independent", "confidence": "by_confidence"}[order]
    own = getattr(module, name)

    def noted(*arguments: Any) -> Any:
        decoded.extend(found := own(*arguments))
        return found

    monkeypatch.setattr("isogloss.calls.probing.decoding.ORDERS", {order: noted})
    settings: dict[str, Any] = {"data": str(facts), "order": order, "masks": 4, "items": tmp_path / "items"}
    isogloss.probe(text_world / "encoder", kind="decoding", **settings)
    rows, expected = [], {}
    for language in ("de", "en"):
        for relation in read_mlama(facts, language):
            for gap in relation.gaps:
                tried = [decode(slow, relation.template, gap.subject, masks) for masks in range(1, 5)]
                rows += tried
                text = slow.tokenizer.decode(max(tried, key=lambda own: own[1])[0])
                expected[language, f"{relation.relation}:{gap.id}"] = float(" ".join(text.split()) in gap.true)
    assert [list(pieces) for pieces, _ in decoded] == [pieces for pieces, _ in rows]
    assert [score for _, score in decoded] == pytest.approx([score for _, score in rows], abs=1e-5)
    assert items(tmp_path / "items", f"accuracy_{order}") == expected


def test_a_decoded_name_of_the_right_object_is_right(text_world: Path, tmp_path: Path):
    """Facts made of what the model says: it must be right on all, and wrong where another name stands."""
    slow = Slow(text_world / "encoder")
    tried = [independently(slow, "the [X] saw [Y] .", "king", masks) for masks in range(1, 4)]
    said = slow.tokenizer.decode(max(tried, key=lambda own: own[1])[0])
    folder = write_mlama(tmp_path / "mlama")
    facts = [{"sub_label": "king", "obj_label": said}, {"sub_label": "king", "obj_label": "water"}]
    for number, expected in ((2, 1.0), (1, 1.0)):
        write_rows(folder / "mlama1.1" / "en" / "P1.jsonl", facts[:number])
        (folder / "mlama1.1" / "en" / "P2.jsonl").unlink(missing_ok=True)
        rows = isogloss.probe(text_world / "encoder", kind="decoding", data=str(folder), masks=3, languages=["en"])
        assert {row["value"] for row in rows} == {expected}  # another true object of the subject is right too
    write_rows(folder / "mlama1.1" / "en" / "P1.jsonl", [{**facts[0], "obj_label": said + " water"}])
    (row, *_) = isogloss.probe(text_world / "encoder", kind="decoding", data=str(folder), masks=3, languages=["en"])
    assert row["value"] == 0.0


@pytest.mark.parametrize("settings", [{"kind": "cloze"}, {"kind": "decoding", "order": "confidence", "masks": 3}])
def test_batches_change_nothing(settings: dict[str, Any], facts: Path, text_world: Path):
    whole, alone = (
        isogloss.probe(text_world / "encoder", data=str(facts), batch_size=size, **settings) for size in (32, 1)
    )
    assert whole == alone


def test_numbers_are_means_over_relations_and_chance_stands_beside(facts: Path, text_world: Path, tmp_path: Path):
    path = tmp_path / "items"
    rows = isogloss.probe(text_world / "encoder", kind="cloze", data=str(facts), items=path)
    found = {(row["language"], row["view"], row["metric"]): row for row in rows}
    of = {
        relation: [value for (code, name), value in items(path, "mrr").items() if (code, name[:2]) == ("en", relation)]
        for relation in ("P1", "P2")
    }
    whole = found["en", "all", "mrr"]
    assert whole["value"] == pytest.approx((np.mean(of["P1"]) + np.mean(of["P2"])) / 2) and whole["n"] == 6
    assert found["en", "all", "accuracy_at_1"]["chance"] == pytest.approx((1 / 5 + 1 / 2) / 2)
    often = {relation.relation: Counter(gap.object for gap in relation.gaps) for relation in read_mlama(facts, "en")}
    floor = np.mean([max(counted.values()) / sum(counted.values()) for counted in often.values()])
    assert found["en", "all", "accuracy_at_1"]["floor"] == pytest.approx(floor)
    views = {view: found["en", view, "mrr"]["n"] for view in ("one-sub-word", "several-sub-words")}
    assert sum(views.values()) == 6 and all(views.values())
    (row, *_) = isogloss.probe(text_world / "encoder", kind="decoding", data=str(facts), languages=["de"], masks=1)
    slow = Slow(text_world / "encoder")
    lengths = [len(pieces_of(slow, "[X]/[Y] sah", name)) for name in ("Wasser", "alt Fluss")]
    assert row["chance"] == pytest.approx(np.mean([float(len(slow.tokenizer)) ** -length for length in lengths]))


def test_of_a_relation_at_most_so_many_facts_the_same_ones_in_a_second_run(
    facts: Path, text_world: Path, tmp_path: Path
):
    for name in ("one", "two"):
        isogloss.probe(text_world / "encoder", kind="cloze", data=str(facts), limit=1, items=tmp_path / name)
    first = items(tmp_path / "one", "mrr")
    assert first == items(tmp_path / "two", "mrr")
    assert sorted((language, name[:2]) for language, name in first) == [("de", "P1"), ("en", "P1"), ("en", "P2")]


def test_a_long_sentence_is_cut_far_from_the_gap(form: GapForm):
    before, after = np.arange(100, 150), np.arange(200, 250)
    for parts in ((before, after), (before, after[:3]), (before[:3], after), (before[:3], after[:3])):
        ids, places = form.row(parts, 4)
        assert len(ids) <= 40 and ids[places].tolist() == [form.mask] * 4
        middle = [*parts[0].tolist(), *[form.mask] * 4, *parts[1].tolist()]
        inside = ids[1:-1].tolist()
        start = middle.index(inside[0])
        assert middle[start : start + len(inside)] == inside
        assert len(ids) == min(40, len(middle) + 2)


def test_a_name_is_cut_as_it_would_stand_in_the_gap(form: GapForm, text_world: Path):
    tokenizer = AutoTokenizer.from_pretrained(text_world / "encoder")
    for template in ("the [X] saw [Y] .", "[Y] said [X]", "[X]/[Y] sah", "[X][Y]"):
        pieces = form.pieces(template, "king", "water")
        whole = tokenizer(template.replace("[X]", "king").replace("[Y]", "water"), add_special_tokens=False)[
            "input_ids"
        ]
        assert any(tuple(whole[at : at + len(pieces)]) == pieces for at in range(len(whole)))
        assert "water" in tokenizer.decode(list(pieces))
        ids, places = form.row(form.around(template, "king"), len(pieces))
        ids[places] = pieces
        assert ids[1:-1].tolist() == whole, template


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": None}, r"data: needed, a folder in the format of mLAMA"),
        ({"data": "nowhere"}, r"nowhere: no data of mLAMA"),
        ({"languages": ["fi"]}, r"languages: .* has nothing in 'fi'"),
        ({"limit": 0}, r"limit: at least 1, found 0"),
        ({"kind": "decoding", "order": "confidenc"}, r"order: 'confidenc' is unknown; did you mean 'confidence'"),
        ({"kind": "decoding", "masks": 0}, r"masks: from 1 to \d+, found 0"),
        ({"order": "confidence"}, r"order: the probe cloze has no such setting"),
        ({"model": "headless"}, r"has no masked-LM head"),
    ],
)
def test_what_cannot_be_is_one_clear_error(changes: dict[str, Any], message: str, facts: Path, text_world: Path):
    asked = {"model": "encoder", "kind": "cloze", "data": str(facts), **changes}
    with pytest.raises(IsoglossError, match=message):
        isogloss.probe(text_world / asked.pop("model"), **asked)
