"""Functions that choose: they evaluate only what they need."""

from __future__ import annotations

from collections.abc import Sequence

from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.errors import Fault
from syncd.core.expression.functions import Argument, Evaluator, builder, failed
from syncd.core.expression.values import Value, is_null, text, truth


@builder("IIF(condition, valueIfTrue, valueIfFalse)")
def iif(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """IIF(condition, valueIfTrue, valueIfFalse): one of two values; only the one taken is evaluated.

    The condition is a comparison (`=`, `<>`, `>`, `>=`, `<`, `<=`) or a function that gives a Boolean; nest, or use `And`
    and `Or`, for more. It holds for true, the text `True` and a number other than zero. At Entra the check fails when an
    attribute in it is null; here null compares as the empty text, so that `IIF([country]="", …)` and
    `IIF(IsPresent([country]), …)` work. A value left empty is null.

    Null: a null condition counts as false.
    Example: IIF([country]="USA", IIF([state]="CA", "True", "False"), "False") with {"country": "USA", "state": "CA"} → "True"
    Example: IIF([country]="USA", [country], [department]) with {"department": "Sales"} → "Sales"
    Example: IIF(IsPresent([accountName]), [accountName], Error("AccountName is required")) with {"accountName": "jane"} → "jane"
    """
    condition, yes, no = (argument.evaluate for argument in arguments)

    def branch(source: AttributeSource, context: EvaluationContext) -> Value:
        met = condition(source, context)
        if met is True or (met is not False and truth(met)):
            return yes(source, context)
        return no(source, context)

    return branch


def _key(value: Value) -> str:
    """What Switch compares: the rendered form; null is the empty text. Raises Fault for a list of several."""
    return value if type(value) is str else text(value) or ""


@builder("Switch(source, defaultValue, key1, value1, …)")
def switch(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """Switch(source, defaultValue, key1, value1, …): the value of the first key that equals the source, else the default.

    Compares in rendered form, with regard to case: a Boolean source is `True` or `False`. Only the value taken is
    evaluated. A default left empty is null. Microsoft forbids `IsPresent` and its like as the source and recommends them in
    the same breath: here any expression may stand there. It's always evaluated on the whole object, so the service's
    fault of wiping values in an incremental cycle cannot occur.

    Null: a null or empty source matches a "" key.
    Example: Switch([IsSoftDeleted], , "False", "True", "True", "False") with {"IsSoftDeleted": false} → "True"
    Example: Switch([state], "Australia/Sydney", "QLD", "Australia/Brisbane", "SA", "Australia/Adelaide") with {"state": "WA"} → "Australia/Sydney"
    Example: Switch([statusFlag], "Default Value", "true", "1", "", "0") with {"statusFlag": ""} → "0"
    Example: Switch(IsPresent([jobTitle]), "DefaultValue", "True", [jobTitle]) with {"jobTitle": "Lead"} → "Lead"
    """
    if len(arguments) % 2:
        raise Fault(f"takes an even number of arguments (each key has its value) and has {len(arguments)}")
    subject, default = arguments[0].evaluate, arguments[1].evaluate
    keys, values = arguments[2::2], arguments[3::2]
    if not all(key.constant for key in keys):
        return _sequential(name, arguments, column)
    table: dict[str, Evaluator] = {}
    constants: dict[str, Value] = {}
    for key, value in zip(keys, values, strict=True):
        word = _key(key.value)
        table.setdefault(word, value.evaluate)
        constants.setdefault(word, value.value)

    def lookup(source: AttributeSource, context: EvaluationContext) -> Value:
        value = subject(source, context)
        try:
            word = "True" if value is True else "False" if value is False else _key(value)
        except Fault as fault:
            raise failed(name, fault, column) from None
        return table.get(word, default)(source, context)

    if not arguments[1].constant or not all(value.constant for value in values):
        return lookup
    otherwise = arguments[1].value

    def lookup_constant(source: AttributeSource, context: EvaluationContext) -> Value:
        value = subject(source, context)
        try:
            word = "True" if value is True else "False" if value is False else _key(value)
        except Fault as fault:
            raise failed(name, fault, column) from None
        return constants.get(word, otherwise)

    return lookup_constant


def _sequential(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    subject, default = arguments[0].evaluate, arguments[1].evaluate
    pairs = [(key.evaluate, value.evaluate) for key, value in zip(arguments[2::2], arguments[3::2], strict=True)]

    def search(source: AttributeSource, context: EvaluationContext) -> Value:
        value = subject(source, context)
        try:
            word = _key(value)
        except Fault as fault:
            raise failed(name, fault, column) from None
        for key, result in pairs:
            candidate = key(source, context)
            try:
                found = _key(candidate) == word
            except Fault as fault:
                raise failed(name, fault, column) from None
            if found:
                return result(source, context)
        return default(source, context)

    return search


@builder("Coalesce(source1, [source2], …)")
def coalesce(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """Coalesce(source1, [source2], …): the first argument that is not null; the last one is the default.

    Only null is skipped: the empty text is a value, and may be the default.

    Null: all null gives null.
    Example: Coalesce([mail], [otherMail], "none") with {"otherMail": "j@contoso.com"} → "j@contoso.com"
    Example: Coalesce([mail], "none") with {"mail": ""} → ""
    """
    evaluators = tuple(argument.evaluate for argument in arguments)

    def first(source: AttributeSource, context: EvaluationContext) -> Value:
        for evaluate in evaluators:
            value = evaluate(source, context)
            if value is not None and not is_null(value):
                return value
        return None

    return first


@builder("And(condition1, [condition2], …)")
def and_(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """And(condition1, [condition2], …): true if all conditions hold; stops at the first that doesn't.

    An addition of syncd: Entra has nested `IIF`s only.

    Null: null counts as false.
    Example: And([country]="DE", IsPresent([mail])) with {"country": "DE"} → "False"
    """
    evaluators = tuple(argument.evaluate for argument in arguments)

    def all_hold(source: AttributeSource, context: EvaluationContext) -> Value:
        return all(truth(evaluate(source, context)) for evaluate in evaluators)

    return all_hold


@builder("Or(condition1, [condition2], …)")
def or_(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """Or(condition1, [condition2], …): true if one condition holds; stops at the first that does.

    An addition of syncd: Entra has nested `IIF`s only.

    Null: null counts as false.
    Example: Or([country]="DE", [country]="AT") with {"country": "AT"} → "True"
    """
    evaluators = tuple(argument.evaluate for argument in arguments)

    def one_holds(source: AttributeSource, context: EvaluationContext) -> Value:
        return any(truth(evaluate(source, context)) for evaluate in evaluators)

    return one_holds
