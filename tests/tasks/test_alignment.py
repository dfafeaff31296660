from __future__ import annotations

from collections.abc import Callable

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.examples import TaggedSentence
from isogloss.tasks.alignment import Aligned, align
from isogloss.tasks.pieces import cut
from tests.support.tokenizers import ALL, SPECIAL, word_piece, wrap

SENTENCES = {
    "plain": ("der", "Hund", "schläft", "unbelievably", "."),
    "punctuation": ("dogs", ",", "'s", "(", "U.S.", ")", "3,5"),
    "chinese": ("他", "喜欢", "公园", "龘", "文"),
    "inner spaces": ("thành phố", "Hồ Chí Minh", "là", "lớn"),
    "zero width": ("the", "\u200b", "dogs", "\u200bsleep", "\u200d"),
    "only zero width": ("\u200b",),
    "blank token": ("他", "\u3000", "文"),
    "marks": ("½", "ﬁn", "e\u0301", "<mask>", "</s>", "<unk>"),
    "one": ("Sofa",),
}


def sentence(tokens: tuple[str, ...], tags: tuple[str, ...] | None = None) -> TaggedSentence:
    return TaggedSentence("1", "xx", tokens, tags, "a.conll", 7)


@pytest.fixture(scope="module", params=list(ALL))
def tokenizer(request: pytest.FixtureRequest):
    return ALL[request.param]()


@pytest.mark.parametrize("tokens", SENTENCES.values(), ids=SENTENCES.keys())
def test_every_token_has_one_sub_word_in_order(tokenizer: PreTrainedTokenizerBase, tokens: tuple[str, ...]) -> None:
    (aligned,) = align([sentence(tokens)], tokenizer)
    assert [word for word in aligned.words if word >= 0] == list(range(len(tokens)))
    assert len(aligned.words) == len(aligned.inputs["input_ids"])
    assert (aligned.opening, aligned.closing) == (1, 1)
    assert aligned.words[0] == aligned.words[-1] == -1


@pytest.mark.parametrize("name", ["plain", "chinese", "inner spaces", "one"])
def test_same_first_sub_words_as_a_tokenizer_given_tokens(name: str) -> None:
    for build in ALL.values():
        tokenizer = build()
        if getattr(tokenizer.backend_tokenizer.pre_tokenizer, "add_prefix_space", True) is False:
            continue  # such a tokenizer sees other sub-words in tokens than in the text
        tokens = SENTENCES[name]
        (aligned,) = align([sentence(tokens)], tokenizer)
        encoding = tokenizer(list(tokens), is_split_into_words=True)
        assert aligned.inputs["input_ids"] == encoding["input_ids"]
        words, last = [], None
        for word in encoding.word_ids():
            words.append(-1 if word is None or word == last else word)
            last = word
        if name != "inner spaces" or build is ALL["word piece"]:
            assert aligned.words == words


@pytest.mark.parametrize("name", ["plain", "punctuation", "chinese"])
def test_same_first_sub_words_as_word_ids_of_word_piece(name: str) -> None:
    tokenizer, tokens = word_piece(), SENTENCES[name]
    (aligned,) = align([sentence(tokens)], tokenizer)
    ids = tokenizer(list(tokens), is_split_into_words=True).word_ids()
    first = [-1 if word is None or word in ids[:i] else word for i, word in enumerate(ids)]
    assert aligned.words == first


def test_without_a_prefix_space_tokens_look_as_in_text() -> None:
    tokenizer = ALL["bytes"]()
    (aligned,) = align([sentence(("der", "Hund", "schläft"))], tokenizer)
    assert aligned.inputs["input_ids"] == tokenizer("der Hund schläft")["input_ids"]
    pieces = tokenizer.convert_ids_to_tokens(aligned.inputs["input_ids"])
    firsts = [piece for piece, word in zip(pieces, aligned.words, strict=True) if word >= 0]
    assert [first.startswith("Ġ") for first in firsts] == [False, True, True]


def test_a_swallowed_token_does_not_take_its_neighbours_sub_word() -> None:
    # The zero-width token becomes part of the space before "dogs", whose sub-word begins with it in the offsets.
    tokenizer = ALL["unigram"]()
    (aligned,) = align([sentence(("the", "\u200b", "dogs"))], tokenizer)
    pieces = tokenizer.convert_ids_to_tokens(aligned.inputs["input_ids"])
    assert "<unk>" in pieces
    assert "".join(pieces).replace("▁", "") == "<s>the<unk>dogs</s>"


