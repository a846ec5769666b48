"""Functions of single texts. Positions and lengths count characters (Unicode code points), from 1."""

from __future__ import annotations

import re

from syncd.core.expression.errors import Fault
from syncd.core.expression.functions import function
from syncd.core.expression.values import Value, bounded, integer, is_null, listed, shown, text

COMPARE_TYPES = frozenset({"vbTextCompare", "vbBinaryCompare"})


@function("Append(source, suffix)")
def append(source: Value, suffix: Value) -> Value:
    """Append(source, suffix): the source followed by the suffix.

    Null: a null source gives null; a null suffix adds nothing.
    Example: Append([userPrincipalName], ".test") with {"userPrincipalName": "John.Doe@contoso.com"} → "John.Doe@contoso.com.test"
    """
    start, end = text(source), text(suffix) or ""
    if start is None:
        return None
    bounded(len(start) + len(end))
    return start + end


@function("Left(string, numChars)")
def left(string: Value, num_chars: Value) -> Value:
    """Left(string, numChars): the first `numChars` characters.

    0 gives the empty text; a negative number, or one beyond the end, the whole text.

    Null: a null string gives the empty text.
    Example: Left([surname], 3) with {"surname": "Müller"} → "Mül"
    Example: Left("John", -1) → "John"
    """
    count = integer(num_chars, "numChars")
    found = text(string) or ""
    return found if count < 0 else found[:count]


@function("Mid(source, start, length)")
def mid(source: Value, start: Value, length: Value) -> Value:
    """Mid(source, start, length): `length` characters from position `start`, which counts from 1.

    If fewer are left, all up to the end; a start beyond the end gives the empty text.

    Null: a null source gives null.
    Example: Mid("John", 1, 3) → "Joh"
    Example: Mid("John", 0, 3) → error start counts from 1
    """
    first, count = integer(start, "start"), integer(length, "length")
    if first < 1:
        raise Fault("start counts from 1")
    if count < 0:
        raise Fault("length must not be negative")
    found = text(source)
    return None if found is None else found[first - 1 : first - 1 + count]


@function("Len(string)")
def len_(string: Value) -> Value:
    """Len(string): the number of characters.

    Microsoft doesn't say what it counts; here it is Unicode characters. For the values of an attribute see `Count`.

    Null: null gives null.
    Example: Len("Zoë") → "3"
    """
    found = text(string)
    return None if found is None else len(found)


@function("InStr(value1, value2, [start], [compareType])", keywords=COMPARE_TYPES)
def in_str(value1: Value, value2: Value, start: Value = None, compare_type: Value = None) -> Value:
    """InStr(value1, value2, [start], [compareType]): the position of the first `value2` in `value1`, 0 if there is none.

    The search begins at `start` (1); the result counts from the start of the text all the same. `compareType` is
    `vbBinaryCompare` (exact, and the default, which Microsoft leaves open) or `vbTextCompare` (without regard to case).

    Null: null for value1 or value2 gives null.
    Example: InStr("The quick brown fox", "quick") → "5"
    Example: InStr("The QUICK brown fox", "quick", 1, vbTextCompare) → "5"
    Example: InStr("The quick brown fox", "QUICK", , vbBinaryCompare) → "0"
    """
    within, wanted = text(value1), text(value2)
    first = 1 if start is None else integer(start, "start")
    how = text(compare_type)
    if first < 1:
        raise Fault("start counts from 1")
    if how not in (None, "", "0", "1", *COMPARE_TYPES):
        raise Fault(f"compareType is {shown(how)}; it must be vbTextCompare or vbBinaryCompare")
    if within is None or wanted is None:
        return None
    if how not in ("vbTextCompare", "1"):
        return within.find(wanted, first - 1) + 1
    found = re.compile(re.escape(wanted), re.IGNORECASE).search(within, first - 1) if first <= len(within) + 1 else None
    return found.start() + 1 if found else 0


@function("StartsWith(source, prefix)")
def starts_with(source: Value, prefix: Value) -> Value:
    """StartsWith(source, prefix): whether the text begins with the prefix, with regard to case.

    An addition of syncd.

    Null: null for either gives false.
    Example: StartsWith([department], "Eng") with {"department": "Engineering"} → "True"
    """
    found, wanted = text(source), text(prefix)
    return found is not None and wanted is not None and found.startswith(wanted)


@function("EndsWith(source, suffix)")
def ends_with(source: Value, suffix: Value) -> Value:
    """EndsWith(source, suffix): whether the text ends with the suffix, with regard to case.

    An addition of syncd.

    Null: null for either gives false.
    Example: EndsWith([mail], "@contoso.com") with {"mail": "jane@contoso.com"} → "True"
    """
    found, wanted = text(source), text(suffix)
    return found is not None and wanted is not None and found.endswith(wanted)


@function("StripSpaces(source)")
def strip_spaces(source: Value) -> Value:
    """StripSpaces(source): the text without its blanks (U+0020); other white space stays.

    Null: null gives null.
    Example: StripSpaces("Van der Hof") → "VanderHof"
    """
    found = text(source)
    return None if found is None else found.replace(" ", "")


@function("Trim(value)")
def trim(value: Value) -> Value:
    """Trim(value): the text without white space at its ends; of a multi-valued attribute, each of its values so.

    Null: null gives null.
    Example: Trim(" Test ") → "Test"
    Example: Trim([otherMails]) with {"otherMails": [" a@x.org", "b@x.org "]} → ["a@x.org", "b@x.org"]
    """
    if isinstance(value, (list, tuple, set, frozenset)):
        return None if is_null(value) else [(text(each) or "").strip() for each in listed(value)]
    found = text(value)
    return None if found is None else found.strip()


@function("Word(string, wordNumber, delimiters)")
def word(string: Value, word_number: Value, delimiters: Value) -> Value:
    """Word(string, wordNumber, delimiters): the word with that number, counted from 1.

    Each character of `delimiters` separates words; several in a row separate once. A number below 1, or more than
    there are words, gives the empty text.

    Null: a null string gives the empty text.
    Example: Word("The quick brown fox", 3, " ") → "brown"
    Example: Word("a;b, c", 3, ",; ") → "c"
    """
    count, marks = integer(word_number, "wordNumber"), text(delimiters) or ""
    words = [text(string) or ""]
    if marks:
        words = re.split(f"[{re.escape(marks)}]", words[0])
    words = [each for each in words if each]
    return words[count - 1] if 1 <= count <= len(words) else ""


@function("CStr(value)")
def cstr(value: Value) -> Value:
    """CStr(value): a number, reference, Boolean or DateTime as a text, in its rendered form; a text stays as it is.

    Null: null gives null.
    Example: CStr([dn]) with {"dn": "cn=Joe,dc=contoso,dc=com"} → "cn=Joe,dc=contoso,dc=com"
    Example: CStr([logonCount]) with {"logonCount": 1250} → "1250"
    """
    found = text(value)
    bounded(len(found or ""))
    return found
