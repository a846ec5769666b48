"""Finding and reading the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.config import ConfigError, find_path, load
from syncd.config.load import SIZE_LIMIT_BYTES

MAKE = "Write one (syncd init prints one to start from), or name another with --config"
END = "Correct it, then run: syncd check"


def message(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    return str(caught.value)


def test_the_named_file_comes_first_then_the_variable_then_the_places(tmp_path):
    here, there = tmp_path / "config.toml", tmp_path / "etc.toml"
    there.touch()
    variable = {"SYNCD_CONFIG": "/named/by/variable.toml"}
    assert find_path("given.toml", environ=variable, places=(here, there)) == Path("given.toml")
    assert find_path(None, environ=variable, places=(here, there)) == Path("/named/by/variable.toml")
    assert find_path(None, environ={}, places=(here, there)) == there
    here.touch()
    assert find_path(None, environ={"SYNCD_CONFIG": ""}, places=(here, there)) == here


def test_no_file_anywhere_says_where_was_looked():
    with pytest.raises(ConfigError) as caught:
        find_path(None, environ={}, places=(Path("/nix/a.toml"), Path("/nix/b.toml")))
    assert str(caught.value) == (
        f"/nix/a.toml: no configuration file; looked for /nix/a.toml and /nix/b.toml; $SYNCD_CONFIG is not set. {MAKE}"
    )


def test_a_file_that_is_missing_is_named(tmp_path):
    path = tmp_path / "nix.toml"
    assert message(path) == f"{path}: the file does not exist; it must be a configuration. {MAKE}"


def test_a_folder_is_no_configuration(tmp_path):
    assert message(tmp_path) == f"{tmp_path}: no regular file; the configuration is a TOML file. {MAKE}"


def test_a_file_name_that_cannot_be_is_refused():
    assert message(Path("a\0b")) == (
        f"a\\u0000b: the file cannot be read (not a usable path); it must be readable for syncd. {END}"
    )


def test_a_place_that_cannot_be_looked_at_is_told_and_not_passed_over(tmp_path):
    closed = tmp_path / ("a" * 300) / "config.toml"  # as in a folder that is closed to this user
    path = find_path(None, environ={}, places=(tmp_path / "nix.toml", closed, tmp_path / "etc.toml"))
    assert path == closed
    assert (
        message(path) == f"{closed}: the file cannot be read (File name too long); it must be readable for syncd. {END}"
    )


def test_what_is_no_toml_is_named_with_its_place(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("[log\nlevel = 1\n")
    assert message(path) == (
        f"{path}: no TOML; Expected ']' at the end of a table declaration (at line 1, column 5). {END}"
    )


def test_a_key_given_twice_is_no_toml(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("[log]\nlevel = 'info'\nlevel = 'debug'\n")
    assert message(path) == f"{path}: no TOML; Cannot overwrite a value (at line 3, column 16). {END}"


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"[log]\n# \xff\n")
    assert message(path) == f"{path}: byte 8 is no UTF-8; TOML is UTF-8 text. {END}"


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[log]\n")
    assert message(path).startswith(f"{path}: jobs: no jobs; ")


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 10_000])
def test_nesting_and_numbers_without_end_are_refused(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert message(path) == f"{path}: no TOML; tables nested too deeply, or a number of too many digits. {END}"


def test_a_file_beyond_all_measure_is_not_read(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("#" * (SIZE_LIMIT_BYTES + 1))
    assert message(path) == f"{path}: larger than {SIZE_LIMIT_BYTES} bytes; no configuration is. {END}"


def test_an_empty_file_has_no_jobs(tmp_path):
    path = tmp_path / "config.toml"
    path.touch()
    assert message(path) == (
        f"{path}: jobs: no jobs; write a table [jobs.NAME] with source and target. Add it, then run: syncd check"
    )
