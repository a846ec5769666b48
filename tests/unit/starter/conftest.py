"""What the tests of `syncd init` share: schemas as Entra exports them, and a printed configuration filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncd.config import Settings, load

SCHEMAS = Path(__file__).parent / "schemas"
GUID = "11111111-2222-3333-4444-555555555555"
SECRETS = ("entra.secret", "okta.token", "state.password", "entra.pem", "okta.pem", "oauth.secret", "basic.password")


@pytest.fixture
def exported() -> Callable[[str], Any]:
    """A schema by name: default, testmu, unsupported."""
    return lambda name: json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def filled(tmp_path: Path) -> Callable[[str], Settings]:
    """Loads a printed configuration whose placeholders are filled in and whose secrets exist."""

    def fill(text: str) -> Settings:
        for name in (*SECRETS, *re.findall(r'file = "([\w.-]+\.token)"', text)):
            (tmp_path / name).write_text("s3cret\n", encoding="utf-8")
        text = text.replace("<organisation>", "acme")
        text = re.sub(r"(?m)^url = .*<.*$", 'url = "https://scim.example/v2"', text)
        text = re.sub(r'(?m)^(\w+ = )"<[^<>]+>"', rf'\g<1>"{GUID}"', text)
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, environ={})

    return fill
