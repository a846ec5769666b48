"""How many users a second the 22 rows of Entra's default mapping take, as expressions, on one core.

    python bench/expressions.py [USERS]

Prints the whole mapping, some single expressions, and what compiling costs. Import and first parse are told apart.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

BEGUN = time.perf_counter()
from syncd.core.expression import EvaluationContext, compile_expression  # noqa: E402 - the import is what is measured

IMPORTED = time.perf_counter()

DEFAULT = """[userPrincipalName]
Switch([IsSoftDeleted], , "False", "True", "True", "False")
[displayName]
[jobTitle]
[mail]
[preferredLanguage]
[givenName]
[surname]
Join(" ", [givenName], [surname])
[physicalDeliveryOfficeName]
[streetAddress]
[city]
[state]
[postalCode]
[country]
[telephoneNumber]
[mobile]
[facsimileTelephoneNumber]
[mailNickname]
[employeeId]
[department]
[manager]""".splitlines()

SINGLE = (
    *DEFAULT[1:2],
    DEFAULT[8],
    'IIF(SingleAppRoleAssignment([appRoleAssignments])="Admin", "Admin", IIF(SingleAppRoleAssignment([appRoleAssignments])="Guest", "Guest", "User"))',
    'ToLower(Join("@", NormalizeDiacritics(StripSpaces(Join(".", [givenName], [surname]))), "contoso.com"))',
    r'Replace([mobile], , "[()\\s-]+", , "", , )',
    'FormatDateTime([hired], , "yyyy-MM-dd", "M/d/yyyy")',
    'DateDiff("d", CDate([hired]), Now())',
    "PCase([displayName])",
)


def user(number: int) -> dict[str, object]:
    names = [text.strip("[]") for text in DEFAULT if text.startswith("[")]
    found: dict[str, object] = {name: f"{name} {number}" for name in names}
    found |= {"IsSoftDeleted": number % 20 == 0, "appRoleAssignments": ["User"], "mobile": "+1 (555) 123-4567"}
    found |= {"hired": "2020-03-16", "givenName": "Zoë", "facsimileTelephoneNumber": None}
    return found


def main(count: int) -> None:
    print(f"import {(IMPORTED - BEGUN) * 1000:.0f} ms")
    at = time.perf_counter()
    rows = [compile_expression(text) for text in DEFAULT]
    print(f"first compilation of {len(rows)} rows, with lark {(time.perf_counter() - at) * 1000:.0f} ms")
    users, context = [user(number) for number in range(count)], EvaluationContext()
    at = time.perf_counter()
    for source in users:
        for row in rows:
            row.evaluate(source, context)
    seconds = time.perf_counter() - at
    print(f"22-row default mapping: {count / seconds:,.0f} users a second, {seconds / count * 1e6:.1f} us each")
    for text in SINGLE:
        row = compile_expression(text)
        at = time.perf_counter()
        for source in users:
            row.evaluate(source, context)
        print(f"{(time.perf_counter() - at) / count * 1e6:8.2f} us  {text}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
