"""The pages of the documentation that are made from settings and profiles."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from connectors.scim.built_in import built_in
from connectors.scim.profiles import load_profile
from syncd.config import Settings
from syncd.config.section import Section
from tests.unit.config.test_example import tables

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", ["configuration", "schema", "targets"])
def test_what_is_made_from_the_code_is_current(page):
    check = [sys.executable, str(DOCS / "generate.py"), page, "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "model", [table for table in tables(Section) if table is not Settings], ids=lambda model: model.__name__
)
def test_every_key_and_its_description_is_in_the_reference(model):
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    for key, field in model.model_fields.items():
        assert re.search(rf"(?m)^\| `{key}` \|.*{re.escape(str(field.description))}", text), key


def test_each_link_within_the_reference_leads_somewhere():
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    headings = re.findall(r"(?m)^#+ (.*)$", re.sub(r"(?ms)^```.*?^```", "", text))
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    found = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert found
    assert found <= anchors


@pytest.mark.parametrize("name", built_in())
def test_each_product_has_a_page_with_all_that_its_profile_knows(name):
    text = (DOCS / "targets" / f"{name}.md").read_text(encoding="utf-8")
    profile = load_profile(name)
    assert text.startswith(f"# {profile.title}\n")
    for words in profile.errors:
        assert words.remedy in text
    for kind in (profile.users, profile.groups):
        for path, why in kind.immutable.items():
            assert f"| `{path}` never changes | {why} |" in text
        for row in (*kind.rows("graph"), *kind.rows("okta")):
            if kind.stores(str(row["target"])) and kind.supported:
                assert f"`{row['target']}`" in text
    known = tomllib.loads((ROOT / "connectors" / "scim" / "profiles" / f"{name}.toml").read_text(encoding="utf-8"))
    assert known.get("url", "the product shows yours") in text
