"""Texts, their case, letters with marks, lists, encodings and names."""

from __future__ import annotations

import unicodedata

import pytest

from syncd.core.expression.diacritics import table
from syncd.core.expression.tester import run


@pytest.mark.parametrize(
    ("text", "attributes", "result"),
    [
        ("Left([a], 9)", {"a": "abc"}, "abc"),
        ("Left([a], 0)", {"a": "abc"}, ""),
        ('Left([a], "2")', {"a": "\U0001f600bc"}, "\U0001f600b"),
        ("Mid([a], 4, 2)", {"a": "abc"}, ""),
        ("Mid([a], 2, 99)", {"a": "abc"}, "bc"),
        ('InStr([a], "b", 3)', {"a": "abcb"}, "4"),
        ('InStr([a], "b", 9)', {"a": "abcb"}, "0"),
        ('InStr([a], "ß", 1, vbTextCompare)', {"a": "xß"}, "2"),
        ('InStr([a], "B", 9, vbTextCompare)', {"a": "b"}, "0"),
        ('Word([a], 2, " ,")', {"a": "one, two"}, "two"),
        ('Word([a], 3, " ,")', {"a": "one, two"}, ""),
        ('Word([a], 0, " ")', {"a": "one"}, ""),
        ('Word([a], 1, "")', {"a": "one two"}, "one two"),
        ("StripSpaces([a])", {"a": " a\tb \u00a0"}, "a\tb\u00a0"),
        ("Trim([a])", {"a": "\t a b \n"}, "a b"),
        ("PCase([a])", {"a": "mary-ann o'neil_smith(jr) x+y"}, "Mary-Ann O'Neil_Smith(Jr) X+Y"),
        ('PCase([a], "")', {"a": "mary ann"}, "Mary ann"),
        ("PCase([a])", {"a": "ßETA"}, "ßeta"),
        ("ToLower([a])", {"a": "ΣΑΣ"}, "σασ"),
        ('ToLower([a], "tr")', {"a": "IİX"}, "ıix"),
        ('ToUpper([a], "en-US")', {"a": "éi"}, "ÉI"),
        ("Append([n], 1)", {"n": 7}, "71"),
        ('Join("-", [l], "x")', {"l": ["a", None, "", "b"]}, "a-b-x"),
        ('Join(", ", " ", "b")', {}, " , b"),
        ('Join(",", [f], [n], [d])', {"f": True, "n": 1.0, "d": 0.5}, "True,1,0.5"),
        ('Split([a], ", ")', {"a": "x, y,z"}, ["x", "y,z"]),
        ('Split([a], ";")', {"a": "x"}, ["x"]),
        ('Split([a], "")', {"a": "x"}, ["x"]),
        ('Split([a], ",")', {"a": "x,,y,"}, ["x", "", "y", ""]),
        ("Count([a])", {"a": "x"}, "1"),
        ("Item([a], 1)", {"a": "x"}, "x"),
        ("RemoveDuplicates([a])", {"a": "x"}, ["x"]),
        ('Contains([a], "x")', {"a": ["X", "xx"]}, "False"),
        ("ConvertToBase64([a])", {"a": "é"}, "6QA="),
        ("ConvertFromBase64([a], ASCII)", {"a": "YW Jj\n"}, "abc"),
        ("ConvertToUTF8Hex([a])", {"a": "é\ud800"}, "C3A9EFBFBD"),
        ("DNComponent([a], 2)", {"a": r"cn=a\,b\+c, OU = \C3\A9 x ,dc=y"}, "é x"),
        ("DNComponent([a], 1)", {"a": 'cn="a,b",dc=y'}, "a,b"),
        ('BitAnd("&HF", "6")', {}, "6"),
        ("BitAnd(-1, 255)", {}, "255"),
        ('StringFromSid("AQEAAAAAAAUSAAAA")', {}, "S-1-5-18"),
    ],
)
def test_text_function(text, attributes, result):
    assert run(text, attributes) == {"result": result, "absent": False, "error": None}


@pytest.mark.parametrize(
    ("text", "attributes", "words"),
    [
        ('Left([a], "x")', {"a": "abc"}, 'numChars must be a whole number and is "x"'),
        ("Left([a], )", {"a": "abc"}, "numChars must be a whole number and is not given"),
        ("Left([a], 1.5)", {"a": "abc"}, 'is "1.5"'),
        ("Mid([a], 1, -1)", {"a": "abc"}, "must not be negative"),
        ("Item([a], 0)", {"a": ["x"]}, "there is 1 value"),
        ('ToLower([a], "english!")', {"a": "x"}, "culture"),
        ('ConvertFromBase64("###")', {}, "no base64"),
        ('ConvertFromBase64("YQ==", "EBCDIC")', {}, "Unicode, UTF8 or ASCII"),
        ('StringFromSid("AQID")', {}, "no SID"),
        ('StringFromSid("?")', {}, "no SID"),
        ('DNComponent("x", 1)', {}, "no distinguished name"),
        ("DNComponent([a], 0)", {"a": "cn=x"}, "counts from 1"),
        ('InStr("a", "b", 0)', {}, "counts from 1"),
        ('InStr("a", "b", 1, "loose")', {}, "vbTextCompare"),
        ("BitAnd([a], 1)", {"a": 10**30}, "64 bits"),
        ("CStr([a])", {"a": ["x", "y"]}, "list of 2"),
    ],
)
def test_text_function_says_what_it_cannot_do(text, attributes, words):
    error = run(text, attributes)["error"]
    assert words in error["message"]
    assert error["column"] == 1


def test_normalizediacritics_takes_every_letter_of_the_table_composed_or_not():
    assert len(table()) > 250
    for letter, plain in table().items():
        for form in ("NFC", "NFD"):
            written = unicodedata.normalize(form, letter)
            assert run("NormalizeDiacritics([a])", {"a": f"x{written}y"})["result"] == f"x{plain}y"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("ß Æ Ø ø ı İ Ł ł", "ss AE OE oe i I L l"),
        ("đ ð þ œ Œ ţ", "đ ð þ œ Œ ţ"),
        ("t\u0327 Ж α", "t\u0327 Ж α"),
        ("ẞ", "ẞ"),
        ("a\u0301\u0323", "a\u0301\u0323"),
        ("\u0301", "\u0301"),
        ("Ā́ O\u0304\u0301 Ṓ", "A O O"),
    ],
)
def test_normalizediacritics_leaves_what_is_not_in_the_table(text, result):
    assert run("NormalizeDiacritics([a])", {"a": text})["result"] == result
