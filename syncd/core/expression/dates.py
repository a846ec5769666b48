"""Functions of dates and times. A DateTime is an instant in UTC."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.dateformat import date_format
from syncd.core.expression.errors import Fault
from syncd.core.expression.functions import Argument, Evaluator, applied, builder, function
from syncd.core.expression.instants import filetime, from_filetime, moved, read_instant
from syncd.core.expression.values import Value, integer, shown, single, text, utc

_UNITS = {
    "d": timedelta(days=1),
    "ww": timedelta(days=7),
    "h": timedelta(hours=1),
    "n": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_INTERVALS = ("yyyy", "m", *_UNITS)


def _interval(value: Value) -> str:
    found = text(value)
    if found not in _INTERVALS:
        raise Fault(f"interval is {shown(value)}; it must be one of {', '.join(_INTERVALS)} (n: minutes, m: months)")
    return found


def _instant(value: Value) -> datetime | None:
    value = single(value)
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise Fault(f"a DateTime is needed, and this is {shown(value)}; wrap it in CDate(…)")
    return utc(value)


@function("CDate(expression)")
def cdate(expression: Value) -> Value:
    """CDate(expression): a date text as a DateTime.

    Read are `yyyy-MM-dd`, the same with an offset and no time (midnight at that offset), ISO 8601 date-times with `T` or
    a blank, with `Z`, an offset or neither, and the rendered form `M/d/yyyy h:mm:ss tt`. An offset is applied, so that
    the date in UTC may differ from the written one; without an offset the text is read as UTC. A DateTime stays as it is.

    Null: null gives null. The empty text is no date: an error.
    Example: CDate([StatusHireDate]) with {"StatusHireDate": "2020-03-16-07:00"} → "3/16/2020 7:00:00 AM"
    Example: CDate([StatusHireDate]) with {"StatusHireDate": "2009-06-15T01:45:30-07:00"} → "6/15/2009 8:45:30 AM"
    Example: CDate("16.03.2020") → error is no date
    """
    value = single(expression)
    if value is None:
        return None
    if isinstance(value, datetime):
        return utc(value)
    words = text(value) or ""
    found = read_instant(words)
    if found is None:
        raise Fault(f"{shown(words)} is no date that it reads; use FormatDateTime for other forms")
    return found


@builder("Now()", needs=frozenset({"clock"}))
def now(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """Now(): the current time as a DateTime.

    It may stand in `DateDiff` and `DateAdd` without `CDate`. All objects of one cycle see the same time. A mapping
    that sends it changes in every cycle, so use it in conditions, or with apply = "on-create".

    Null: takes no arguments.
    Example: DateDiff("d", Now(), Now()) → "0"
    """

    def current(source: AttributeSource, context: EvaluationContext) -> Value:
        return utc(context.now())

    return current


def _date_add(interval: Value, value: Value, date_time: Value) -> Value:
    unit, at = _interval(interval), _instant(date_time)
    if at is None:
        return None
    count = integer(value, "value")
    if unit in _UNITS:
        try:
            return moved(at, _UNITS[unit] * count)
        except OverflowError:
            raise Fault("the date lies outside the years 1 to 9999") from None
    months = at.year * 12 + at.month - 1 + count * (12 if unit == "yyyy" else 1)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise Fault("the date lies outside the years 1 to 9999")
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


@builder("DateAdd(interval, value, dateTime)")
def date_add(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """DateAdd(interval, value, dateTime): the DateTime, moved by `value` intervals.

    Intervals: `yyyy` years, `m` months, `d` days, `ww` weeks of 7 days, `h` hours, `n` minutes, `s` seconds. `value`
    may be negative. Years and months keep day and time; where the new month is shorter, the day is its last.
    `dateTime` must be a DateTime: wrap a text in `CDate`.

    Null: a null dateTime gives null; interval and value must be given.
    Example: DateAdd("d", 7, CDate("2012-03-16-07:00")) → "3/23/2012 7:00:00 AM"
    Example: DateAdd("m", 1, CDate("2024-01-31")) → "2/29/2024 12:00:00 AM"
    Example: DateAdd("d", 7, "2012-03-16") → error wrap it in CDate
    """
    return _checked(_date_add, name, arguments, column)


def _weekday(at: datetime) -> timedelta:
    return timedelta(days=at.isoweekday() % 7 + 1)


def _date_diff(interval: Value, date1: Value, date2: Value) -> Value:
    unit, start, end = _interval(interval), _instant(date1), _instant(date2)
    if start is None or end is None:
        return None
    if unit == "yyyy":
        return end.year - start.year
    if unit == "m":
        return (end.year - start.year) * 12 + end.month - start.month
    elapsed = end - start
    if unit == "ww":
        elapsed += _weekday(start) - _weekday(end)
        days = _truncated(elapsed, timedelta(days=1))
        return abs(days) // 7 * (-1 if days < 0 else 1)
    return _truncated(elapsed, _UNITS[unit])


def _truncated(elapsed: timedelta, unit: timedelta) -> int:
    whole = abs(elapsed) // unit
    return -whole if elapsed < timedelta() else whole


@builder("DateDiff(interval, date1, date2)")
def date_diff(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """DateDiff(interval, date1, date2): date2 less date1 as a whole number; positive if date2 is later.

    Intervals as for `DateAdd`. The rounding is that of Visual Basic's DateDiff: `yyyy` and `m` compare the calendar
    fields; `d`, `h`, `n`, `s` are elapsed time, cut toward zero; `ww` is the number of Sundays crossed, where the times
    of day are equal. Microsoft's page on rehire logic has the sign reversed; this is the sign of its reference.

    Null: a null date gives null.
    Example: DateDiff("d", CDate("2021-08-18+08:00"), CDate("2021-08-31+08:00")) → "13"
    Example: DateDiff("m", CDate("2021-08-25T17:41:18Z"), CDate("2012-03-16-07:00")) → "-113"
    Example: DateDiff("s", CDate("2021-08-24"), CDate("2021-08-25")) → "86400"
    """
    return _checked(_date_diff, name, arguments, column)


def _checked(plain: Callable[..., Value], name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    if arguments[0].constant:
        _interval(arguments[0].value)
    return applied(plain, name, arguments, column)


@function("DateFromNum(value)")
def date_from_num(value: Value) -> Value:
    """DateFromNum(value): a Windows FILETIME as a DateTime.

    A FILETIME counts 100 ns from 1601-01-01 00:00 UTC.

    Null: null gives null.
    Example: DateFromNum(129699324000000000) → "1/1/2012 11:00:00 PM"
    """
    found = single(value)
    return None if found is None else from_filetime(integer(found, "value"))


@function("NumFromDate(value)")
def num_from_date(value: Value) -> Value:
    """NumFromDate(value): a date as a Windows FILETIME, the inverse of `DateFromNum`.

    Takes what `CDate` reads, and a DateTime.

    Null: null gives null.
    Example: NumFromDate("2020-12-31 23:59:59-08:00") → "132539615990000000"
    """
    at = cdate(value)
    return None if at is None else filetime(at)


_STYLES = frozenset(
    {
        "None", "AllowLeadingWhite", "AllowTrailingWhite", "AllowInnerWhite", "AllowWhiteSpaces", "NoCurrentDateDefault",
        "AdjustToUniversal", "AssumeLocal", "AssumeUniversal", "RoundtripKind",
    }
)  # fmt: skip


@function("FormatDateTime(source, [dateTimeStyles], inputFormat, outputFormat)")
def format_date_time(source: Value, *rest: Value) -> Value:
    """FormatDateTime(source, [dateTimeStyles], inputFormat, outputFormat): a date text in another form.

    Both formats are .NET's, custom (`yyyy`, `MM`, `dd`, `HH`, `mm`, `ss`, `fff`, `tt`, `zzz`, `K`, quoted literals, …) or
    standard (one letter), in the invariant culture. An offset that is read is applied: the result is in UTC. A DateTime
    as the source is taken whatever inputFormat says. `dateTimeStyles` may be empty, which ignores blanks around the
    text; given, only the styles that allow white space do so, and every time is UTC. The form with three arguments
    (source, inputFormat, outputFormat) of Entra cloud sync is taken too.

    Null: a null source gives null. An empty inputFormat reads what `CDate` reads.
    Example: FormatDateTime([extensionAttribute1], , "yyyyMMddHHmmss.fZ", "yyyy-MM-dd") with {"extensionAttribute1": "20150123105347.1Z"} → "2015-01-23"
    Example: FormatDateTime([hired], "M/d/yyyy hh:mm:ss tt", "yyyy-MM-dd") with {"hired": "7/2/2021 03:33:38 PM"} → "2021-07-02"
    """
    value = single(source)
    styles, reading, writing = rest if len(rest) == 3 else (None, *rest)
    if value is None:
        return None
    target = date_format(text(writing) or "")
    if isinstance(value, datetime):
        return target.write(utc(value))
    names = {word.strip().rpartition(".")[2] for word in (text(styles) or "").split(",")} - {""}
    if unknown := names - _STYLES:
        raise Fault(f"there is no date style {shown(min(unknown))}")
    form = text(reading)
    if not form:
        return target.write(cdate(value))
    blanks = not names or bool(names & {"AllowLeadingWhite", "AllowTrailingWhite", "AllowWhiteSpaces"})
    return target.write(date_format(form).read(text(value) or "", blanks=blanks))
