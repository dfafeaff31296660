"""What a model that translates calls a language, by what its tokenizer offers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.languages import find, script_subtag
from isogloss.common.scripts import SCRIPTS

CODE = re.compile(r"(?:__|>>)?([a-z]{2,3}(?:[_-][A-Za-z]{2,4})?)(?:__|<<)?")
"""A sub-word that names a language: ``deu_Latn`` (NLLB), ``__de__`` (M2M-100), ``de_DE`` (mBART-50), ``>>deu<<``."""


@dataclass(frozen=True)
class Direction:
    """How a model is told what to translate.

    Attributes:
        source: The tokenizer's code of the language of the texts; None: it has none to set.
        target: The sub-word that a translation is made to begin with; None: it begins as the model likes.
        prefix: What is put before every text.
    """

    source: str | None = None
    target: str | None = None
    prefix: str = ""


@dataclass(frozen=True)
class Telling:
    """How models are told from which language into which they translate.

    Attributes:
        codes: The tokenizer's codes by our codes, where they are not found by themselves.
        prefix: What is put before every text, ``{source}`` and ``{target}`` in it being the English names of the
            languages; for a model that has no codes and is told in words, or (empty) that knows one direction only.
            None: models are told by their codes.
    """

    codes: Mapping[str, str] = field(default_factory=dict)
    prefix: str | None = None

    def direction(self, tokenizer: Any, source: str, target: str) -> Direction:  # noqa: ANN401 - kinds differ
        """How a model with this tokenizer is told to translate from ``source`` into ``target``.

        Raises:
            IsoglossError: The model has no such language, several that may be meant, or does not say into which
                language it translates.
        """
        if self.prefix is not None:
            return Direction(prefix=_named(self.prefix, source, target))
        offered = offered_codes(tokenizer)
        if not offered:
            fixed = getattr(tokenizer, "target_lang", None)
            if fixed is None:
                raise IsoglossError(
                    "its tokenizer has no codes of languages and does not say into which language it translates; "
                    'prefix says what is put before each text ("translate {source} to {target}: "), or, empty, that '
                    f"the model translates into {target!r} as it is"
                )
            if not _same(str(fixed), target):
                raise IsoglossError(f"it translates into {fixed!r}, asked for is {target!r}")
            known = find(str(getattr(tokenizer, "source_lang", None)))  # that of several languages is none
            if known is not None and not _same(known.code, source):
                raise IsoglossError(f"it translates from {known.code!r}, asked for is {source!r}")
            return Direction()
        into = offered[_code(target, offered, self.codes)]
        if into.startswith(">>"):  # Marian's models of several targets are told in the text
            return Direction(prefix=f"{into} ")
        return Direction(_code(source, offered, self.codes) if hasattr(tokenizer, "src_lang") else None, into)


def offered_codes(tokenizer: Any) -> dict[str, str]:  # noqa: ANN401 - see above
    """The codes of languages that a tokenizer has, each with the sub-word that stands for it."""
    named: Mapping[str, str] | None = getattr(tokenizer, "lang_code_to_token", None)
    named = named or {code: code for code in getattr(tokenizer, "lang_code_to_id", ())}
    if named:
        return dict(named)
    told: list[str] = getattr(tokenizer, "supported_language_codes", None) or []
    tokens = told or sorted({*tokenizer.all_special_tokens, *tokenizer.added_tokens_encoder})
    found = {token: CODE.fullmatch(token) for token in tokens}
    return {match[1]: token for token, match in found.items() if match}


def _code(language: str, offered: Mapping[str, str], codes: Mapping[str, str]) -> str:
    if language in codes:
        if codes[language] not in offered:
            raise IsoglossError(f"codes: its tokenizer has no {codes[language]!r}{nearest(codes[language], offered)}")
        return codes[language]
    if language in offered:
        return language
    fitting = [code for code in offered if _same(code, language)]
    if len(fitting) > 1:
        fitting = [code for code in fitting if _written_so(code, language)] or fitting
    if not fitting:
        raise IsoglossError(f"its tokenizer has no code of {language!r}{nearest(language, offered)}")
    if len(fitting) > 1:
        raise IsoglossError(
            f"its tokenizer has several codes of {language!r}: {', '.join(fitting)}; codes says which, such as "
            f"{{{language}: {fitting[0]}}}"
        )
    return fitting[0]


def _same(code: str, language: str) -> bool:
    one, other = find(code), find(language)
    return one is not None and other is not None and one.code == other.code


def _written_so(code: str, language: str) -> bool:
    """Whether the script that a code names is that of a language: the one named there, or else a usual one."""
    own, asked, known = script_subtag(code), script_subtag(language), find(language)
    if own is None or asked is not None:
        return own == asked
    return known is not None and not set(known.scripts).isdisjoint(SCRIPTS[own])


def _named(prefix: str, source: str, target: str) -> str:
    names = {
        key: found.name if (found := find(code)) else code for key, code in (("source", source), ("target", target))
    }
    try:
        return prefix.format(**names)
    except (KeyError, IndexError, ValueError) as error:
        raise IsoglossError(f"prefix: {prefix!r} may hold {{source}} and {{target}} only, found {error}") from None
