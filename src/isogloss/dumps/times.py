"""Titles that name a year or a date: links to them say nothing of the world."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale, UnknownLocaleError

# A number, alone or with a short word beside it ("1991 рік" is a year, "Apollo 11" is not).
_YEAR = re.compile(r"\d{1,4}( ?(р\.|рік|թ\.|թվական|年|년|সাল|BC|AD))?")
_SMALL = 6
"""Letters beside day and month, at most: prepositions, and the word for month or day."""


def is_time(title: str, language: str) -> bool:
    """Whether a title is a year or a day of a month, in the names of months that the language has in CLDR.

    Example:
        >>> [is_time(title, "en") for title in ("1991", "January 5", "Apollo 11", "May")]
        [True, True, False, False]
        >>> is_time("5 січня", "uk"), is_time("5 tháng 1", "vi"), is_time("৫ জানুয়ারি", "bn")
        (True, True, True)
    """
    if _YEAR.fullmatch(title):
        return True
    if not any(letter.isdigit() for letter in title):
        return False
    text = title.casefold()
    for month in _months(language):
        if month in text:
            rest = text.replace(month, "", 1)
            numbers = re.findall(r"\d+", rest)
            letters = sum(letter.isalpha() for letter in rest)
            return len(numbers) == 1 and len(numbers[0]) <= 4 and letters <= _SMALL
    return False


@cache
def _months(language: str) -> tuple[str, ...]:
    """The names of months, as they stand alone and in dates; the longest first."""
    try:
        months = Locale.parse(language, sep="-").months
    except (UnknownLocaleError, ValueError):
        return ()
    names = {
        months[context]["wide"][number].casefold() for context in ("format", "stand-alone") for number in range(1, 13)
    }
    return tuple(sorted((name for name in names if not name.isdigit()), key=lambda name: (-len(name), name)))
