from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from isogloss.common.errors import IsoglossError
from isogloss.models import load_tokenizer, train_tokenizer
from tests.support.tokenizers import TEXTS, write_sentencepiece

LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßабвгде中文字喜欢"


def texts() -> list[str]:
    generator = random.Random(0)
    words = ["".join(generator.choices(LETTERS, k=generator.randint(2, 8))) for _ in range(400)]
    return [" ".join(generator.choices(words, k=10)) for _ in range(300)]


def digest(vocabulary_size: int) -> str:
    tokenizer = train_tokenizer(texts(), vocabulary_size)
    return hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest()


def test_special_tokens_and_both_frames() -> None:
    tokenizer = train_tokenizer(texts(), 200)
    assert len(tokenizer) == 200
    assert tokenizer.convert_ids_to_tokens(range(5)) == ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    assert (tokenizer.pad_token_id, tokenizer.mask_token_id, tokenizer.model_max_length) == (1, 4, 512)
    one, two = tokenizer("ab"), tokenizer("ab", "cd")
    assert (one["input_ids"][0], one["input_ids"][-1]) == (0, 2)
    assert tokenizer.decode(two["input_ids"]).replace(" ", "") == "<s>ab</s></s>cd</s>"
    assert list(one) == ["input_ids", "attention_mask"]


def test_all_characters_are_covered_while_there_is_room() -> None:
    tokenizer = train_tokenizer(texts(), len(LETTERS) + 6)
    assert 3 not in tokenizer(texts(), add_special_tokens=False)["input_ids"][0]
    small = train_tokenizer(["aaa bb", "a c"], 7)
    assert sorted(small.get_vocab()) == sorted(["<s>", "<pad>", "</s>", "<unk>", "<mask>", "a", "▁"])


def test_compatibility_characters_are_normalised() -> None:
    tokenizer = train_tokenizer(["fine fin"], 30)
    assert tokenizer.tokenize("ﬁne") == tokenizer.tokenize("fine")


def test_a_vocabulary_beyond_the_texts_is_smaller() -> None:
    assert len(train_tokenizer(["ab ab"], 1000)) < 20


@pytest.mark.slow
def test_same_ids_in_any_process() -> None:
    code = f"""
import sys
sys.path[:0] = {sys.path!r}
from tests.models.test_tokenizer import digest
print(digest(30), digest(300))
"""
    environment = {**os.environ, "PYTHONHASHSEED": "7", "RAYON_NUM_THREADS": "1"}
    other = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.split() == [digest(30), digest(300)] == [digest(30), digest(300)]


def test_training_errors() -> None:
    with pytest.raises(IsoglossError, match="vocabulary_size is 5"):
        train_tokenizer(["a"], 5)
    with pytest.raises(IsoglossError, match="no characters"):
        train_tokenizer(["", " "], 10)


def test_saved_and_loaded(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(texts(), 200)
    tokenizer.save_pretrained(tmp_path)
    again = load_tokenizer(tmp_path)
    assert again(texts()[:3])["input_ids"] == tokenizer(texts()[:3])["input_ids"]
    assert again.model_max_length == 512


def test_loading_errors(tmp_path: Path) -> None:
    with pytest.raises(IsoglossError, match=r"has no tokenizer: none of tokenizer\.json"):
        load_tokenizer(tmp_path)
    PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel({"a": 0}))).save_pretrained(tmp_path)
    with pytest.raises(IsoglossError, match="no padding token"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(IsoglossError, match="its tokenizer cannot be read"):
        load_tokenizer(tmp_path)


def deberta(folder: Path) -> Path:
    """A folder as mDeBERTa's on the hub, without weights."""
    (folder / "config.json").write_text('{"model_type": "deberta-v2"}')
    return write_sentencepiece(folder)


def test_a_model_of_sentencepiece_is_read(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(deberta(tmp_path))
    own = SentencePieceProcessor(model_file=str(tmp_path / "spm.model"))
    assert tokenizer.is_fast and (tokenizer.pad_token, tokenizer.mask_token_id) == ("[PAD]", own.get_piece_size())
    for text in TEXTS:
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == own.encode(text)


def test_one_that_cannot_be_read_does_not_ask_for_tiktoken(tmp_path: Path) -> None:
    (deberta(tmp_path) / "spm.model").write_bytes(b"damaged")
    with pytest.raises(
        IsoglossError, match=r"sentencepiece \(\*\.model\) is damaged, or .* --upgrade sentencepiece"
    ) as said:
        load_tokenizer(tmp_path)
    assert "tiktoken" not in str(said.value)
