"""Who this process is, and whether another one that left its mark in the state DB still lives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
#: the mark of a process that lives and shows nothing of itself (hidepid, systemd's ProtectProc=)
HIDDEN = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """One process on one host, as it is written into leases and claims."""

    host: str  #: host name, boot id and pid namespace: only where all are equal does a pid mean the same process
    mark: str  #: "pid:start time", so that a recycled pid is not taken for the old one

    @classmethod
    def this(cls) -> Process:
        return cls(host=this_host(), mark=process_mark(os.getpid()) or f"{os.getpid()}:")

    def knows_dead(self, host: str, mark: str) -> bool:
        """Whether that process is gone for certain: it was on this host, and nothing here bears its mark."""
        return host == self.host and process_mark(int(mark.partition(":")[0])) not in (mark, HIDDEN)


def spoken_of(host: str, mark: str) -> str:
    """A process by its marks, in words for people."""
    return f"process {mark.partition(':')[0]} on {host.partition(' ')[0]}"


def this_host() -> str:
    """The host's name first; containers may share it, so what tells them apart follows."""
    name = os.uname().nodename.replace(" ", "-")[:255] or "localhost"
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{name} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return name  # no /proc here


def process_mark(pid: int) -> str | None:
    """ "pid:start time" of a running process; None if there is none (a zombie has ended, too); or HIDDEN."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except OSError:
            pass  # it lives, and belongs to somebody else
        # Without any /proc here the pid alone must do.
        return HIDDEN if (PROC / "self" / "stat").exists() else f"{pid}:"
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{pid}:{fields[19]}"
