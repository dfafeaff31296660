"""From names to objects, and what is announced before the first step."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from isogloss import IsoglossError
from isogloss.common.distributed import Communicator
from isogloss.data import Quoted, Table, TokenTag, Unquoted
from isogloss.data.corpus import Corpus
from isogloss.examples import TaggedSentence
from isogloss.protocols import Sampler
from isogloss.recipe.build import data as build_data
from isogloss.recipe.build.data import build_text_set
from isogloss.recipe.build.sampling import MIXED, build_sampler
from isogloss.recipe.build.task import build_task
from isogloss.recipe.names import FORMATS, TASKS
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.data import DataEntry, Translation
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.spec.task import SPACING
from isogloss.recipe.spec.text import TextEntry
from isogloss.start import check
from isogloss.start.announce import announcements, loop_notes, precision_notes
from isogloss.start.prepare import budget_of, filled
from tests.support.site import site_of, small_bert

SIZES = {"en": 30, "fr": 10}


def recipe(**changes: Any) -> Recipe:
    data = {"task": "ner", "format": "conll", "path": "data/uner/{language}/{split}.tsv"}
    return resolve({"model": "some/model", "data": data, "steps": 100, **changes})


def whole(**changes: Any) -> Recipe:
    return filled_for("ner", recipe(**changes))


def filled_for(task: str, asked: Recipe) -> Recipe:
    return filled(asked, budget_of(asked, TASKS[task], list(SIZES.values())), TASKS[task], len(SIZES))


def sampler_of(**changes: Any) -> Sampler:
    found = recipe(**changes)
    return build_sampler(found.sampling, site_of(found, SIZES))


def test_batch_size_is_the_tasks_unless_given():
    assert whole().batch_size == TASKS["ner"].batch_size == 16
    assert whole(batch_size=3).batch_size == 3


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"epochs": 1}, 10),
        ({"epochs": 2.5}, 25),
        ({"epochs": 0.01}, 1),
        ({"epochs": 1, "method": "multitask_summed"}, 5),
        ({"epochs": 1, "method": "temperature_sampling"}, 10),
        ({"epochs": 1, "batch_size": 7}, 6),
    ],
)
def test_epochs_are_passes_over_as_many_examples_as_there_are(changes: dict[str, Any], steps: int):
    found = whole(steps=None, **{"batch_size": 4, **changes})
    assert found.steps == steps
    assert found.epochs is None


def test_intervals_follow_from_the_steps():
    found = whole(steps=1000)
    assert (found.evaluation_steps, found.save_steps, found.logging_steps) == (100, 100, 10)
    found = whole(steps=5)
    assert (found.evaluation_steps, found.save_steps, found.logging_steps) == (1, 1, 1)
    assert whole(evaluation_steps=7).save_steps == 7
    assert whole(evaluation_steps=7, save_steps=3).save_steps == 3
    found = whole(steps=1000, evaluation_steps=0.05)
    assert (found.evaluation_steps, found.save_steps) == (50, 50)
    assert whole(steps=5, evaluation_steps=0.05).evaluation_steps == 1


@pytest.mark.parametrize(
    ("sampling", "per_step"),
    [
        ({"kind": "mixed"}, [{MIXED}]),
        ({"kind": "joint"}, [{"en", "fr"}]),
        ({"kind": "temperature"}, [{"en"}, {"fr"}]),
        ({"kind": "round_robin"}, [{"en"}, {"fr"}]),
        ({"kind": "permuted"}, [{"en"}, {"fr"}]),
        ({"kind": "blocks", "length": 2}, [{"en"}, {"fr"}]),
    ],
)
def test_what_a_step_sees(sampling: dict[str, Any], per_step: list[set[str]]):
    sampler = sampler_of(sampling=sampling)
    seen = [set(sampler(step)) for step in range(40)]
    assert all(names in per_step for names in seen)
    assert all(names in seen for names in per_step)


def test_temperature_flattens_the_shares():
    proportional, flat = (sampler_of(sampling={"kind": "temperature", "temperature": t}) for t in (1.0, 100.0))
    counts = [sum(sampler(step) == ("fr",) for step in range(2000)) for sampler in (proportional, flat)]
    assert abs(counts[0] - 500) < 80 and abs(counts[1] - 1000) < 80


def test_blocks_are_as_long_as_the_inner_loop():
    sampler = sampler_of(method="reptile", optimizer={"lookahead": {"inner_steps": 3}})
    assert [sampler(step)[0] for step in range(9)] == ["en"] * 3 + ["fr"] * 3 + ["en"] * 3
    with pytest.raises(IsoglossError, match=r"sampling\.length: needed for kind blocks"):
        sampler_of(sampling={"kind": "blocks"})


def test_a_data_set_is_named_after_its_folder():
    entry = recipe().data[0]
    assert build_data.build_collection(entry, "data.0").name == "uner"
    assert build_data.build_collection(entry.model_copy(update={"name": "mine"}), "data.0").name == "mine"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("UD_*/{language}_*-ud-{split}.conllu", "pos"),
        ("ud/UD_*/{language}_*-ud-{split}.conllu", "ud"),
        ("ud-2.5/*/{language}/{split}.conllu", "ud-2.5"),
        ("mine/{language}-*/{split}.conllu", "mine"),
    ],
)
def test_a_data_set_is_not_named_after_a_star(path: str, name: str):
    entry = recipe(data={"task": "pos", "format": "conllu", "path": path}).data[0]
    assert build_data.build_collection(entry, "data.0").name == name


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_task_takes_the_formats_that_hold_its_examples(task: str, name: str):
    entry = {"task": task, "format": name, "path": "x/{language}/{split}"}
    if name in TASKS[task].formats:
        build_data.build_collections(recipe(data=entry).data)
        return
    taken = " or ".join(TASKS[task].formats)
    with pytest.raises(IsoglossError, match=rf"data\.0\.format: task '{task}' takes {taken}, found '{name}'"):
        build_data.build_collections(recipe(data=entry).data)


def test_columns_of_tokens_may_be_positions():
    entry = {"task": "ner", "format": "conll", "path": "x/{language}/{split}", "columns": {"tokens": 1, "tags": 2}}
    _, (collection,) = build_data.build_collections(recipe(data=entry).data)
    assert collection.format == TokenTag({"tokens": 1, "tags": 2})


@pytest.mark.parametrize(
    ("changes", "delimiter"),
    [
        ({"format": "csv", "separator": ";"}, Quoted(";")),
        ({"format": "tsv", "separator": "|"}, Unquoted("|")),
        ({"format": "csv"}, Quoted(",")),
    ],
)
def test_tables_may_have_another_separator(changes: dict[str, str], delimiter: Quoted | Unquoted):
    entry = {"task": "topic", "path": "x/{language}/{split}", **changes}
    _, (collection,) = build_data.build_collections(recipe(data=entry).data)
    assert collection.format == Table(delimiter)
    translation = Translation(path="t", columns={"text": 0, "id": 1})
    translated = build_data.build_translation(DataEntry(**entry), translation, "de", "test").translated
    assert translated == Table(delimiter, {"text": 0, "id": 1})
    text = build_text_set(TextEntry(path="x/{language}", **changes), "text.0")
    assert text.collection.format == Table(delimiter)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "jsonl", "separator": ";"}, r"data\.0\.separator: only formats tsv and csv have a separator"),
        ({"format": "csv", "separator": ";;"}, r"data\.0\.separator: one character, no quotation mark .* found ';;'"),
        ({"format": "csv", "separator": '"'}, r"data\.0\.separator: one character, no quotation mark"),
        ({"format": "csv", "separator": ""}, r"data\.0\.separator: one character, no quotation mark"),
    ],
)
def test_a_separator_that_cannot_be_is_refused(changes: dict[str, str], message: str):
    with pytest.raises(IsoglossError, match=message):
        build_data.build_collections(recipe(data={"task": "topic", "path": "x/{language}/{split}", **changes}).data)


def test_only_tables_have_columns():
    entry = {"task": "pos", "format": "conllu", "path": "x/{language}/{split}", "columns": {"text": 0}}
    with pytest.raises(IsoglossError, match="only conll, tsv, csv, jsonl and parquet have columns"):
        build_data.build_collections(recipe(data=entry).data)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (("NOUN", "nan"), "the tag of 'w1' is nan, which is no number: was a value lost?"),
        (("O", "O", "O"), "all tags of the sentence are O, of words outside of entities: they are for task ner; "),
        (("O", "V", "O"), None),
        (("O", "O"), None),
    ],
)
def test_what_is_no_part_of_speech(tags: tuple[str, ...], message: str | None):
    tokens = tuple(f"w{place}" for place in range(len(tags)))
    complaint = TASKS["pos"].complaint(TaggedSentence("1", "en", tokens, tags, "a", 1))
    assert complaint == message or (message is not None and str(complaint).startswith(message))


def test_only_tokens_are_averaged_over():
    named = TASKS["pos"]
    assert not build_task(recipe(), named, ("A", "B")).average
    assert build_task(recipe(aggregation="average"), named, ("A", "B")).average
    assert build_task(recipe(aggregation="sum"), named, ("A", "B")).summed
    with pytest.raises(IsoglossError, match="aggregation: task 'nli' has no tokens of several sub-words"):
        build_task(recipe(aggregation="average"), TASKS["nli"], ("A", "B"))


def test_the_released_code_of_x_mixup_adds_sub_words_up():
    released = {"objective": {"kind": "x_mixup", "compat": "released"}}
    assert build_task(recipe(**released), TASKS["pos"], ("A", "B")).summed
    assert not hasattr(build_task(recipe(**released), TASKS["nli"], ("A", "B")), "summed")
    small = build_task(recipe(**released, aggregation="average"), TASKS["pos"], ("A", "B"))  # an encoder's default, say
    assert small.summed and not small.average


def test_only_tokens_have_spaces_between_them():
    named = TASKS["pos"]
    assert not build_task(recipe(spacing="words"), named, ("A", "B")).as_written
    assert build_task(recipe(spacing="text"), named, ("A", "B")).as_written
    assert build_task(recipe(), named, ("A", "B")).as_written == (SPACING == "text")
    assert filled_for("pos", recipe()).spacing == SPACING
    assert filled_for("nli", recipe()).spacing is None
    for name in ("text", "words"):
        with pytest.raises(IsoglossError, match="spacing: task 'nli' has no tokens with spaces between them"):
            build_task(recipe(spacing=name), TASKS["nli"], ("A", "B"))


def test_a_new_tokenizer_learns_from_sentences_as_they_will_be_read(monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []
    monkeypatch.setattr(check, "train_tokenizer", lambda texts, size, max_length: seen.extend(texts))
    sentence = TaggedSentence("1", "zh", ("他", "喜欢", "."), None, "a", 1)
    corpus = SimpleNamespace(train={"zh": [sentence]})
    random = {"config": {"model_type": "bert"}}
    for name in ("words", "text"):
        check.new_tokenizer(recipe(model=random, spacing=name), cast(Corpus, corpus))
    assert seen == ["他 喜欢 .", "他喜欢."]


def test_only_averaged_workers_have_seeds_of_their_own():
    shared = site_of(recipe(seed=5), SIZES)
    averaged = site_of(recipe(seed=5, optimizer={"lookahead": {"workers": "averaged"}}), SIZES)
    assert (shared.walk, shared.seed) == (None, 5)
    assert averaged.walk is not None and averaged.walk.apart
    assert averaged.seed != 5


def announced(**changes: Any) -> str:
    found = whole(**changes)
    site = replace(site_of(found, SIZES), ranks=cast(Communicator, SimpleNamespace(world_size=2, rank=0)))
    return "\n".join(announcements(found, site, SIZES))


def test_sizes_are_announced():
    said = announced(batch_size=8)
    assert f"multitask, seed 0: {sum(own.numel() for own in small_bert().parameters()):,} parameters; " in said
    assert "training examples: en 30, fr 10" in said
    assert "100 steps, batch 8 = 2 process(es) x 1 micro-batch(es) x 4" in said
    assert "outer" not in said


def test_weights_that_never_learn_are_announced():
    assert "initial_batches = 50 steps, and there are only 51" in announced(method="gradnorm", steps=51)
    assert "initial_batches" not in announced(method="gradnorm", steps=52)
    assert "initial_batches" not in announced(method="pcgrad", steps=10)


def test_the_budget_of_outer_steps_is_announced():
    slow = {"method": "sequential_reptile", "optimizer": {"lookahead": {"inner_steps": 30}}}
    said = announced(**slow)
    assert "M = 3 outer steps of 1 x 30 inner steps" in said
    assert "(1 - 0.1)^3 = 0.729" in said
    assert "warning: 73% of the initial weights" in said
    assert "the last 10 steps are a partial inner loop, which is dropped" in said

    said = announced(**slow | {"steps": 3000})
    assert "M = 100 outer steps" in said
    assert "warning" not in said
    assert "partial" not in said

    said = announced(method="reptile", optimizer={"lookahead": {"inner_steps": 10}})
    assert "M = 5 outer steps of 2 x 10 inner steps" in said
    said = announced(**slow | {"optimizer": {"lookahead": {"inner_steps": 30, "workers": "averaged"}}})
    assert "100 steps on each of 2 workers, batch 16 each" in said


@pytest.mark.parametrize(
    ("changes", "steps", "loop"),
    [
        ({}, 22_000, 1000),
        ({}, 21_999, 999),
        ({}, 60, 2),
        ({}, 5, 1),
        ({"outer_learning_rate": 0.3}, 70, 10),
        ({"outer_learning_rate": 1.0}, 70, 70),
        ({"restarts": "languages"}, 440, 10),
        ({"restarts": 4}, 440, 5),
        ({"inner_steps": 7}, 60, 7),
        ({"inner_steps": "languages"}, 60, "languages"),
    ],
)
def test_a_loop_is_as_long_as_the_papers_or_fits_into_the_run(changes: dict[str, Any], steps: int, loop: int | str):
    asked = recipe(method="sequential_reptile", optimizer={"lookahead": changes}, steps=steps)
    taken = filled_for("ner", asked)
    assert taken.optimizer.lookahead is not None
    assert taken.optimizer.lookahead.inner_steps == loop
    said = loop_notes(asked.optimizer, taken.optimizer)
    if changes.get("inner_steps") or loop == 1000:
        assert said == []
    else:
        assert said[0].startswith(f"optimizer.lookahead.inner_steps: {loop}, since the run is too short")
        left = announcements(taken, site_of(taken, SIZES), SIZES)
        assert any("warning" in line for line in left) == (steps == 5)
    assert loop_notes(taken.optimizer, taken.optimizer) == []


def test_without_slow_weights_there_is_no_loop():
    assert whole().optimizer == recipe().optimizer
    assert loop_notes(recipe().optimizer, whole().optimizer) == []


def test_less_than_one_outer_step_is_refused():
    with pytest.raises(IsoglossError, match=r"steps: 100 is less than one outer step \(60 inner_steps x 2 restarts\)"):
        announced(method="reptile", optimizer={"lookahead": {"inner_steps": 60}})


@pytest.mark.parametrize(
    ("precision", "device", "capabilities", "warns"),
    [
        ("bf16", "cpu", {"architecture": "x86_64", "avx512_bf16": False}, True),
        ("bf16", "cpu", {"architecture": "x86_64", "avx512_bf16": True}, False),
        ("bf16", "cpu", {"architecture": "x86_64", "amx_bf16": True}, False),
        ("bf16", "cpu", {"architecture": "aarch64"}, False),
        ("bf16", "cuda", {"architecture": "x86_64"}, False),
        ("fp32", "cpu", {"architecture": "x86_64"}, False),
    ],
)
def test_emulated_bfloat16_is_warned_of(
    precision: str, device: str, capabilities: dict[str, Any], warns: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert bool(precision_notes(precision, torch.device(device))) == warns
