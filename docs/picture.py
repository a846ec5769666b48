"""Draws docs/images/dry-run.svg: the report of a real dry run on the sandbox, after a day of changes at the source.

python docs/picture.py
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

import uvloop
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.sandbox.world import World, WorldSize
from syncd.config import load
from syncd.cycle import Wish, sync
from syncd.demo import MAPPINGS, a_day
from syncd.observe.logs import set_up_logs
from syncd.report.text import print_report
from syncd.runtime import Runtime

FILE = Path(__file__).resolve().parent / "images" / "dry-run.svg"


async def draw(console: Console) -> None:
    """Print the dry run that follows a first sync and a day of changes."""
    with World(WorldSize(users=60)) as world, tempfile.TemporaryDirectory() as folder:
        runtime = Runtime.open(load(world.write_config(Path(folder), extra=MAPPINGS)))
        await sync(runtime, ["entra"], Wish())
        a_day(world)
        results = await sync(runtime, ["entra"], Wish(dry=True))
        print_report(console, results, runtime.store, shown=3)
        runtime.close()


def main() -> None:
    set_up_logs("error")
    console = Console(record=True, width=132, file=io.StringIO(), force_terminal=True, highlight=False)
    uvloop.run(draw(console))
    FILE.parent.mkdir(exist_ok=True)
    svg = console.export_svg(title="syncd --dry-run", theme=DIMMED_MONOKAI)
    # A picture loads nothing: the reader's own fixed-width font will do.
    svg = re.sub(r"@font-face \{[^}]*\}|<!--.*?-->", "", svg, flags=re.DOTALL)
    FILE.write_text(svg.replace("Fira Code, monospace", "monospace"), encoding="utf-8")


if __name__ == "__main__":
    main()
