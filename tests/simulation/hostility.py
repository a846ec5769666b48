"""Asks a hostile service everything that the connectors can ask, and sees that nothing but a clear answer comes of it."""

from __future__ import annotations

import random
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, get_args

from connectors import Source, Target
from syncd.core.change import Action, Change
from syncd.core.errors import SyncdError
from syncd.core.model import STREAMS, Kind
from syncd.runtime import Runtime
from tests.simulation.ground import SOURCE_PORT, TARGET_PORT, Ground
from tests.simulation.hostile import NASTY, Hostile, stays_inside
from tests.simulation.network import Network
from tests.simulation.world import World

_KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(kw_only=True)
class Met:
    """What came of some rounds: answers given, requests to others, paths that broke out."""

    answers: int
    elsewhere: list[int]
    broke_out: list[str]


def meet(under: Ground, seed: int, rounds: int = 20) -> Met:
    """Each of both connectors against a service of its own. Raises Surprise for any crash, Hang where it never ends."""
    world = World(under, seed, two=False)
    source, target = Hostile(world.draw), Hostile(world.draw)
    world.network = Network({SOURCE_PORT: source, TARGET_PORT: target}, world.draw)
    draw = random.Random(seed)

    async def ask(runtime: Runtime) -> None:
        async with runtime.source("company") as one, runtime.target("product", write=True) as other:
            for _ in range(rounds):
                await _answered(_ask_source(one, draw))
                await _answered(_ask_target(other, draw))

    world.run(ask)
    broke_out = [path for path in target.paths if not stays_inside(path)]
    return Met(answers=source.answered + target.answered, elsewhere=world.network.strangers, broke_out=broke_out)


async def _answered(asking: Awaitable[Any]) -> None:
    try:
        await asking
    except SyncdError as error:
        text = str(error)
        if "\n" in text or len(text) > 20_000:
            raise ValueError(f"an error of more than a line, or endless: {text[:300]!r}") from error


async def _ask_source(source: Source, draw: random.Random) -> None:
    if draw.random() < 0.3:
        await source.find(draw.choice(_KINDS), draw.choice(NASTY))
        return
    pages = 0
    async for _ in source.read(draw.choice(STREAMS), draw.choice((None, draw.choice(NASTY)))):
        pages += 1
        if pages > 50:
            break


async def _ask_target(target: Target, draw: random.Random) -> None:
    kind = draw.choice(_KINDS)
    match draw.randrange(4):
        case 0:
            await target.find(kind, {"userName" if kind == "user" else "displayName": draw.choice(NASTY)})
        case 1:
            await target.get(kind, draw.choice(NASTY) or "x", members=draw.random() < 0.5)
        case 2:
            async for _ in target.list(kind):
                pass
        case _:
            await target.send(_change(kind, draw), {})


def _change(kind: Kind, draw: random.Random) -> Change:
    name = "userName" if kind == "user" else "displayName"
    action = draw.choice((Action.CREATE, Action.UPDATE, Action.DELETE))
    return Change(
        action=action,
        kind=kind,
        source_id="source",
        target_id=None if action is Action.CREATE else draw.choice(NASTY) or "x",
        name="somebody",
        before={},
        after={} if action is Action.DELETE else {name: draw.choice(NASTY)},
        why="",
    )
