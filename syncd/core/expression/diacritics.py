"""NormalizeDiacritics: letters with marks as plain ones.

The table is that of Microsoft Entra documentation, "Reference for writing expressions for attribute mappings". It is
compared in normal form D, the longest sequence first, so that composed and decomposed letters give the same result.
Marks are not simply dropped, since that would change letters that are not in the table.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from syncd.core.expression.functions import function
from syncd.core.expression.values import Value, text

#: result → code points in normal form C; + joins a base with its marks. The capitals follow from these.
_TABLE = {
    "a": "00E4 00E0 00E2 00E3 00E5 00E1 0105 0103 0101 0101+0301 0101+0300 0101+0302 0101+0303 01DF 0101+0308 01E1 0061+0331 00E5+0304",
    "ae": "00E6 01E3",
    "c": "00E7 010D 0107 0063+0304 0063+0331",
    "d": "010F 0064+0304 1E0F",
    "e": "00EB 00E8 00E9 00EA 0119 011B 0117 0113 1E17 1E15 0113+0302 0113+0303 00EA+0304 0065+0331 00EB+0304 0065+030A+0304",
    "g": "011F 1E21 0067+0331",
    "i": "00EF 00EE 00EC 00ED 0131 012B 012B+0301 012B+0300 012B+0302 012B+0303 0069+0331",
    "l": "013E 0142 006C+0304 1E39 1E3B",
    "n": "00F1 0144 0148 006E+0304 1E49",
    "o": "00F6 00F2 0151 00F5 00F4 00F3 014D 1E53 1E51 014D+0302 014D+0303 022B 014D+0308 01ED 022D 0231 006F+0331",
    "oe": "00F8 00F8+0304 0153+0304",
    "r": "0159 0072+0304 1E5F 1E5D",
    "s": "0161 015B 0219 015F 0073+0304 0073+0331",
    "ss": "00DF",
    "t": "0165 021B 0074+0304 1E6F",
    "u": "00FC 00F9 00FB 00FA 016F 0171 016B 016B+0301 016B+0300 016B+0302 016B+0303 0075+0307+0304 01D6 1E7B 1E73+0304 0075+0331",
    "y": "00FF 00FD 0233 0233+0301 0233+0300 0233+0303 0079+0331",
    "z": "017A 017E 017C 007A+0304 1E95",
}


@cache
def table() -> dict[str, str]:
    """Letter in normal form D → its replacement, small letters and capitals."""
    found = {unicodedata.normalize("NFD", "İ"): "I"}
    for result, row in _TABLE.items():
        for points in row.split():
            letter = "".join(chr(int(point, 16)) for point in points.split("+"))
            found[unicodedata.normalize("NFD", letter)] = result
            capital = letter[0].upper() + letter[1:]
            if result != "ss" and letter[0] != "ı":
                found[unicodedata.normalize("NFD", capital)] = result.upper()
    return found


def _plain(cluster: str) -> str:
    """One base with its marks: replaced up to the longest sequence in the table, unchanged if none is."""
    letter, known = unicodedata.normalize("NFD", cluster), table()
    for end in range(len(letter), 0, -1):
        if (result := known.get(letter[:end])) is not None:
            return result + letter[end:]
    return cluster


def plain(found: str) -> str:
    """The text with the letters of the table replaced."""
    if found.isascii():
        return found
    clusters: list[str] = []
    for each in found:
        if clusters and unicodedata.combining(each) and len(clusters[-1]) < 16:
            clusters[-1] += each
        else:
            clusters.append(each)
    return "".join(each if each.isascii() else _plain(each) for each in clusters)


@function("NormalizeDiacritics(source)")
def normalize_diacritics(source: Value) -> Value:
    """NormalizeDiacritics(source): the text with letters such as é, ł, ø and ß as e, l, oe and ss.

    Composed and decomposed letters give the same. ä, ö, ü become a, o, u. What isn't in Microsoft's table stays as it is:
    plain œ, đ, ð, þ, ţ, Greek, Cyrillic.

    Null: null gives null.
    Example: NormalizeDiacritics([givenName]) with {"givenName": "Zoë"} → "Zoe"
    Example: NormalizeDiacritics("Łódź Søren Weiß đ") → "Lodz Soeren Weiss đ"
    """
    found = text(source)
    return None if found is None else plain(found)
