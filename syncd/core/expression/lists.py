"""Functions of multi-valued attributes, and between them and texts."""

from __future__ import annotations

from collections.abc import Sequence

from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.errors import Fault
from syncd.core.expression.functions import Argument, Evaluator, builder, failed, function
from syncd.core.expression.values import Value, bounded, integer, is_null, listed, render, text


@builder("Join(separator, source1, [source2], …)")
def join(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """Join(separator, source1, [source2], …): all sources with the separator between them.

    A multi-valued source gives each of its values, in order. Null and empty sources are skipped, their separator too;
    one blank is not empty.

    Null: a null separator is the empty text. All sources null give null; all null or empty, the empty text.
    Example: Join(" ", [givenName], [surname]) with {"givenName": "Jane", "surname": "Doe"} → "Jane Doe"
    Example: Join(", ", "", [surname], [givenName]) with {"surname": "Doe", "givenName": "John"} → "Doe, John"
    Example: Join("", 1000, [alias]) with {"alias": "x"} → "1000x"
    """
    separator, sources = arguments[0].evaluate, tuple(argument.evaluate for argument in arguments[1:])

    def joined(source: AttributeSource, context: EvaluationContext) -> Value:
        between, parts, nothing = separator(source, context), [], True
        values = [evaluate(source, context) for evaluate in sources]
        try:
            between = between if type(between) is str else text(between) or ""
            for value in values:
                if type(value) is str:
                    nothing = False
                    if value:
                        parts.append(value)
                elif value is not None and not is_null(value):
                    nothing = False
                    parts += filter(None, map(text, listed(value)))
            if not parts:
                return None if nothing else ""
            bounded(sum(map(len, parts)) + len(between) * len(parts))
        except Fault as fault:
            raise failed(name, fault, column) from None
        return between.join(parts)

    return joined


@function("Split(source, delimiter)")
def split(source: Value, delimiter: Value) -> Value:
    """Split(source, delimiter): a list of the parts between the delimiters.

    White space around each part is removed, as Microsoft's published result implies. If the delimiter doesn't occur, or
    is empty: a list of the one value.

    Null: a null source gives null.
    Example: Split([extensionAttribute5], ",") with {"extensionAttribute5": "PermissionSetOne, PermissionSetTwo"} → ["PermissionSetOne", "PermissionSetTwo"]
    """
    found, mark = text(source), text(delimiter)
    if found is None:
        return None
    return [part.strip() for part in (found.split(mark) if mark else [found])]


@function("Count(attribute)")
def count(attribute: Value) -> Value:
    """Count(attribute): the number of values of a multi-valued attribute; 1 for a single value.

    Null: null gives null.
    Example: Count([proxyAddresses]) with {"proxyAddresses": ["a", "b"]} → "2"
    """
    return None if is_null(attribute) else len(listed(attribute))


@function("Item(attribute, index)")
def item(attribute: Value, index: Value) -> Value:
    """Item(attribute, index): the value at that index of a multi-valued attribute, counted from 1.

    An index out of bounds is an error, 0 included.

    Null: a null attribute gives null.
    Example: Item([proxyAddresses], 2) with {"proxyAddresses": ["a", "b"]} → "b"
    Example: Item([proxyAddresses], 3) with {"proxyAddresses": ["a", "b"]} → error there are 2 values
    """
    at = integer(index, "index")
    values = listed(attribute)
    if not values:
        return None
    if not 1 <= at <= len(values):
        number = "is 1 value" if len(values) == 1 else f"are {len(values)} values"
        raise Fault(f"index is {at}, and there {number}, counted from 1")
    return values[at - 1]


@function("RemoveDuplicates(attribute)")
def remove_duplicates(attribute: Value) -> Value:
    """RemoveDuplicates(attribute): a multi-valued attribute with each value once; still a list.

    The first of equal values stays where it is. Values that differ in case are different.

    Null: null gives null.
    Example: RemoveDuplicates([otherMails]) with {"otherMails": ["b", "a", "b", "A"]} → ["b", "a", "A"]
    """
    if is_null(attribute):
        return None
    once: dict[str, Value] = {}
    for value in listed(attribute):
        once.setdefault(str(render(value)), value)
    return list(once.values())


@function("Contains(multiValue, string)")
def contains(multi_value: Value, string: Value) -> Value:
    """Contains(multiValue, string): whether one of the values equals the string; for a single text, whether it occurs in it.

    With regard to case. Microsoft uses it in examples without describing it.

    Null: null for either gives false.
    Example: Contains([otherMails], "b@x.org") with {"otherMails": ["a@x.org", "b@x.org"]} → "True"
    Example: Contains([department], "Eng") with {"department": "Software Engineering"} → "True"
    """
    wanted = text(string)
    if wanted is None or is_null(multi_value):
        return False
    if isinstance(multi_value, (list, tuple, set, frozenset)):
        return any(render(value) == wanted for value in listed(multi_value))
    return wanted in (text(multi_value) or "")
