"""A student has the architecture of its teacher, other sizes, and if asked for some of its layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel, PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import write_json
from isogloss.models.configuration import new_config, read_config
from isogloss.models.layer_modules import layer_modules
from isogloss.models.places import as_many_places, places
from isogloss.models.student import Sizes, begin_as, student_config, units_of_block
from tests.support.encoders import SMALL, build
from tests.support.hub_configs import HUB_CONFIGS

ROWS = np.array([5, -1, 7, 39])


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "modernbert", "deberta-v2", "distilbert", "electra"])
def test_it_has_the_architecture_and_its_own_sizes(kind: str):
    from transformers import AutoConfig

    teacher = build(kind, AutoModel)
    config = AutoConfig.for_model(**student_config(teacher.config, Sizes(2, hidden=24), None, {}))
    assert (config.model_type, config.num_hidden_layers, config.hidden_size) == (kind, 2, 24)
    assert config.num_attention_heads == 3  # of 8 units, as in the teacher
    student = AutoModel.from_config(config)
    assert len(layer_modules(student)) == 2
    feed_forward = "hidden_dim" if kind == "distilbert" else "intermediate_size"
    assert getattr(config, feed_forward) == 24
    for name in ("relative_attention", "pos_att_type", "embedding_size"):
        assert getattr(config, name, None) == getattr(teacher.config, name, None)


@pytest.mark.parametrize(("kind", "units"), [("bert", 16), ("distilbert", 16), ("xlm", 64)])
def test_every_configuration_says_how_wide_its_blocks_are(kind: str, units: int):
    assert units_of_block(build(kind, AutoModel).config) == units


def test_the_pooler_of_a_small_deberta_is_small_too():
    from transformers import AutoConfig

    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}
    teacher = AutoConfig.for_model("deberta-v2", **sizes, pooler_hidden_size=16)
    config = AutoConfig.for_model(**student_config(teacher, Sizes(2, hidden=24), None, {}))
    assert config.pooler_hidden_size == 24


@pytest.mark.parametrize("name", HUB_CONFIGS)
def test_a_teacher_of_the_hub_gives_its_own_keys_on(name: str, tmp_path: Path, tokenizer: Any):
    """Its config.json holds names that its type lacks, some of which change what is computed all the same."""
    stored = HUB_CONFIGS[name]
    write_json(tmp_path / "config.json", stored)
    teacher = read_config(tmp_path, None, remote=False)
    values = student_config(teacher, Sizes(2, hidden=8), None, {})
    config = new_config(values, tokenizer, teacher)
    assert (config.model_type, config.num_hidden_layers, config.hidden_size) == (stored["model_type"], 2, 8)
    for key in {"position_buckets", "norm_rel_ebd", "share_att_key", "output_past"} & stored.keys():
        assert getattr(config, key) == stored[key]
    with pytest.raises(IsoglossError, match=r"has no 'initializer_rang'; did you mean 'initializer_range'"):
        new_config({**values, "initializer_rang": 8}, tokenizer, teacher)
    with pytest.raises(IsoglossError, match=r"a model of type 'xlm' has no 'norm_rel_ebd'"):
        new_config({"model_type": "xlm", "norm_rel_ebd": "layer_norm"}, tokenizer, teacher)


def taken(kind: str, layers: tuple[int, ...]) -> tuple[PreTrainedModel, PreTrainedModel]:
    from transformers import AutoConfig

    teacher = build(kind, AutoModel)
    values = student_config(teacher.config, Sizes(len(layers)), layers, as_many_places(teacher, 0))
    torch.manual_seed(1)
    student = AutoModel.from_config(AutoConfig.for_model(**{**values, "vocab_size": 4, "pad_token_id": 0}))
    begin_as(student, teacher, layers, ROWS)
    return student, teacher


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "deberta-v2", "distilbert"])
def test_it_begins_as_layers_of_its_teacher(kind: str):
    student, teacher = taken(kind, (0, 2))
    for own, number in zip(layer_modules(student), (0, 2), strict=True):
        for name, value in layer_modules(teacher)[number].state_dict().items():
            assert torch.equal(own.state_dict()[name], value)
    table, other = (model.get_input_embeddings().weight for model in (student, teacher))
    assert torch.equal(table[[0, 2, 3]], other[[5, 7, 39]])
    assert not any(torch.equal(table[1], row) for row in other)
    inside = {id(own) for model in (student, teacher) for layer in layer_modules(model) for own in layer.parameters()}
    known = {**dict(teacher.named_parameters()), **places(teacher)}
    for name, parameter in student.named_parameters():
        if id(parameter) not in inside and parameter is not table:
            assert torch.equal(places(student).get(name, parameter), known[name]), name


def test_all_layers_and_sub_words_are_the_teacher():
    from transformers import AutoConfig

    teacher = build("bert", AutoModel).eval()
    values = student_config(teacher.config, Sizes(3), (0, 1, 2), {})
    student = AutoModel.from_config(AutoConfig.for_model(**{**values, "vocab_size": 40})).eval()
    begin_as(student, teacher, (0, 1, 2), np.arange(40))
    ids = torch.tensor([[5, 6, 7]])
    assert torch.equal(student(input_ids=ids).last_hidden_state, teacher(input_ids=ids).last_hidden_state)


@pytest.mark.parametrize("kind", ["xlm-roberta", "roberta", "camembert", "bert"])
@pytest.mark.parametrize("padding", [0, 5])
def test_places_are_the_teachers_whatever_the_padding_id(kind: str, padding: int):
    """Models of RoBERTa's kind number places from the padding id + 1."""
    from transformers import AutoConfig

    sizes = {**SMALL, "max_position_embeddings": 20}
    teacher = AutoModel.from_config(AutoConfig.for_model(kind, **sizes, pad_token_id=1)).eval()
    rows = np.arange(40)
    rows[[1, padding]] = rows[[padding, 1]]  # the tokenizers differ in the ids of two sub-words
    values = student_config(teacher.config, Sizes(3), (0, 1, 2), as_many_places(teacher, padding))
    config = AutoConfig.for_model(**{**values, "vocab_size": 40, "pad_token_id": padding})
    student = AutoModel.from_config(config).eval()
    begin_as(student, teacher, (0, 1, 2), rows)
    assert [len(own) for own in places(student).values()] == [len(own) for own in places(teacher).values()]
    ids = torch.tensor([[7, 8, 9, padding], [11, 12, 13, 14]])
    mask = (ids != padding).long()
    states = student(input_ids=ids, attention_mask=mask).last_hidden_state
    wanted = teacher(input_ids=torch.from_numpy(rows)[ids], attention_mask=mask).last_hidden_state
    assert torch.equal(states[mask == 1], wanted[mask == 1])


