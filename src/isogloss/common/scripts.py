"""Scripts: their codes, and how much of a text is written in them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

# Codes of ISO 15924, each with the first words of the Unicode names of its letters. Unicode draws no line between
# variants of a script (Hans, Hant), and scripts may share a first word (Tai Le, Tai Tham); the usual code stands first.
_NAMES = """
    Adlm ADLAM, Arab ARABIC, Aran ARABIC, Armi IMPERIAL, Armn ARMENIAN, Avst AVESTAN, Bali BALINESE, Bamu BAMUM,
    Bass BASSA, Batk BATAK, Beng BENGALI, Bopo BOPOMOFO, Brah BRAHMI, Bugi BUGINESE, Buhd BUHID, Cakm CHAKMA,
    Cans CANADIAN, Cham CHAM, Cher CHEROKEE, Copt COPTIC, Cyrl CYRILLIC, Cyrs CYRILLIC, Deva DEVANAGARI, Dogr DOGRA,
    Egyp EGYPTIAN, Ethi ETHIOPIC, Geor GEORGIAN, Geok GEORGIAN, Glag GLAGOLITIC, Gong GUNJALA, Gonm MASARAM,
    Goth GOTHIC, Gran GRANTHA, Grek GREEK, Gujr GUJARATI, Guru GURMUKHI, Hang HANGUL, Hani CJK, Hano HANUNOO,
    Hans CJK, Hant CJK, Hebr HEBREW, Hira HIRAGANA, Hmng PAHAWH, Hmnp NYIAKENG, Hrkt HIRAGANA KATAKANA
    KATAKANA-HIRAGANA, Ital OLD, Java JAVANESE, Jpan HIRAGANA KATAKANA KATAKANA-HIRAGANA CJK, Kali KAYAH,
    Kana KATAKANA KATAKANA-HIRAGANA, Khar KHAROSHTHI, Khmr KHMER, Knda KANNADA, Kore HANGUL CJK, Kthi KAITHI,
    Lana TAI, Laoo LAO, Latn LATIN, Latf LATIN, Latg LATIN, Lepc LEPCHA, Limb LIMBU, Lisu LISU, Mand MANDAIC,
    Medf MEDEFAIDRIN, Mend MENDE, Mlym MALAYALAM, Modi MODI, Mong MONGOLIAN, Mroo MRO, Mtei MEETEI, Mymr MYANMAR,
    Newa NEWA, Nkoo NKO, Nshu NUSHU, Ogam OGHAM, Olck OL, Orkh OLD, Orya ORIYA, Osge OSAGE, Osma OSMANYA,
    Phnx PHOENICIAN, Plrd MIAO, Rjng REJANG, Rohg HANIFI, Runr RUNIC, Samr SAMARITAN, Saur SAURASHTRA, Shrd SHARADA,
    Sind KHUDAWADI, Sinh SINHALA, Sora SORA, Sund SUNDANESE, Sylo SYLOTI, Syrc SYRIAC, Tagb TAGBANWA, Takr TAKRI,
    Tale TAI, Talu NEW, Taml TAMIL, Tavt TAI, Telu TELUGU, Tfng TIFINAGH, Tglg TAGALOG, Thaa THAANA, Thai THAI,
    Tibt TIBETAN, Tirh TIRHUTA, Toto TOTO, Vaii VAI, Wara WARANG, Wcho WANCHO, Xpeo OLD, Xsux CUNEIFORM, Yiii YI
"""

SCRIPTS: dict[str, tuple[str, ...]] = {
    code: tuple(names) for code, *names in (row.split() for row in _NAMES.split(","))
}
"""By the code of ISO 15924 the scripts that it stands for, as the Unicode names of letters begin."""

WITHOUT_SPACES = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"}
)
"""Scripts that put no space between words, as the Unicode names of their letters begin."""

RIGHT_TO_LEFT = frozenset({"ARABIC", "HEBREW", "SYRIAC", "THAANA", "NKO", "ADLAM", "SAMARITAN", "MANDAIC", "HANIFI"})
"""Scripts that run from right to left and are in use, as the Unicode names of their letters begin."""


def codes_of(scripts: Iterable[str]) -> tuple[str, ...]:
    """The codes of scripts: the one that stands for all of them, or else one for each.

    Args:
        scripts: Names of scripts as in ``SCRIPTS``; a name without a code is left out.

    Example:
        >>> codes_of(["HANGUL", "CJK"]), codes_of(["CJK"]), codes_of(["LATIN", "CYRILLIC"])
        (('Kore',), ('Hani',), ('Latn', 'Cyrl'))
    """
    codes = {names: code for code, names in reversed(SCRIPTS.items())}  # of several codes the first stays
    names = tuple(scripts)
    return (codes[names],) if names in codes else tuple(codes[name,] for name in names if (name,) in codes)


def dominant_scripts(text: str) -> Counter[str]:
    """How many letters of each script are in the text, the script being the first word of a letter's Unicode name.

    Example:
        >>> dominant_scripts("Москва, Tver 12").most_common()
        [('CYRILLIC', 6), ('LATIN', 4)]
    """
    scripts: Counter[str] = Counter()
    for letter, number in Counter(text).items():
        if letter.isalpha():
            scripts[unicodedata.name(letter, "UNKNOWN").split(" ")[0]] += number
    return scripts


def script_share(text: str, scripts: Iterable[str]) -> float:
    """The share, 0 to 1, of the letters of the text that are of one of the scripts; 1 if it has no letters."""
    found = dominant_scripts(text)
    return sum(found[script] for script in scripts) / found.total() if found else 1.0
