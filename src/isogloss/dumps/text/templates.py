"""Templates whose text is known without expanding them: quotations in other languages, numbers, links to other wikis.

A dump holds calls of templates, not what they give. Most calls in running text are footnotes, which leave nothing; of
a few kinds the text is one of their parameters; the rest leaves a hole, and a sentence with a hole in its midst is
dropped rather than told wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mwparserfromhell.nodes import Template
from mwparserfromhell.wikicode import Wikicode

_LAST = "lang langx transl transliteration translit script мова"
_FIRST = """
    nowrap nobr nobold noitalic small smaller big larger resize abbr abbrlink unicode formatnum num val nts число
    tooltip
"""
# By name in small letters the positions, from 1, of the parameters that are the text; 0 is the last one.
_TEXT: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(_LAST.split(), (0,)),
    **dict.fromkeys(_FIRST.split(), (1,)),
    **dict.fromkeys(("convert", "cvt", "đổi", "chuyển đổi"), (1, 2)),
}
_LANGUAGE = re.compile(r"lang-[a-z-]+|мова-[a-z-]+")
# Links to other wikis, for articles that are missing: the text is the second parameter, or else the first.
_LINK = re.compile(r"нп\d?|не переклад[а-я]+|ill|interlanguage link|liên kết ngôn ngữ|link-interwiki")
# Footnotes, and what stands beside the text: they leave nothing wherever they are.
_BESIDE = """
    r rp cn fn fact ref refn note notetag citation vn who when where which why how clarify dubious verify anchor якір
    clear хто коли де прим джерело loc փաստ աղբյուր ծնթ flag flagicon прапор флаг спож
"""
_NOTE = frozenset(_BESIDE.split())
_NOTES = re.compile(
    r"(harv|sfn|efn|cite|citation needed|cần chú|cần dẫn|by whom|better source|page needed|short description|"
    r"use [dm]|wayback|webarchive|webcite|dead link|мертве|\w\w icon|ref-|ref label|iw-ref|তথ্যসূত্র|সূত্র|উদ্ধৃতি|"
    r"dn$|disambiguation needed)"
)
SPOKEN = "\ue003"
"""Stands where a text says how a word is spoken, in signs that are no words."""
_SPOKEN = re.compile(r"ipa|ipac?-.*|мфа|հմա|audio|pron|pronunciation|respell|аудіо|phát âm|উচ্চারণ|আধ্বব.*")
_SIGNS = {
    "!": "|", "=": "=", "'": "'", "·": "·", "•": "•", "ndash": "–", "–": "–", "mdash": "—", "—": "—", "nbsp": " ",
    "snd": " – ", "spaced ndash": " – ", "circa": "c.", "c.": "c.",
}  # fmt: skip


def text_of(template: Template) -> Sequence[Wikicode | str] | None:
    """What a template shows, piece by piece; nothing for a footnote; None where it cannot be said."""
    name = " ".join(str(template.name).replace("_", " ").split()).casefold()
    if name in _SIGNS:
        return [_SIGNS[name]]
    name, mark, value = name.partition(":")
    if mark:
        return [value.strip()] if name == "formatnum" and value.strip() else None
    given = [parameter.value for parameter in template.params if not parameter.showkey]
    if _LINK.fullmatch(name):
        shown = [value for value in given[:2] if str(value).strip()]
        return shown[-1:] or None
    positions = _TEXT.get(name) or ((1,) if _LANGUAGE.fullmatch(name) else None)
    if positions is None and _SPOKEN.fullmatch(name):
        return [SPOKEN]
    if positions is None:
        return [] if name in _NOTE or _NOTES.match(name) else None
    if len(given) < max(positions) or not given or (name == "lang" and len(given) < 2):
        return None
    found: list[Wikicode | str] = []
    for position in positions:
        found += ([" "] if found else []) + [given[position - 1]]
    return found