def test_a_layer_of_other_parameters_is_refused():
    # ModernBERT's first layer has no norm before its attention.
    with pytest.raises(IsoglossError, match=r"layer 2 of the teacher cannot be layer 0 .*attn_norm"):
        taken("modernbert", (2,))


@pytest.mark.parametrize(
    ("sizes", "layers", "message"),
    [
        (Sizes(2, hidden=24, heads=5), None, r"heads: must divide hidden = 24, found 5; nearest valid: 4"),
        (Sizes(2), (0, 3), r"a layer of the teacher is from 0 to 2, found 3; nearest valid: 2"),
        (Sizes(2, hidden=24), (0, 1), r"with from_layers hidden_size must be the teacher's, 16, found 24"),
        (Sizes(2, heads=4), (0, 1), r"with from_layers num_attention_heads must be the teacher's, 2, found 4"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes: Sizes, layers: Any, message: str):
    with pytest.raises(IsoglossError, match=message):
        student_config(build("bert", AutoModel).config, sizes, layers, {})


@pytest.mark.parametrize(
    ("kind", "key", "teachers", "hidden", "units"),
    [
        ("electra", "embedding_size", 16, 8, 8),
        ("electra", "embedding_size", 8, 24, 8),
        ("albert", "embedding_size", 16, 8, 8),
        ("albert", "embedding_size", 8, 16, 8),
        ("squeezebert", "embedding_size", 16, 8, 8),
        ("rembert", "input_embedding_size", 16, 8, 8),
    ],
)
def test_a_table_is_no_wider_than_the_teachers_and_than_hidden_states(
    kind: str, key: str, teachers: int, hidden: int, units: int
):
    from transformers import AutoConfig

    teacher = AutoConfig.for_model(kind, **{**SMALL, key: teachers})
    values = student_config(teacher, Sizes(1, hidden=hidden), None, {})
    assert values[key] == units
    AutoModel.from_config(AutoConfig.for_model(**{**values, "vocab_size": 40}))
    assert student_config(teacher, Sizes(1, hidden=hidden), None, {key: 4})[key] == 4
    kept = student_config(teacher, Sizes(1), (0,), {})
    assert getattr(AutoConfig.for_model(**kept), key) == teachers


def test_a_table_of_another_architecture_is_no_wider_than_hidden_states():
    more = {"model_type": "electra"}  # whose own table has 128 units
    teacher = build("bert", AutoModel).config
    found = [student_config(teacher, Sizes(1, hidden=hidden), None, more) for hidden in (24, 256)]
    assert [values["embedding_size"] for values in found] == [24, 128]


@pytest.mark.parametrize(
    ("kind", "more", "heads"),
    [
        ("bert", {}, 2),
        ("modernbert", {}, 1),
        ("esm", {"position_embedding_type": "rotary"}, 1),
        ("esm", {"position_embedding_type": "absolute"}, 2),
        ("roformer", {}, 1),
    ],
)
def test_heads_are_even_where_positions_rotate_pairs_of_units(kind: str, more: dict[str, Any], heads: int):
    from transformers import AutoConfig

    teacher = AutoConfig.for_model(kind, **SMALL, pad_token_id=0, **more)
    values = {**student_config(teacher, Sizes(1, hidden=18), None, {}), "vocab_size": 40, "pad_token_id": 0}
    assert values["num_attention_heads"] == heads
    student = AutoModel.from_config(AutoConfig.for_model(**values))
    ids = torch.tensor([[5, 6, 7]])
    assert student(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state.shape == (1, 3, 18)


@pytest.mark.parametrize(("shared", "heads", "found"), [(1, 2, 2), (2, 2, 1), (2, 3, 1), (4, 4, 1), (2, 8, 4)])
def test_as_many_heads_share_keys_and_values_as_in_the_teacher(shared: int, heads: int, found: int):
    from transformers import AutoConfig

    sizes = {**SMALL, "num_attention_heads": 4, "head_dim": 4, "pad_token_id": 0}
    teacher = AutoConfig.for_model("eurobert", **sizes, num_key_value_heads=4 // shared)
    values = student_config(teacher, Sizes(1, hidden=24, heads=heads), None, {})
    assert values["num_key_value_heads"] == found
    student = AutoModel.from_config(AutoConfig.for_model(**{**values, "vocab_size": 40, "pad_token_id": 0}))
    ids = torch.tensor([[5, 6, 7]])
    assert student(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state.shape == (1, 3, 24)


@pytest.mark.parametrize(
    ("sizes", "more", "message"),
    [
        (
            Sizes(1, hidden=18, heads=6),
            {},
            r"student\.heads: must divide hidden = 18 into even numbers of units, since positions of a 'modernbert' "
            r"model rotate .* in pairs, found 6; nearest valid: 3",
        ),
        (Sizes(1, hidden=9), {}, r"student\.hidden: must be even, since .* in pairs, found 9; nearest valid: 10"),
        (Sizes(1), {"num_attention_heads": 16}, r"num_attention_heads: must divide hidden_size = 16 .*valid: 8"),
        (Sizes(1), {"hidden_size": 20, "num_attention_heads": 4}, r"num_attention_heads: .* = 20 .*nearest valid: 5"),
        (Sizes(1), {"hidden_size": 7}, r"hidden_size: must be even, .*found 7; nearest valid: 8"),
    ],
)
def test_heads_whose_units_make_no_pairs_are_refused(sizes: Sizes, more: dict[str, Any], message: str, tokenizer: Any):
    with pytest.raises(IsoglossError, match=message):
        new_config(student_config(build("modernbert", AutoModel).config, sizes, None, more), tokenizer)


@pytest.mark.parametrize(
    ("kind", "more", "message"),
    [
        ("bert", {"hidden_size": 8}, "hidden_size must be the teacher's, 16, found 8"),
        ("bert", {"num_attention_heads": 4}, "num_attention_heads must be the teacher's, 2, found 4"),
        ("bert", {"num_hidden_layers": 3}, "num_hidden_layers must be the number of these, 1, found 3"),
        ("bert", {"model_type": "electra", "hidden_size": 8}, "hidden_size must be the teacher's, 16, found 8"),
        ("distilbert", {"n_heads": 4}, "num_attention_heads must be the teacher's, 2, found 4"),
    ],
)
def test_sizes_among_other_values_do_not_go_round_the_rule(kind: str, more: dict[str, Any], message: str):
    """Other heads would read the teacher's weights as something else, and nothing would say so."""
    with pytest.raises(IsoglossError, match=f"with from_layers {message}; leave it out"):
        student_config(build(kind, AutoModel).config, Sizes(1), (0,), more)


@pytest.mark.parametrize(
    ("kind", "other", "block"),
    [("distilbert", "electra", "intermediate_size"), ("bert", "distilbert", "hidden_dim"), ("bert", "xlm", None)],
)
def test_another_architecture_calls_its_feed_forward_block_as_it_does(kind: str, other: str, block: str | None):
    values = student_config(build(kind, AutoModel).config, Sizes(2, hidden=24), None, {"model_type": other})
    found = {name: value for name, value in values.items() if name in ("intermediate_size", "hidden_dim")}
    assert found == ({} if block is None else {block: 24})


def test_another_architecture_has_the_sizes_and_its_own_defaults():
    teacher = build("bert", AutoModel)
    values = student_config(teacher.config, Sizes(2, hidden=24), None, {"model_type": "modernbert"})
    assert values == {
        "model_type": "modernbert",
        "num_hidden_layers": 2,
        "hidden_size": 24,
        "num_attention_heads": 3,
        "intermediate_size": 24,
    }
