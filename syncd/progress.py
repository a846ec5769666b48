"""How far a long piece of work is, for whoever watches. A daemon, a pipe and a test have nobody who does."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told of pieces of work by name, as they go on."""

    @property
    def watched(self) -> bool:
        """Whether anybody looks: only then is it worth counting what is to be done."""

    def begin(self, work: str, total: int | None = None) -> None:
        """A piece of work starts, or starts again. Without a total nobody knows how much it is."""

    def advance(self, work: str, count: int) -> None:
        """So much more of it is done."""

    def end(self, work: str) -> None:
        """It is over, whatever was counted."""

    def close(self) -> None:
        """Nobody looks from now on."""


class Unwatched:
    """Nobody looks."""

    watched = False

    def begin(self, work: str, total: int | None = None) -> None:
        pass

    def advance(self, work: str, count: int) -> None:
        pass

    def end(self, work: str) -> None:
        pass

    def close(self) -> None:
        pass


UNWATCHED: Progress = Unwatched()
