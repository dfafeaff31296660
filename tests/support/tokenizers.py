"""Small tokenizers of the kinds that multilingual encoders have."""

from __future__ import annotations

import io
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
TEXTS = [
    "der Hund schläft auf dem Sofa , nicht wahr ?",
    "the dogs sleep on the sofa , unbelievably unhappy",
    "他 喜欢 在 公园 散步 。 中文 文",
    "thành phố Hồ Chí Minh là thành phố lớn",
    "собака спит на диване",
] * 3


def wrap(tokenizer: Tokenizer, max_length: int = 64) -> PreTrainedTokenizerFast:
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", tokenizer.token_to_id("<s>")), ("</s>", tokenizer.token_to_id("</s>"))],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
        model_max_length=max_length,
    )


def byte_level(*, prefix: bool) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    return wrap(tokenizer)


def word_piece(size: int = 150, *, lowercase: bool = False) -> PreTrainedTokenizerFast:
    """Like BERT: control characters are dropped, and in lower case the marks over letters too."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    return wrap(tokenizer)


def unigram() -> PreTrainedTokenizerFast:
    """Like XLM-R: zero-width characters become spaces, and runs of spaces one."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace("\u200b", " "), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=130, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    return wrap(tokenizer)


def write_sentencepiece(folder: Path) -> Path:
    """A tokenizer as mDeBERTa has it on the hub: what sentencepiece has trained, and no tokenizer.json."""
    from sentencepiece import SentencePieceTrainer

    model = io.BytesIO()
    special = {"pad": "[PAD]", "bos": "[CLS]", "eos": "[SEP]", "unk": "[UNK]"}
    SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_writer=model,
        vocab_size=150,
        hard_vocab_limit=False,
        character_coverage=1.0,
        minloglevel=2,
        **{f"{name}_id": number for number, name in enumerate(special)},
        **{f"{name}_piece": piece for name, piece in special.items()},
    )
    (folder / "spm.model").write_bytes(model.getvalue())
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false, "vocab_type": "spm"}')
    return folder


ALL = {
    "bytes": lambda: byte_level(prefix=False),
    "bytes with prefix": lambda: byte_level(prefix=True),
    "word piece": word_piece,
    "unigram": unigram,
}
