"""Writes the pages of the documentation, and the schema, that are made from the code.

python docs/generate.py expressions          docs/expressions.md, from the functions' docstrings
python docs/generate.py configuration        docs/configuration.md, from the settings' descriptions
python docs/generate.py targets              docs/targets/<profile>.md, from the built-in profiles
python docs/generate.py schema               syncd/config/config.schema.json, from the settings
python docs/generate.py expressions --check  exit status 1 if a file is not current

A page's hand-written beginning stands beside it: <page>.head.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from configuration_page import configuration
from target_page import target

from connectors.scim.built_in import built_in
from connectors.scim.profiles import load_profile
from syncd.config import schema
from syncd.core.expression import functions
from syncd.core.expression.functions import Example, Function
from syncd.report.json import dumps

DOCS = Path(__file__).resolve().parent


def expressions() -> str:
    """The page on expressions: its hand-written head, then each function by name."""
    head = _head("expressions").rstrip()
    known = functions()
    index = " · ".join(f"[{each.name}](#{each.name.lower()})" for each in known)
    return "\n".join([head, "", f"{len(known)} functions: {index}", *map(_section, known)]) + "\n"


def _section(function: Function) -> str:
    first, *more = function.paragraphs
    lines = ["", f"### {function.name}", "", f"`{function.signature}`", "", first[0].upper() + first[1:]]
    for paragraph in more:
        lines += (
            ["", *(f"- {item}" for item in paragraph[2:].split(" - "))]
            if paragraph.startswith("- ")
            else ["", paragraph]
        )
    return "\n".join([*lines, "", f"Null: {function.null_rule}", "", *map(_example, function.examples)])


def _example(example: Example) -> str:
    given = "; ".join(
        f"{name} = `{json.dumps(value, ensure_ascii=False)}`" for name, value in example.attributes.items()
    )
    result = {
        "result": f"`{json.dumps(example.result, ensure_ascii=False)}`",
        "absent": "absent",
        "error": f"an error: … {example.result} …",
        "like": f"for example of the form `{example.result}`",
    }[example.kind]
    return f"- `{example.expression}`{' with ' + given if given else ''} → {result}"


def _head(page: str) -> str:
    return (DOCS / f"{page}.head.md").read_text(encoding="utf-8")


#: What can be asked for → the files that it gives, by their paths from the tree's root.
PAGES: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "expressions": lambda: {"docs/expressions.md": expressions()},
    "configuration": lambda: {"docs/configuration.md": configuration(_head("configuration"))},
    "schema": lambda: {"syncd/config/config.schema.json": dumps(schema())},
    "targets": lambda: {
        f"docs/targets/{name}.md": target(load_profile(name), _head(f"targets/{name}")) for name in built_in()
    },
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("page", choices=sorted(PAGES))
    parser.add_argument("--check", action="store_true", help="compare only")
    given = parser.parse_args()
    stale = False
    for name, text in PAGES[given.page]().items():
        file = DOCS.parent / name
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        if given.check:
            print(f"{name} is not current; run: python docs/generate.py {given.page}", file=sys.stderr)
            stale = True
        else:
            file.write_text(text, encoding="utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
