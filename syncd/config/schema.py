"""The JSON Schema of config.toml, for editors and for `syncd config schema`."""

from __future__ import annotations

from typing import Any

from syncd.config.settings import Settings
from syncd.core.model import Json


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12. Secrets have their three forms; rules between keys are left to `syncd check`."""
    made = _plain(Settings.model_json_schema())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "syncd configuration (config.toml)",
        **{key: value for key, value in made.items() if key != "title"},
        "required": ["jobs"],
    }


def _plain(node: Json) -> Json:
    """TOML has no null: an optional key is left out. Titles that only repeat the key go as well."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {key: _plain(value) for key, value in node.items() if not _idle(key, value)}
    if "patternProperties" in found:
        found["additionalProperties"] = False
    if isinstance(found.get("anyOf"), list):
        choices = [each for each in found["anyOf"] if each != {"type": "null"}]
        if len(choices) == 1:
            del found["anyOf"]
            found = {**choices[0], **found}
        else:
            found["anyOf"] = choices
    return found


def _idle(key: str, value: Json) -> bool:
    return (key == "default" and value is None) or (key == "title" and isinstance(value, str))
