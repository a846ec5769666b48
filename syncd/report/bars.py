"""Progress bars on a terminal's standard error: how much, how quick, how long yet. They vanish when the work is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from syncd.progress import UNWATCHED, Progress


@contextmanager
def bars(*, color: bool | None = None) -> Iterator[Progress]:
    """Bars while the body runs; nobody watches where standard error is no terminal, or one that cannot move its cursor."""
    console = Console(stderr=True, no_color=color is False, highlight=False, markup=False, emoji=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield UNWATCHED
        return
    columns = (TextColumn("{task.description:<22}"), BarColumn(32), _Count(), _Pace())
    with RichProgress(*columns, console=console, transient=True, refresh_per_second=5) as drawn:
        yield _Bars(drawn)


class _Bars:
    watched = True

    def __init__(self, drawn: RichProgress) -> None:
        self._drawn = drawn
        self._tasks: dict[str, TaskID] = {}

    def begin(self, work: str, total: int | None = None) -> None:
        if work in self._tasks:
            self._drawn.reset(self._tasks[work], total=total, visible=True)
        else:
            self._tasks[work] = self._drawn.add_task(work, total=total)

    def advance(self, work: str, count: int) -> None:
        if work in self._tasks:
            self._drawn.advance(self._tasks[work], count)

    def end(self, work: str) -> None:
        if work in self._tasks:
            task = self._tasks[work]
            done = next(one.completed for one in self._drawn.tasks if one.id == task)
            self._drawn.update(task, total=done, visible=done > 0, refresh=True)

    def close(self) -> None:
        self._drawn.stop()


class _Count(ProgressColumn):
    """1,200 of 3,400."""

    def render(self, task: Task) -> Text:
        total = "" if task.total is None or task.finished else f" of {task.total:,.0f}"
        return Text(f"{task.completed:,.0f}{total}")


class _Pace(ProgressColumn):
    """350/s, 6 s left."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        left = "" if task.finished or task.time_remaining is None else f", {_duration(task.time_remaining)} left"
        return Text(f"{speed:,.0f}/s{left}" if speed >= 1 else f"{60 * speed:,.0f}/min{left}", style="dim")


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
