"""A unigram vocabulary for many languages, balanced between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokenizers import Tokenizer
from tokenizers.decoders import Metaspace as MetaspaceDecoder
from tokenizers.models import Unigram
from tokenizers.normalizers import NFKC
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.trainers import UnigramTrainer
from transformers import PreTrainedTokenizerFast

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator
from isogloss.common.shares import shares
from isogloss.models.tokenizer import SPECIAL, wrapped

CHARACTERS = 12_000_000
"""Characters that a vocabulary is learned from: more changes it little and takes longer."""


def train_unigram(
    sentences: Mapping[str, Sequence[str]],
    vocabulary_size: int,
    *,
    temperature: float,
    max_length: int,
    seed: int,
    characters: int = CHARACTERS,
) -> PreTrainedTokenizerFast:
    """A unigram vocabulary (Kudo 2018) of NFKC-normalised words marked with ▁, in XLM-R's frame.

    It is learned from a sample in which language t fills the share N_t^(1/T) / Σ_u N_u^(1/T), N being characters; a
    language with less text than its share is repeated, at most four times. Every character of every language's text is
    in the vocabulary.

    The trainer of `tokenizers` goes through hash maps, so two processes get slightly different vocabularies from the
    same text: keep the tokenizer, do not train it again.

    Args:
        sentences: By language.
        vocabulary_size: Number of pieces, the 5 special ones included.
        temperature: T > 0; 1 is proportional to size, infinity the same for all.
        max_length: Longest input of the model to be, in sub-words.
        seed: Seed of the sample.
        characters: Size of the sample.

    Raises:
        IsoglossError: ``vocabulary_size`` is less than the characters there are, or more than the text yields.

    Reference:
        Kudo, *Subword Regularization*, ACL 2018; Conneau et al., *XLM-R*, ACL 2020 (T = 1 / 0.3).
    """
    normalizer = NFKC()
    alphabet = sorted(
        {character for own in sentences.values() for text in own for character in normalizer.normalize_str(text)}
        - set(" \t\u3000")
    )
    if vocabulary_size < len(alphabet) + len(SPECIAL) + 1:
        raise IsoglossError(
            f"tokenizer.vocabulary_size: {vocabulary_size} pieces do not hold the {len(alphabet)} different characters "
            f"of the text and {len(SPECIAL)} special pieces"
        )
    tokenizer = Tokenizer(Unigram())
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, Metaspace(), MetaspaceDecoder()
    trainer = UnigramTrainer(
        vocab_size=vocabulary_size,
        special_tokens=list(SPECIAL),
        unk_token="<unk>",
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_sample(sentences, temperature, characters, seed), trainer)
    if tokenizer.get_vocab_size() < vocabulary_size:
        raise IsoglossError(
            f"tokenizer.vocabulary_size: the text yields {tokenizer.get_vocab_size()} pieces, {vocabulary_size} were "
            "asked for; give a smaller number or more text"
        )
    return wrapped(tokenizer, max_length)


def _sample(sentences: Mapping[str, Sequence[str]], temperature: float, characters: int, seed: int) -> list[str]:
    sizes = {language: sum(map(len, own)) for language, own in sentences.items()}
    wanted = shares(list(sizes.values()), temperature) * min(characters, sum(sizes.values()))
    sample: list[str] = []
    for (language, own), want in zip(sentences.items(), wanted, strict=True):
        taken = 0
        for turn in range(4):
            for index in generator(seed, "vocabulary", language, turn).permutation(len(own)):
                if taken >= want:
                    break
                sample.append(own[index])
                taken += len(own[index])
    return sample
