"""What each kind of vocabulary must keep, and what it is without the rest."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from isogloss import IsoglossError
from isogloss.models.trimming import Least, cut_by_texts, cut_to, vocabulary_of
from tests.support.tokenizers import TEXTS


def unigram(*vocab: tuple[str, float]) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), *vocab], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def without(tokenizer: Tokenizer, *pieces: str) -> Tokenizer:
    """The tokenizer without some sub-words, and without what the vocabulary can do without anyhow."""
    vocabulary = vocabulary_of(tokenizer)
    stay = {number for number, piece in vocabulary.pieces.items() if piece not in pieces} | vocabulary.needed()
    return cut_to(tokenizer, stay, padding=0).tokenizer


def test_what_an_unknown_character_costs_stays():
    # Cut as un.|kn, while the lowest score is -4: unknown u and n cost more than that.
    whole = unigram(("a", -1.0), ("b", -1.0), ("xa", -9.0), ("ab", -1.5), ("zq", -40.0))
    cut = without(whole, "zq", "ab")
    assert cut.encode("xab").tokens == ["xa", "b"] and "zq" in cut.get_vocab()
    assert whole.encode("xb").ids.count(0) == cut.encode("xb").ids.count(0) == 1


def test_merges_stay_with_all_that_a_sub_word_is_made_of():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(vocab_size=200, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    cut = cut_by_texts(tokenizer, {"en": ["unbelievably"]}, Least(), always=(), padding=0)
    assert cut.tokenizer.encode("unbelievably").tokens == tokenizer.encode("unbelievably").tokens
    merges = json.loads(cut.tokenizer.to_str())["model"]["merges"]
    vocab = cut.tokenizer.get_vocab()
    assert all({left, right, left + right} <= vocab.keys() for left, right in merges)
    assert 0 < len(merges) < len(json.loads(tokenizer.to_str())["model"]["merges"])


@pytest.mark.parametrize("marks", [{"continuing_subword_prefix": "##"}, {"end_of_word_suffix": "</w>"}], ids=str)
def test_merges_of_marked_sub_words(marks: dict[str, str]):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", **marks))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=["<unk>"], show_progress=False, **marks)
    tokenizer.train_from_iterator(TEXTS, trainer)
    require_laws(tokenizer, {"en": TEXTS[1:2], "de": TEXTS[:1]}, TEXTS)


def test_bytes_stay_where_they_stand_for_characters():
    """As Gemma's tokenizer, which mmBERT has: spaces become ▁, and what has no sub-word falls into bytes."""
    by_byte = {f"<0x{byte:02X}>": number for number, byte in enumerate(range(256), start=1)}
    learned = Tokenizer(models.BPE())
    learned.normalizer = normalizers.Replace(" ", "▁")
    learned.train_from_iterator(TEXTS[:2], trainers.BpeTrainer(vocab_size=120, show_progress=False))
    state = json.loads(learned.to_str())
    vocab = {"<unk>": 0, **by_byte, **{piece: 257 + n for piece, n in state["model"]["vocab"].items()}}
    state["model"] |= {"vocab": vocab, "unk_token": "<unk>", "byte_fallback": True, "fuse_unk": True}
    tokenizer = Tokenizer.from_str(json.dumps(state))
    cut = require_laws(tokenizer, {"de": TEXTS[:1]}, TEXTS)
    assert by_byte.keys() <= cut.get_vocab().keys() and len(cut.get_vocab()) < len(vocab)
    assert "<unk>" not in cut.encode("собака 中").tokens


def test_a_template_and_bert_s_own_frame_name_new_ids():
    tokenizer = Tokenizer(
        models.WordPiece({"[UNK]": 0, "a": 1, "ab": 2, "##b": 3, "[CLS]": 4, "[SEP]": 5}, unk_token="[UNK]")
    )
    tokenizer.add_special_tokens(["[CLS]", "[SEP]"])
    for name in ("BertProcessing", "RobertaProcessing"):
        more = {} if name == "BertProcessing" else {"trim_offsets": True, "add_prefix_space": False}
        state = json.loads(tokenizer.to_str())
        frame = {"type": name, "sep": ["[SEP]", 5], "cls": ["[CLS]", 4], **more}
        state["post_processor"] = {"type": "Sequence", "processors": [frame]}
        state["padding"] = {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": None}
        state["padding"] |= {"pad_id": 5, "pad_type_id": 0, "pad_token": "[SEP]"}
        cut = cut_to(Tokenizer.from_str(json.dumps(state)), {0, 1, 3}, padding=0)
        assert cut.rows == (0, 1, 3, 4, 5)
        assert cut.tokenizer.encode("ab").ids == [3, 1, 2, 4]
        assert cut.tokenizer.encode_batch(["ab", "a"])[1].ids == [3, 1, 4, 4]


def test_a_language_with_little_text_counts_as_much_as_one_with_a_lot():
    vocab = [(character, -5.0) for character in "abcdef"] + [("abc", -1.0), ("def", -1.0), ("de", -2.0)]
    texts = {"en": ["abc def"] * 50, "sw": ["de"]}
    cut = cut_by_texts(unigram(*vocab), texts, Least(size=8), always=(), padding=0)
    assert cut.tokenizer.get_vocab().keys() == {"<unk>", *"abcdef", "de"}


def test_a_size_that_does_not_hold_the_characters():
    with pytest.raises(IsoglossError, match=r"size: special tokens and characters, .* are 4 sub-words, found 3"):
        cut_by_texts(unigram(*((c, -1.0) for c in "abc")), {"en": ["a"]}, Least(size=3), always=(), padding=0)


def test_words_alone_cannot_be_cut():
    with pytest.raises(IsoglossError, match="kind WordLevel cannot be cut: Unigram, BPE and WordPiece can"):
        vocabulary_of(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")))


def require_laws(tokenizer: Tokenizer, texts: dict[str, Sequence[str]], every: Sequence[str]) -> Tokenizer:
    """What stays is cut alike, nothing becomes unknown, and to cut once more changes nothing."""
    cut = cut_by_texts(tokenizer, texts, Least(), always=(), padding=0)
    kept, draw, same = cut.tokenizer.get_vocab().keys(), random.Random(1), 0
    letters = "".join(sorted({*"".join(every)}))
    for text in [*every, *("".join(draw.choices(letters, k=8)) for _ in range(200))]:
        was, now = tokenizer.encode(text).tokens, cut.tokenizer.encode(text).tokens
        assert now.count("<unk>") <= was.count("<unk>")
        if kept >= {*was}:
            assert was == now
            same += 1
    assert same > 10
    again = cut_by_texts(cut.tokenizer, texts, Least(), always=(), padding=0)
    assert again.tokenizer.to_str() == cut.tokenizer.to_str()
    return cut.tokenizer
