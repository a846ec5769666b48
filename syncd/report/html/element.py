"""HTML elements as text. Whatever is not an element is escaped: names come from directories, and from anybody in them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

VOID = frozenset({"meta", "input", "br"})
#: characters that change nothing but the order or the look of others: a name must not pass for another one
_UNSEEN = {
    **{code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))},
    **{code: f"\\u{code:04x}" for code in (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF)},
    **{code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)},
}  # fmt: skip


class Element(str):
    """Markup that is safe as it stands."""

    __slots__ = ()


Child = str | Element | Iterable["Child"] | None


def el(tag: str, *children: Child, **attributes: str | float | bool | None) -> Element:
    """An element. `class_` is class, data_text is data-text; True is an attribute without a value, None and False none."""
    return Element("".join(_parts(tag, children, attributes)))


def text(value: str) -> str:
    """Escaped, with control characters and those that turn the reading order shown by their numbers."""
    return escape(value.translate(_UNSEEN))


def _parts(tag: str, children: Iterable[Child], attributes: dict[str, str | float | bool | None]) -> Iterable[str]:
    yield f"<{tag}"
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        yield f" {key}" if value is True else f' {key}="{text(str(value))}"'
    yield ">"
    if tag not in VOID:
        for child in children:
            yield from _child(child)
        yield f"</{tag}>"


def _child(child: Child) -> Iterable[str]:
    if isinstance(child, Element):
        yield child
    elif isinstance(child, str):
        yield text(child)
    elif child is not None:
        for one in child:
            yield from _child(one)
