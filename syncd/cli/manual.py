"""The manual page syncd(1), written from the commands themselves: python -m syncd.cli.manual > syncd.1"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import typer

from syncd import __version__
from syncd.cli.program import program

EXIT_CODES = {
    0: "nothing (left) to do",
    1: "an error; one line says what, and the next command",
    2: "a dry run found changes",
    3: "changes are held by a guard",
    4: "finished, but some objects failed",
    64: "wrong usage or an invalid configuration",
}
FILES = {
    "./config.toml, /etc/syncd/config.toml": "the configuration, unless --config or $SYNCD_CONFIG names another one",
    "/var/lib/syncd/state.db": "the state DB of the service",
}


def manual() -> str:
    """The page in man(7)'s macros."""
    command = typer.main.get_command(program())
    return "\n".join([*_head(command), *_commands(command), *_tail()]) + "\n"


def _head(command: Any) -> Iterator[str]:
    yield f'.TH SYNCD 1 "" "syncd {__version__}" "User Commands"'
    yield from (".SH NAME", rf"syncd \- {_roff('directory-sync reconciliation daemon')}")
    yield from (".SH SYNOPSIS", r".B syncd", r"[\fIoptions\fR] \fIcommand\fR [\fIarguments\fR]")
    yield from (".SH DESCRIPTION", _roff(command.help or ""), ".SH OPTIONS")
    yield from _parameters(command)


def _commands(command: Any, prefix: str = "") -> Iterator[str]:
    if not prefix:
        yield ".SH COMMANDS"
    for name, each in command.commands.items():
        if hasattr(each, "commands"):
            yield from _commands(each, f"{prefix}{name} ")
            continue
        arguments = " ".join(_named(one) for one in each.params if one.param_type_name == "argument")
        yield rf'.SS "{" ".join(["syncd", _roff(prefix + name), arguments]).strip()}"'
        yield _roff(" ".join((each.help or "").split()))
        yield from _parameters(each)


def _parameters(command: Any) -> Iterator[str]:
    for one in command.params:
        text = _roff(" ".join((getattr(one, "help", None) or "").split()))
        if one.param_type_name == "argument":
            yield from (".TP", _named(one), text)
        else:
            words = ", ".join(rf"\fB{_roff(word)}\fR" for word in one.opts)
            value = "" if one.is_flag else rf" \fI{_roff(_value(one))}\fR"
            yield from (".TP", words + value, text)


def _named(argument: Any) -> str:
    name = _roff((argument.metavar or argument.name).upper())
    return rf"\fI{name}\fR" if argument.required else rf"[\fI{name}\fR]"


def _value(option: Any) -> str:
    """What an option takes: its own word, its choices, or its name."""
    if option.metavar:
        return str(option.metavar)
    annotation = option.type_descriptor.annotation
    return "|".join(get_args(annotation)) if get_origin(annotation) is Literal else str(option.name).upper()


def _tail() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, meaning in EXIT_CODES.items():
        yield from (".TP", rf"\fB{code}\fR", _roff(meaning))
    yield ".SH FILES"
    for place, meaning in FILES.items():
        yield from (".TP", rf"\fI{_roff(place)}\fR", _roff(meaning))
    yield from (
        ".SH EXAMPLES",
        ".TP",
        r"\fBsyncd \-\-dry\-run\fR",
        _roff("what a sync would change, and why; writes nothing"),
    )
    yield from (".TP", r"\fBsyncd explain jane@contoso.com\fR", _roff("why somebody is, or is not, at the target"))
    yield from (".SH SEE ALSO", r"\fBsystemctl\fR(1), \fBjournalctl\fR(1); /usr/share/doc/syncd")


def _roff(text: str) -> str:
    """Text without meaning for troff: no escapes, no macros at the beginning of a line."""
    plain = text.replace("\\", r"\e").replace("-", r"\-").replace("…", "...").replace("·", "/")
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    sys.stdout.write(manual())
