"""Reading, moving, comparing and writing dates."""

from __future__ import annotations

import pytest

from syncd.core.expression.tester import run


def result(text, **attributes):
    found = run(text, attributes)
    return found["result"] if found["error"] is None else found["error"]["message"]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2020-03-16", "3/16/2020 12:00:00 AM"),
        ("2020-03-16+02:00", "3/15/2020 10:00:00 PM"),
        ("2020-03-16Z", "3/16/2020 12:00:00 AM"),
        ("2020-03-16T09:08:07", "3/16/2020 9:08:07 AM"),
        ("2020-03-16 09:08:07", "3/16/2020 9:08:07 AM"),
        ("2020-03-16 09:08", "3/16/2020 9:08:00 AM"),
        ("2020-03-16T12:00:00.1234567Z", "3/16/2020 12:00:00 PM"),
        ("2020-03-16T12:00:00-0730", "3/16/2020 7:30:00 PM"),
        ("3/16/2020 7:00:00 AM", "3/16/2020 7:00:00 AM"),
        ("3/16/2020 12:00:00 AM", "3/16/2020 12:00:00 AM"),
        ("3/16/2020 12:30:00 PM", "3/16/2020 12:30:00 PM"),
        ("3/16/2020", "3/16/2020 12:00:00 AM"),
        (" 2020-03-16 ", "3/16/2020 12:00:00 AM"),
    ],
)
def test_cdate_reads(text, instant):
    assert result("CDate([d])", d=text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2020-02-30",
        "16.03.2020",
        "2020-13-01",
        "3/16/2020 13:00 PM",
        "0001-01-01+02:00",
        "9999-12-31T23:59-05:00",
    ],
)
def test_cdate_refuses(text):
    assert "is no date" in result("CDate([d])", d=text)


def test_rendered_date_reads_back_as_itself():
    assert result("CDate(CStr(CDate([d])))", d="2021-07-02T15:33:38Z") == "7/2/2021 3:33:38 PM"


@pytest.mark.parametrize(
    ("interval", "count", "start", "end"),
    [
        ("m", 1, "2023-01-31", "2/28/2023 12:00:00 AM"),
        ("m", -1, "2024-03-31", "2/29/2024 12:00:00 AM"),
        ("m", 13, "2023-12-01T05:06:07Z", "1/1/2025 5:06:07 AM"),
        ("yyyy", 1, "2024-02-29", "2/28/2025 12:00:00 AM"),
        ("h", -25, "2024-01-01", "12/30/2023 11:00:00 PM"),
        ("n", 90, "2024-01-01", "1/1/2024 1:30:00 AM"),
        ("s", "61", "2024-01-01", "1/1/2024 12:01:01 AM"),
    ],
)
def test_dateadd(interval, count, start, end):
    assert result("DateAdd([i], [n], CDate([d]))", i=interval, n=count, d=start) == end


@pytest.mark.parametrize(("interval", "count"), [("yyyy", 9000), ("m", -(10**12)), ("d", 10**18), ("s", -(10**12))])
def test_dateadd_beyond_the_calendar_is_an_error(interval, count):
    assert "outside the years" in result("DateAdd([i], [n], CDate([d]))", i=interval, n=count, d="2024-01-01")


@pytest.mark.parametrize(
    ("interval", "start", "end", "difference"),
    [
        ("yyyy", "2020-12-31", "2021-01-01", "1"),
        ("m", "2020-12-31", "2021-01-01", "1"),
        ("d", "2021-01-02T00:00:00Z", "2021-01-01T00:00:01Z", "0"),
        ("d", "2021-01-02T00:00:01Z", "2021-01-01T00:00:00Z", "-1"),
        ("h", "2021-01-01T00:00Z", "2021-01-01T01:59Z", "1"),
        ("n", "2021-01-01T00:00:00Z", "2021-01-01T00:01:59Z", "1"),
        ("ww", "2021-08-21", "2021-08-22", "1"),
        ("ww", "2021-08-22", "2021-08-28", "0"),
        ("ww", "2021-08-22", "2021-08-29", "1"),
        ("ww", "2021-08-29", "2021-08-21", "-2"),
    ],
)
def test_datediff_counts_as_visual_basic_does(interval, start, end, difference):
    assert result("DateDiff([i], CDate([a]), CDate([b]))", i=interval, a=start, b=end) == difference


@pytest.mark.parametrize(
    ("source", "reading", "writing", "text"),
    [
        ("20150123105347.1Z", "yyyyMMddHHmmss.fZ", "yyyy-MM-dd HH:mm:ss.fff", "2015-01-23 10:53:47.100"),
        ("2020-12-31-08:00", "yyyy-MM-ddzzz", "yyyy-MM-dd HH:mm", "2020-12-31 08:00"),
        ("7/2/2021 03:33:38 PM", "M/d/yyyy hh:mm:ss tt", "dddd, d MMMM yyyy h:m:s t", "Friday, 2 July 2021 3:33:38 P"),
        ("  2021-07-02 ", "yyyy-MM-dd", "yyMMdd", "210702"),
        ("02 jul 49", "dd MMM yy", "yyyy", "2049"),
        ("02 jul 50", "dd MMM yy", "yyyy", "1950"),
        ("2021 at 5", "yyyy 'at' H", "yyyy-MM-ddTHH:mm:ssZ", "2021-01-01T05:00:00Z"),
        ("2021-07-02T03:04:05.6789012+01:00", "o", "o", "2021-07-02T02:04:05.6789010Z"),
        ("2021-07-02T03:04:05", "s", "u", "2021-07-02 03:04:05Z"),
        ("12 AM 2021", "hh tt yyyy", "HH", "00"),
        ("2021-07-02+5", "yyyy-MM-ddz", "HH zzz K", "19 +00:00 Z"),
        ("2021-07-02", "", r"ddd\d MM%K", "Frid 07Z"),
    ],
)
def test_formatdatetime(source, reading, writing, text):
    assert result("FormatDateTime([d], , [r], [w])", d=source, r=reading, w=writing) == text


def test_formatdatetime_takes_a_datetime_whatever_the_input_format_says():
    assert result('FormatDateTime(DateAdd("d", 1, CDate("2021-07-02")), , "nonsense", "yyyy-MM-dd")') == "2021-07-03"


def test_formatdatetime_has_a_form_with_three_arguments():
    assert result('FormatDateTime([d], "yyyyMMdd", "yyyy-MM-dd")', d="20210702") == "2021-07-02"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('FormatDateTime("2021", , "yyyy-MM", "yyyy")', 'does not have the form "yyyy-MM"'),
        ('FormatDateTime("2021-02-30", , "yyyy-MM-dd", "yyyy")', "is no date"),
        ('FormatDateTime("10:00", , "HH:mm", "yyyy")', "has no year"),
        ('FormatDateTime("2021", , "yyyy", "")', "1 to 200 characters"),
        ('FormatDateTime("2021", , "yyyy\'", "yyyy")', "open quote"),
        ('FormatDateTime(" 2021", "None", "yyyy", "yyyy")', "does not have the form"),
        ('FormatDateTime("2021", "Anyhow", "yyyy", "yyyy")', "no date style"),
        ('DateDiff("d", "2021-01-01", Now())', "CDate"),
    ],
)
def test_date_errors_say_what_was_wrong(text, words):
    assert words in result(text)


def test_filetime_goes_there_and_back():
    assert result("DateFromNum(NumFromDate([d]))", d="2026-01-02T03:04:05Z") == "1/2/2026 3:04:05 AM"
    assert "outside the years" in result("DateFromNum(9223372036854775807)")
    assert "not negative" in result("DateFromNum(-1)")
