"""Functions of letter case: one character for one, as .NET does it, so that ß stays ß in capitals."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from syncd.core.expression.errors import Fault
from syncd.core.expression.functions import function
from syncd.core.expression.values import Value, shown, text

_CULTURE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}")
_TURKIC = ("tr", "az")
#: Blanks, line breaks, control and format characters, punctuation and symbols: where words end for PCase.
_SEPARATORS = frozenset(
    {"Zs", "Zl", "Zp", "Cc", "Cf", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"}
)


def _upper(found: str) -> str:
    if found.isascii():
        return found.upper()
    return "".join(large if len(large := each.upper()) == 1 and each != "ı" else each for each in found)


def _lower(found: str) -> str:
    if found.isascii():
        return found.lower()
    return "".join(small if len(small := each.lower()) == 1 else each for each in found)


def _turkic(culture: Value) -> bool:
    name = text(culture)
    if not name:
        return False
    if _CULTURE.fullmatch(name) is None:
        raise Fault(f'{shown(name)} is no culture; write for example "en-US"')
    return name.lower().partition("-")[0] in _TURKIC


@function("ToLower(source, [culture])")
def to_lower(source: Value, culture: Value = None) -> Value:
    """ToLower(source, [culture]): the text in lower case.

    `culture`, such as "en-US", is optional: without it the invariant culture. Only Turkish and Azeri differ (dotless i).

    Null: null gives null.
    Example: ToLower("John.SMITH@Contoso.com") → "john.smith@contoso.com"
    """
    found = text(source)
    if found is None:
        return None
    if culture is not None and _turkic(culture):
        found = found.replace("I", "ı").replace("İ", "i")
    return _lower(found)


@function("ToUpper(source, [culture])")
def to_upper(source: Value, culture: Value = None) -> Value:
    """ToUpper(source, [culture]): the text in upper case.

    `culture`, such as "en-US", is optional: without it the invariant culture. Only Turkish and Azeri differ (dotted I).

    Null: null gives null.
    Example: ToUpper("straße", "de-DE") → "STRAßE"
    Example: ToUpper("istanbul", "tr-TR") → "İSTANBUL"
    """
    found = text(source)
    if found is None:
        return None
    if culture is not None and _turkic(culture):
        return _upper(found.replace("i", "İ")).replace("ı", "I")
    return _upper(found)


@lru_cache(maxsize=4096)
def _separates(character: str) -> bool:
    return unicodedata.category(character) in _SEPARATORS


@function("PCase(source, [wordSeparators])")
def pcase(source: Value, word_separators: Value = None) -> Value:
    """PCase(source, [wordSeparators]): the first character of each word in upper case, all others in lower case.

    A word begins at the start and after each separator. Without `wordSeparators` these are blanks, line breaks, control
    and format characters, punctuation and symbols, the apostrophe included. Given, each of its characters is one,
    and nothing else.

    Null: null gives null.
    Example: PCase([displayName]) with {"displayName": "PABLO GONSALVES (SECOND)"} → "Pablo Gonsalves (Second)"
    Example: PCase([lastName], " '-") with {"lastName": "PINTO-DE'SILVA"} → "Pinto-De'Silva"
    Example: PCase("O'NEIL-SMITH JR", " ") → "O'neil-smith Jr"
    """
    found, marks = text(source), text(word_separators)
    if found is None:
        return None
    result, begins = [], True
    for each in found:
        result.append(_upper(each) if begins else _lower(each))
        begins = each in marks if marks is not None else _separates(each)
    return "".join(result)
