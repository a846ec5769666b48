"""What every paged list that is read must give, whoever serves it. Inherited by one class a service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from connectors.errors import Unusable

RECORDS = 13


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list of RECORDS records that its service pages by five, and how it may be made to misbehave."""

    expected: list[str]
    read: Callable[[], AsyncIterator[str]]  #: every record's id, over HTTP, as the connector gives it
    pages: Callable[[], int]  #: pages that were asked for
    misbehave: dict[str, Callable[[], None]]


class SourceContract:
    """A subclass gives `listing` (a fixture), with each of the misbehaviours of its service under its name below."""

    empty_page = "one page is empty"
    repeated = "one record is repeated"
    reordered = "the order changes"
    wrong_total = "the total is wrong"
    #: ways that this service has no counterpart of, such as a total where it announces none
    unknown_here: frozenset[str] = frozenset()
    #: ways in which records are lost for good, so that the only true answer is an error
    refused: frozenset[str] = frozenset()

    @pytest.fixture
    def listing(self) -> Listing:
        raise NotImplementedError

    @pytest.mark.parametrize("way", ["well", empty_page, repeated, reordered, wrong_total])
    async def test_every_record_once_over_three_pages(self, listing: Listing, way: str) -> None:
        if way in self.unknown_here:
            pytest.skip("this service knows no such thing")
        if way != "well":
            listing.misbehave[way]()
        if way in self.refused:
            with pytest.raises(Unusable, match=f"of {RECORDS} seen"):
                _ = [id_ async for id_ in listing.read()]
            return
        seen = [id_ async for id_ in listing.read()]
        assert sorted(seen) == sorted(listing.expected)
        assert listing.pages() >= 3
