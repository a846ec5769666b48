"""The body of one answer, however it comes in."""

from __future__ import annotations

import aiohttp

from connectors.scim.answer import NoAnswer


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """A body of unknown length, decompressed and to its end. Raises NoAnswer beyond the limit, in bytes."""
    raw = bytearray()
    async for part in response.content.iter_any():
        raw += part
        if len(raw) > limit:
            raise NoAnswer(f"an answer over {limit} bytes", sent=True, final=True)
    return bytes(raw)
