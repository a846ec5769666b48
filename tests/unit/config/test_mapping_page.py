"""docs/mapping.md: every example is valid, and every row of a table true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from syncd.config.mapping import MappingRow
from syncd.core.attribute_mapping import MappingError
from tests.unit.core.build import CONTEXT, entry, mapping

PAGE = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
CRM = """
[sources.acme]
kind = "okta"
org_url = "https://acme.okta.com"
app_id = "0oa1"
token = { env = "WIKI_TOKEN" }
[jobs.crm]
source = "acme"
target = "wiki"
"""


def rows(text: str, kind: str = "users") -> int:
    return text.count(f"[[jobs.wiki.{kind}.mappings]]") + text.count(f"[[jobs.crm.{kind}.mappings]]")


def test_the_page_has_its_examples() -> None:
    assert len(BLOCKS) >= 10
    assert len(re.findall(r"```toml", PAGE)) == len(BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_is_valid_and_its_rows_are_read(block: str, workshop: Any) -> None:
    text = block
    if rows(block) and 'target = "userName"' not in block:
        text += '\n[[jobs.wiki.users.mappings]]\ntarget = "userName"\nsource = "userPrincipalName"\n'
    if "jobs.crm" in block:
        text = CRM + text
    settings = workshop.load(more=text)
    job = settings.jobs["crm" if "jobs.crm" in block else "wiki"]
    assert len(job.users.mappings) == rows(text)
    assert len(job.groups.mappings) == rows(text, "groups")


def test_every_key_of_a_row_is_told() -> None:
    assert all(f"`{key}`" in PAGE for key in MappingRow.model_fields)


def test_the_error_that_is_shown_is_the_real_one() -> None:
    with pytest.raises(MappingError) as caught:
        mapping(("active", "extensionAttribute1")).desired(
            entry(onPremisesExtensionAttributes={"extensionAttribute1": "maybe"}), CONTEXT
        )
    assert str(caught.value) in " ".join(PAGE.split())
