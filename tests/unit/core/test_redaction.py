"""Expressions without the constants that they redact."""

from __future__ import annotations

import pytest

from syncd.core.redaction import shown_expression


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('Join(" ", [a], [b])', 'Join(" ", [a], [b])'),
        ("Redact([a])", "Redact([a])"),
        ('Redact("s3cret")', 'Redact("[Redact]")'),
        ('Redact("s3cret" & [a])', 'Redact("[Redact]" & [a])'),
        ('Join("-", "open", Redact(Join("x", "s3cret", 1234)))', 'Join("-", "open", Redact(Join("[Redact]", "[Redact]", "[Redact]")))'),
        ('IIF([a]="open", Redact(IIF([b]="s3cret", "s3cret", [c])), "open")', 'IIF([a] = "open", Redact(IIF([b] = "[Redact]", "[Redact]", [c])), "open")'),
    ],
)  # fmt: skip
def test_constants_inside_redact_are_hidden(text: str, shown: str) -> None:
    assert shown_expression(text) == shown
