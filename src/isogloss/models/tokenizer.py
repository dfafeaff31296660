"""Tokenizers: those of a model, and new ones for models from scratch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.decoders import Metaspace as MetaspaceDecoder
from tokenizers.models import BPE
from tokenizers.normalizers import NFKC
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from isogloss.common.errors import IsoglossError
from isogloss.models.shipped import located
from isogloss.models.sources import require_source

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
"""The special pieces of a new tokenizer, in the order of their ids."""

_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "*.model")


def load_tokenizer(source: str | Path, *, revision: str | None = None, remote: bool = False) -> PreTrainedTokenizerBase:
    """The fast tokenizer of a model.

    Args:
        source: Local folder or hub id.
        revision: Commit of the hub's repository; its newest by default.
        remote: Whether to run Python code that comes with the model.

    Raises:
        IsoglossError: There is none, it is not a fast one, or it has no padding token.
    """
    require_source(source)
    source = located(source)
    folder = Path(source)
    # Given a folder without a tokenizer, transformers makes an empty one from the model's type.
    if folder.is_dir() and not any(match for pattern in _FILES for match in folder.glob(pattern)):
        raise IsoglossError(f"model folder {str(source)!r} has no tokenizer: none of {', '.join(_FILES)}")
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(source), revision=revision, trust_remote_code=remote)
    # The many readers of tokenizer files raise whatever they meet, also bare exceptions from Rust.
    except Exception as error:
        raise IsoglossError(f"model {str(source)!r}: its tokenizer cannot be read: {reason_of(error)}") from error
    if not tokenizer.is_fast:
        raise IsoglossError(
            f"model {str(source)!r}: its tokenizer {type(tokenizer).__name__} is not a fast one (no tokenizer.json), "
            "so it cannot say where its sub-words lie in the text"
        )
    if tokenizer.pad_token_id is None:
        raise IsoglossError(f"model {str(source)!r}: its tokenizer has no padding token; set pad_token in its files")
    return tokenizer


def train_tokenizer(texts: Iterable[str], vocabulary_size: int, *, max_length: int = 512) -> PreTrainedTokenizerFast:
    """A sub-word vocabulary from texts: byte-pair encoding of NFKC-normalised words marked with ▁, XLM-R's frame.

    The same texts give the same tokenizer, id by id, in any process. (Unigram, as XLM-R has it, does not: its trainer
    goes through hash maps, so ids, scores and, where scores tie, pieces differ between processes even with one thread.)

    All characters of the texts are in the vocabulary as long as there is room, the most frequent first; others become
    ``<unk>``. Texts that have fewer pieces than ``vocabulary_size`` give a smaller vocabulary: see ``len(tokenizer)``.

    Args:
        texts: The texts.
        vocabulary_size: Number of pieces, the 5 special ones included; at least 6.
        max_length: Longest input of the model to be, in sub-words, special ones included.

    Raises:
        IsoglossError: ``vocabulary_size`` leaves no room beside the special pieces, or the texts have no characters.

    Example:
        >>> tokenizer = train_tokenizer(["low lower lowest", "new newer newest"], 40)
        >>> tokenizer.tokenize("newest lower")
        ['▁newest', '▁lower']
    """
    if vocabulary_size <= len(SPECIAL):
        raise IsoglossError(f"vocabulary_size is {vocabulary_size}, but {len(SPECIAL)} pieces are special ones already")
    lines = list(texts)
    normalizer, splitter = NFKC(), Metaspace()
    counts = Counter(
        character
        for line in lines
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(line))
        for character in word
    )
    if not counts.keys() - {splitter.replacement}:
        raise IsoglossError("a tokenizer cannot be trained: the texts have no characters")
    room = vocabulary_size - len(SPECIAL)
    # Chosen here because the trainer breaks ties between equally frequent characters by hash order.
    alphabet = sorted(counts, key=lambda character: (-counts[character], character))[:room]
    tokenizer = Tokenizer(BPE(unk_token="<unk>"))
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, splitter, MetaspaceDecoder()
    trainer = BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=list(SPECIAL),
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    return wrapped(tokenizer, max_length)


def wrapped(tokenizer: Tokenizer, max_length: int) -> PreTrainedTokenizerFast:
    """A trained tokenizer as transformers has it, with XLM-R's special pieces around the texts."""
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(piece, tokenizer.token_to_id(piece)) for piece in ("<s>", "</s>")],
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=max_length,
        model_input_names=["input_ids", "attention_mask"],
    )


def reason_of(error: Exception) -> str:
    """Why transformers cannot read a tokenizer, in one line.

    Example:
        >>> reason_of(ValueError("`tiktoken` is required to read a `tiktoken` file."))[:47]
        'its file of sentencepiece (*.model) is damaged,'
    """
    first = str(error).strip().partition("\n")[0] or type(error).__name__
    # Where sentencepiece does not get on, tiktoken is tried, and what is said is that it is missing.
    if re.search("sentencepiece|tiktoken", first, re.IGNORECASE):
        return (
            "its file of sentencepiece (*.model) is damaged, or what reads it is missing or too old: "
            "`pip install --upgrade sentencepiece protobuf`"
        )
    return first