def test_many_sentences_come_out_as_one_by_one(
    tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isogloss.tasks.alignment.TOKENIZER_BATCH", 2)
    sentences = [sentence(tokens) for tokens in SENTENCES.values()]
    assert align(sentences, tokenizer) == [align([one], tokenizer)[0] for one in sentences]


def test_a_token_without_sub_word_and_unknown_token_is_an_error() -> None:
    raw = Tokenizer(models.WordLevel({"a": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "<pad>": 4, "<mask>": 5}, "<unk>"))
    raw.normalizer, raw.pre_tokenizer = normalizers.Replace("\u200b", ""), pre_tokenizers.Whitespace()
    tokenizer = wrap(raw)
    tokenizer.unk_token = None
    with pytest.raises(IsoglossError, match=r"a.conll:7: token 2 of the sentence, '\\u200b', has no sub-word"):
        align([sentence(("a", "\u200b"))], tokenizer)


def aligned_of(words: list[int]) -> Aligned:
    count = len(words)
    return Aligned(
        {"input_ids": [1, *range(10, 10 + count), 2], "attention_mask": [1] * (count + 2)}, [-1, *words, -1], 1, 1
    )


def test_cuts_lie_between_tokens() -> None:
    pieces = cut(aligned_of([0, -1, 1, 2, -1, -1, 3]), 5)
    assert [piece.inputs["input_ids"] for piece in pieces] == [[1, 10, 11, 12, 2], [1, 13, 14, 15, 2], [1, 16, 2]]
    assert [piece.words for piece in pieces] == [[-1, 0, -1, 1, -1], [-1, 2, -1, -1, -1], [-1, 3, -1]]
    assert all(len(piece.inputs["attention_mask"]) == len(piece.words) for piece in pieces)


def test_a_token_longer_than_the_limit_keeps_its_first_sub_words() -> None:
    pieces = cut(aligned_of([0, 1, -1, -1, -1, 2]), 4)
    assert [piece.inputs["input_ids"] for piece in pieces] == [[1, 10, 2], [1, 11, 12, 2], [1, 15, 2]]
    assert [piece.words for piece in cut(aligned_of([0, -1, -1, -1]), 4)] == [[-1, 0, -1, -1]]


def test_anchors_are_the_first_sub_words_of_tokens() -> None:
    whole = aligned_of([0, -1, 1, 2, -1, -1, 3])
    assert whole.anchors == [0, 1, 1, 3, 4, 4, 4, 7, 8]
    assert [piece.anchors for piece in cut(whole, 5)] == [[0, 1, 1, 3, 4], [0, 1, 1, 1, 4], [0, 1, 2]]
    bare = Aligned({"input_ids": [10, 11, 12]}, [0, -1, 1], 0, 0)
    assert bare.anchors == [0, 0, 2]


def test_what_fits_is_not_cut() -> None:
    whole = aligned_of([0, 1, 2])
    assert cut(whole, 5) == [whole]


@pytest.mark.parametrize("limit", [3, 4, 5, 8, 13])
def test_pieces_of_any_limit_hold_all_tokens(tokenizer: PreTrainedTokenizerBase, limit: int) -> None:
    tokens = SENTENCES["plain"] + SENTENCES["chinese"] + SENTENCES["inner spaces"]
    pieces = cut(align([sentence(tokens)], tokenizer)[0], limit)
    assert [word for piece in pieces for word in piece.words if word >= 0] == list(range(len(tokens)))
    assert all(len(piece.words) <= limit for piece in pieces)


SPACED = {
    "han": ("他", "喜欢", "公园", "。", "龘", "文", "12", "年"),
    "shared": ("do", "g", "s", ",", "中", "文"),
    "thai": ("ไทย", "ไทย", "x"),
    "zero width": ("\u200b", "他", "\u200b", "\u200b喜", "\u200d", "文"),
    "marks": ("▁", "Ġ", "ĠĠ", "e", "\u0301", "½", "<unk>", "</s>"),
    "blank token": ("他", "\u3000", "文"),
}


def tight(tokens: tuple[str, ...], tags: tuple[str, ...] | None = None) -> TaggedSentence:
    return TaggedSentence("1", "xx", tokens, tags, "a.conllu", 7, (False,) * len(tokens))


@pytest.mark.parametrize("tokens", [*SENTENCES.values(), *SPACED.values()], ids=[*SENTENCES, *SPACED])
@pytest.mark.parametrize("make", [sentence, tight])
def test_every_token_has_one_sub_word_in_order_as_written(
    tokenizer: PreTrainedTokenizerBase, tokens: tuple[str, ...], make: Callable[[tuple[str, ...]], TaggedSentence]
) -> None:
    (aligned,) = align([make(tokens)], tokenizer, as_written=True)
    assert [word for word in aligned.words if word >= 0] == list(range(len(tokens)))
    assert len(aligned.words) == len(aligned.inputs["input_ids"])
    for limit in (3, 4, 7):
        pieces = cut(aligned, limit)
        assert [word for piece in pieces for word in piece.words if word >= 0] == list(range(len(tokens)))
        assert all(len(piece.words) <= limit for piece in pieces)


def test_as_written_the_sub_words_are_those_of_the_text(tokenizer: PreTrainedTokenizerBase) -> None:
    tokens = ("他", "喜欢", "公园", ",", "dogs", "sleep", ".")
    (aligned,) = align([sentence(tokens)], tokenizer, as_written=True)
    assert aligned.parted == 0
    assert aligned.inputs["input_ids"] == tokenizer("他喜欢公园, dogs sleep.")["input_ids"]


def test_spaces_between_all_tokens_change_nothing(tokenizer: PreTrainedTokenizerBase) -> None:
    tokens = SENTENCES["plain"]
    spaced = TaggedSentence("1", "de", tokens, None, "a", 1, (True,) * len(tokens))
    (words,), (text,) = align([spaced], tokenizer), align([spaced], tokenizer, as_written=True)
    assert text.inputs == words.inputs


def vocabulary(*pieces: str) -> PreTrainedTokenizerBase:
    """A SentencePiece-like tokenizer that prefers long pieces."""
    scored = [(piece, 0.0) for piece in SPECIAL] + [(piece, -10.0 + len(piece)) for piece in pieces]
    raw = Tokenizer(models.Unigram(scored, SPECIAL.index("<unk>")))
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    return wrap(raw)


def shown(tokens: tuple[str, ...], tokenizer: PreTrainedTokenizerBase) -> tuple[list[tuple[str, int]], int]:
    (aligned,) = align([tight(tokens)], tokenizer, as_written=True)
    pieces = tokenizer.convert_ids_to_tokens(aligned.inputs["input_ids"])
    return list(zip(pieces, aligned.words, strict=True))[1:-1], aligned.parted


def test_a_label_stands_at_the_first_sub_word_that_overlaps_the_first_character() -> None:
    tokenizer = vocabulary("▁", "我", "们在", "家", "家里")
    # 们在 is the end of one token and the beginning of the next, for which it stands.
    assert shown(("我们", "在", "家"), tokenizer) == ([("▁", -2), ("我", 0), ("们在", 1), ("家", 2)], 0)
    assert shown(("我", "们在"), tokenizer) == ([("▁", -2), ("我", 0), ("们在", 1)], 0)


def test_tokens_that_share_a_sub_word_are_parted_there_only() -> None:
    tokenizer = vocabulary("▁", "这", "样", "的", "这样的", "人", "▁的")
    expected = [("▁", -2), ("这", 0), ("样", -1), ("▁的", 1), ("人", 2)]
    assert shown(("这样", "的", "人"), tokenizer) == (expected, 1)
    three = [("▁", -2), ("这", 0), ("▁", -2), ("样", 1), ("▁的", 2), ("人", 3)]
    assert shown(("这", "样", "的", "人"), tokenizer) == (three, 2)


def test_a_token_that_shares_its_sub_word_with_a_space_is_parted() -> None:
    # The only sub-word of the first token is the mark of the space before it.
    tokenizer = vocabulary("▁", "กา", "ก", "า")
    assert shown(("ก", "า"), tokenizer) == ([("▁", -2), ("ก", 0), ("▁", -2), ("า", 1)], 1)


def test_anchors_pass_over_a_space_alone() -> None:
    tokenizer = vocabulary("▁", "这", "样", "的", "这样的", "▁的")
    (aligned,) = align([tight(("这样", "的"))], tokenizer, as_written=True)
    assert aligned.words == [-1, -2, 0, -1, 1, -1]
    assert aligned.anchors == [0, 1, 2, 2, 4, 5]


def test_a_maltese_letter_is_no_space() -> None:
    tokenizer = vocabulary("▁", "Ġ", "ie")
    assert shown(("Ġ", "ie"), tokenizer) == ([("▁", -2), ("Ġ", 0), ("ie", 1)], 0)


def test_many_sentences_as_written_come_out_as_one_by_one(
    tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isogloss.tasks.alignment.TOKENIZER_BATCH", 2)
    sentences = [tight(tokens) for tokens in (*SENTENCES.values(), *SPACED.values())]
    alone = [align([one], tokenizer, as_written=True)[0] for one in sentences]
    assert align(sentences, tokenizer, as_written=True) == alone


def test_where_the_file_does_not_say_the_script_does() -> None:
    tokenizer = vocabulary("▁", "他", "喜欢", "。")
    (aligned,) = align([sentence(("他", "喜欢", "。"))], tokenizer, as_written=True)
    assert aligned.words == [-1, -2, 0, 1, 2, -1]
