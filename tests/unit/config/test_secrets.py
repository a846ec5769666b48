"""A secret is given in exactly one of three ways and is shown nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.config.secret_reference import SIZE_LIMIT_BYTES
from syncd.core.secret import Secret

Faults = Callable[..., list[str]]
END = "Correct it, then run: syncd check"
FORMS = '{ env = "NAME" }, { file = "PATH" } or { credential = "NAME" }'
CREATE = "Create it, readable for syncd, then run: syncd check"


def target(token: str) -> str:
    return f'[targets.wiki]\nkind = "scim"\nurl = "https://wiki.example/scim"\ntoken = {token}\n'


def token_of(workshop, token: str) -> Secret | None:
    return workshop.load(target=target(token)).targets["wiki"].token


@pytest.mark.parametrize("clear", ['"hunter2"', "12345", "true", '["hunter2"]', "2026-01-01"])
def test_a_secret_in_clear_is_refused_and_not_shown(faults: Faults, clear):
    (line,) = faults(target=target(clear))
    kinds = {"1": "a whole number", "t": "true or false", "[": "a list", "2": "a date or time", '"': "text"}
    assert line == (
        f"targets.wiki.token: a secret in clear ({kinds[clear[0]]}, not shown here); write {FORMS}. Move it to a file "
        "that only syncd can read and refer to that, then run: syncd check"
    )


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ('{ env = "WIKI_TOKEN", file = "x" }', f"2 ways for one secret (env, file); write exactly one of {FORMS}"),
        (
            '{ env = "a", file = "b", credential = "c" }',
            f"3 ways for one secret (env, file, credential); write exactly one of {FORMS}",
        ),
        ("{}", f"an empty table; write exactly one of {FORMS}"),
        ('{ envv = "a" }', f'unknown key "envv"; the nearest key is env; write {FORMS}'),
        ('{ env = "" }', f"env is empty text; write {FORMS}"),
        ("{ env = 1 }", f"env is a whole number; write {FORMS}"),
    ],
)
def test_any_other_form_is_refused(faults: Faults, token, text):
    assert faults(target=target(token)) == [f"targets.wiki.token: {text}. {END}"]


def test_an_environment_variable_gives_its_text(workshop):
    workshop.environ["OTHER"] = "t0ken with blanks \n"
    assert token_of(workshop, '{ env = "OTHER" }') == Secret("t0ken with blanks ")


def test_an_environment_variable_that_is_not_set_is_named(faults: Faults):
    assert faults(target=target('{ env = "NIX" }')) == [
        (
            'targets.wiki.token: environment variable "NIX" is not set; it must hold the secret. Set it where syncd is '
            "started, then run: syncd check"
        )
    ]


def test_an_empty_environment_variable_is_named(workshop):
    workshop.environ["NIX"] = " \n"
    assert workshop.faults(target=target('{ env = "NIX" }')) == [
        f'targets.wiki.token: environment variable "NIX" is empty; it must hold the secret. {END}'
    ]


def test_a_file_gives_its_text_without_the_final_line_break(workshop, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "token").write_text("t0ken\r\n")
    assert token_of(workshop, '{ file = "deep/token" }') == Secret("t0ken")
    assert token_of(workshop, f'{{ file = "{tmp_path}/deep/token" }}') == Secret("t0ken")


def test_a_file_that_cannot_be_used_is_named(workshop, tmp_path):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe0")
    (tmp_path / "large").write_text("x" * (SIZE_LIMIT_BYTES + 1))
    (tmp_path / "lines").write_text("one\ntwo\n")
    expected = {
        "nix": f'file "{tmp_path}/nix" does not exist; it must hold the secret. {CREATE}',
        ".": f'"{tmp_path}" is no regular file; it must hold the secret. {CREATE}',
        "a"
        * 300: f'file "{tmp_path}/{"a" * 300}" cannot be read (File name too long); it must hold the secret. {CREATE}',
        "empty": f'file "{tmp_path}/empty" is empty; it must hold the secret. Fill it, then run: syncd check',
        "binary": (
            f'file "{tmp_path}/binary" is not UTF-8 text; it must be text; convert a .pfx file with: openssl pkcs12 '
            f"-nodes. {END}"
        ),
        "large": f'file "{tmp_path}/large" is larger than 65536 bytes; it holds the secret alone. {END}',
        "lines": (
            "the secret (not shown here) has a line break or another control character; it is one line of text. Write it "
            "anew, then run: syncd check"
        ),
    }
    found = {name: workshop.faults(target=target(f'{{ file = "{name}" }}')) for name in expected}
    assert found == {name: [f"targets.wiki.token: {text}"] for name, text in expected.items()}


def test_a_credential_is_read_from_systemds_folder(workshop, tmp_path):
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "wiki").write_text("t0ken\n")
    workshop.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path / "credentials")
    assert token_of(workshop, '{ credential = "wiki" }') == Secret("t0ken")


def test_a_credential_without_systemd_says_what_to_do(faults: Faults):
    assert faults(target=target('{ credential = "wiki" }')) == [
        (
            'targets.wiki.token: credential "wiki" is asked for, and $CREDENTIALS_DIRECTORY is not set; systemd sets it '
            "for LoadCredential=wiki:PATH. Start syncd by systemd, or use { file = … } or { env = … }, then run: syncd "
            "check"
        )
    ]


def test_a_credential_that_is_missing_is_named(workshop):
    workshop.environ["CREDENTIALS_DIRECTORY"] = "/nix"
    assert workshop.faults(target=target('{ credential = "wiki" }')) == [
        (
            'targets.wiki.token: file "/nix/wiki" does not exist; it must hold the secret. Write '
            "LoadCredential=wiki:PATH in the unit, then run: syncd check"
        )
    ]


@pytest.mark.parametrize("name", ["../passwd", "/etc/passwd", "..", "."])
def test_a_credential_is_a_name_and_no_path(workshop, name):
    workshop.environ["CREDENTIALS_DIRECTORY"] = "/nix"
    assert workshop.faults(target=target(f'{{ credential = "{name}" }}')) == [
        f'targets.wiki.token: credential is "{name}"; it is a plain name, not a path. {END}'
    ]


def test_a_private_key_keeps_its_lines(workshop, tmp_path):
    (tmp_path / "okta.pem").write_text("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n")
    source = (
        '[sources.contoso]\nkind = "okta"\norg_url = "https://acme.okta.com"\nclient_id = "0oa1"\napp_id = "0oa2"\n'
        'private_key = { file = "okta.pem" }\n'
    )
    key = workshop.load(source=source).sources["contoso"].private_key
    assert key.reveal() == "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"


def test_an_unknown_key_does_not_show_the_secret_beside_it(faults: Faults):
    lines = faults(target=target('{ env = "WIKI_TOKEN" }') + 'tokn = "hunter2"\n')
    assert lines == [f"targets.wiki.tokn: unknown key; the nearest key is token. {END}"]
