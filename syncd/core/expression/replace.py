"""Replace: five functions in one, told apart by the parameters that are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.errors import Fault
from syncd.core.expression.functions import Argument, Evaluator, builder, failed
from syncd.core.expression.regexes import NetPattern, net_pattern
from syncd.core.expression.substitution import substituted, substituted_group
from syncd.core.expression.values import Value, bounded, is_empty, shown, text

_NAMES = ("oldValue", "regexPattern", "regexGroupName", "replacementValue", "replacementAttributeName", "template")
_Given = dict[str, str | None]
_Mode = Callable[[str | None, _Given, float], str | None]


def _plainly(source: str | None, given: _Given, limit: float) -> str | None:
    old, new = given["oldValue"], given.get("replacementValue", given.get("replacementAttributeName")) or ""
    if source is None or not old:
        return source
    bounded(len(source) + source.count(old) * (len(new) - len(old)))
    return source.replace(old, new)


def _into_template(source: str | None, given: _Given, limit: float) -> str | None:
    old, template = given["oldValue"], given["template"]
    if source is None or template is None or not old:
        return None if source is None else template
    bounded(len(template) + template.count(old) * (len(source) - len(old)))
    return template.replace(old, source)


def _by_pattern(source: str | None, given: _Given, limit: float) -> str | None:
    pattern = given["regexPattern"]
    if source is None or pattern is None:
        return source
    return substituted(net_pattern(pattern), source, given["replacementValue"] or "", limit)


def _group(pattern: NetPattern, name: str) -> int:
    found = pattern.group(name)
    if found is None:
        raise Fault(f"the pattern {shown(pattern.text)} has no group {shown(name)}")
    return found


def _by_group(source: str | None, given: _Given, limit: float) -> str | None:
    pattern, name = given["regexPattern"], given["regexGroupName"]
    if source is None or pattern is None or name is None:
        return source
    known = net_pattern(pattern)
    return substituted_group(known, source, _group(known, name), given["replacementValue"] or "", limit)


def _by_other(source: str | None, given: _Given, limit: float) -> str | None:
    if source:
        return source
    pattern, name, other = given["regexPattern"], given["regexGroupName"], given["replacementAttributeName"]
    if pattern is None or name is None or other is None:
        return source
    known = net_pattern(pattern)
    number, found = _group(known, name), known.search(other, limit)
    value: str | None = found.group(number) if found is not None else None
    return source if value is None else value


_MODES: dict[frozenset[str], _Mode] = {
    frozenset({"oldValue", "replacementValue"}): _plainly,
    frozenset({"oldValue", "replacementAttributeName"}): _plainly,
    frozenset({"oldValue", "template"}): _into_template,
    frozenset({"regexPattern", "replacementValue"}): _by_pattern,
    frozenset({"regexPattern", "regexGroupName", "replacementValue"}): _by_group,
    frozenset({"regexPattern", "regexGroupName", "replacementAttributeName"}): _by_other,
}


@builder(
    "Replace(source, [oldValue], [regexPattern], [regexGroupName], [replacementValue], [replacementAttributeName], [template])",
    foldable=False,
)
def replace(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """Replace(source, [oldValue], [regexPattern], [regexGroupName], [replacementValue], [replacementAttributeName], [template]): replaces parts of a text, with regard to case.

    The parameters given decide what it does; `""` is given, an argument left empty is not:

    - oldValue and replacementValue: every oldValue becomes replacementValue (so does oldValue with replacementAttributeName).
    - oldValue and template: the template, with every oldValue in it replaced by the source.
    - regexPattern and replacementValue: every match is replaced; `${name}`, `$1`, `$&` and `$$` stand in the replacement.
    - regexPattern, regexGroupName and replacementValue: in each match only the text of that group is replaced.
    - regexPattern, regexGroupName and replacementAttributeName: the source, if it isn't empty; else that group of the
      pattern, found in the other attribute. Microsoft's page for cloud sync has it the other way round.

    Patterns are .NET regular expressions: `(?<name>…)`, `(?i)`, …; a backslash is written `\\\\` in a text. One evaluation of a
    pattern may take 0.1 s, else the object fails.

    Null: a null source gives null, but for the last form; a null pattern or oldValue changes nothing.
    Example: Replace([preferredLanguage], "-", , , "_", , ) with {"preferredLanguage": "EN-US"} → "EN_US"
    Example: Replace([UserID], "<username>", , , , , "<username>@contoso.com") with {"UserID": "jsmith"} → "jsmith@contoso.com"
    Example: Replace([mobile], , "[()\\\\s-]+", , "", , ) with {"mobile": "+1 (555) 123-4567"} → "+15551234567"
    Example: Replace([WorkerID], , "(?<zeros>^0+)(?<actual>[a-zA-Z0-9]+)", , "${actual}", , ) with {"WorkerID": "00012345"} → "12345"
    Example: Replace([AddressLineData], , "(?<streetNumber>^\\\\d*)", "streetNumber", "888", , ) with {"AddressLineData": "545 Tremont Street"} → "888 Tremont Street"
    Example: Replace([telephoneNumber], , "\\\\+(?<isdCode>\\\\d* )(?<phoneNumber>\\\\d{10})", "phoneNumber", , [mobile], ) with {"telephoneNumber": "", "mobile": "+91 8887779999"} → "8887779999"
    """
    source = arguments[0].evaluate
    given = [(word, argument) for word, argument in zip(_NAMES, arguments[1:], strict=False) if argument.given]
    mode = _MODES.get(frozenset(word for word, _ in given))
    if mode is None:
        ways = "; ".join(" and ".join(sorted(way, key=_NAMES.index)) for way in _MODES)
        names = ", ".join(word for word, _ in given) or "nothing"
        raise Fault(f"given are {names}; it takes one of: {ways}")
    _check(dict(given))
    evaluators = [(word, argument.evaluate) for word, argument in given]

    def replaced(attributes: AttributeSource, context: EvaluationContext) -> Value:
        value = source(attributes, context)
        values = [(word, evaluate(attributes, context)) for word, evaluate in evaluators]
        try:
            found = None if is_empty(value) and value != "" else text(value)
            return mode(found, {word: text(each) for word, each in values}, context.time_limit_s)
        except Fault as fault:
            raise failed(name, fault, column) from None

    return replaced


def _check(given: dict[str, Argument]) -> None:
    """A constant pattern, and its group, are checked before any object is seen."""
    pattern, group = given.get("regexPattern"), given.get("regexGroupName")
    if pattern is not None and pattern.constant:
        known = net_pattern(text(pattern.value) or "")
        if group is not None and group.constant:
            _group(known, text(group.value) or "")
