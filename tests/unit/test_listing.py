"""What a target's listing showed, kept on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from state.errors import StateError
from state.listing import Listing
from syncd.core.change import Observed


@pytest.fixture
def listing() -> Iterator[Listing]:
    listing = Listing()
    yield listing
    listing.close()


def one(id_: str, **resource: object) -> Observed:
    return Observed(id=id_, resource={"id": id_, **resource})


def test_objects_are_found_by_id_as_they_were_shown(listing: Listing) -> None:
    shown = one("a/1 %", userName="Ärla\0", emails=[{"value": "a@x", "primary": True}], size=2**53)
    listing.add([(shown, [])])
    assert listing.get("a/1 %") == shown
    assert listing.get("A/1 %") is None


def test_objects_are_found_by_key_in_the_order_of_the_listing(listing: Listing) -> None:
    listing.add([(one("z"), [("userName", "ann"), ("externalId", "7")])])
    listing.add([(one("a"), [("userName", "ann")]), (one("b"), [("externalId", "ann")])])
    assert [found.id for found in listing.found("userName", "ann")] == ["z", "a"]
    assert listing.found("userName", "7") == []
    assert listing.has("externalId", "ann")
    assert not listing.has("userName", "Ann")


def test_of_two_objects_with_one_id_the_first_counts(listing: Listing) -> None:
    listing.add([(one("a", userName="first"), [("userName", "first")])])
    listing.add([(one("a", userName="second"), [("userName", "second")])])
    assert listing.get("a") == one("a", userName="first")
    assert not listing.has("userName", "second")


def test_a_full_disk_is_one_clear_line(listing: Listing) -> None:
    listing._db.execute("PRAGMA max_page_count=20")  # as SQLite says it of a disk without room
    with pytest.raises(StateError, match=r"database or disk is full.*/var/tmp.*SQLITE_TMPDIR"):
        listing.add([(one(str(n), text=f"{n * 7919:x}" * 200), [("userName", str(n))]) for n in range(2_000)])


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at the files that the process has open")
def test_what_does_not_fit_into_the_cache_is_in_a_file_without_a_name(listing: Listing) -> None:
    before = open_files()
    listing._db.execute("PRAGMA cache_size=1")
    listing.add([(one(str(n), text=f"{n * 7919:x}" * 200), []) for n in range(2_000)])
    (file,) = open_files() - before
    assert file.endswith("(deleted)")


def open_files() -> set[str]:
    found = set()
    for fd in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them is closed by now
            found.add(f"{fd.name} {fd.readlink()}")
    return {file for file in found if "/dev/" not in file and " /proc" not in file}
