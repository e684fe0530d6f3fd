"""Leases: who may work on something, until when; taken over when they run out or their owner is dead."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from acorn_engine.store.tables import leases

if TYPE_CHECKING:
    from acorn_engine.store.transaction import Transaction


def new_owner() -> str:
    """Return a name for this worker: where it runs, its process, and something unique.

    The place names the running kernel and its process namespace, so that only a worker that can
    really see the other's process ever concludes that it is gone.
    """
    return f"{_place()}/{os.getpid()}/{_started(os.getpid())}/{uuid.uuid4().hex}"


def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}.{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return uuid.uuid4().hex  # unknown: nobody else will think that they know whether we live


def _started(process: int) -> str:
    """Return when a process started, as the kernel counts, or nothing where there is none."""
    try:
        words = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return "" if words[0] in {"Z", "X"} else words[19]
    except (OSError, IndexError):
        return ""


def gone(owner: str) -> bool:
    """Say whether an owner's process has certainly ended: it ran here, and is no more."""
    pieces = owner.split("/")
    if len(pieces) != 4 or pieces[0] != _place() or not pieces[1].isdigit():
        return False
    return _started(int(pieces[1])) != pieces[2]


def take_lease(tx: Transaction, name: str, owner: str, until: int) -> bool:
    """Take or lengthen a lease. Returns whether ``owner`` has it now."""
    where = (leases.c.project == tx.project, leases.c.name == name)
    holder = tx.connection.execute(select(leases.c.owner).where(*where).with_for_update()).scalar_one_or_none()
    if holder is not None and holder != owner and gone(holder):
        tx.connection.execute(delete(leases).where(*where, leases.c.owner == holder))
    statement = tx.upsert(leases).values(project=tx.project, name=name, owner=owner, until=until)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["project", "name"],
            set_={"owner": owner, "until": until},
            where=or_(leases.c.owner == owner, leases.c.until <= tx.at),
        )
    )
    found: str = tx.connection.execute(select(leases.c.owner).where(*where)).scalar_one()
    return found == owner


def drop_lease(tx: Transaction, name: str, owner: str) -> None:
    """Give a lease back; somebody else's is left alone."""
    tx.connection.execute(
        delete(leases).where(leases.c.project == tx.project, leases.c.name == name, leases.c.owner == owner)
    )
