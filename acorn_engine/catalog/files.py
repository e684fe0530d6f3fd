"""What all file sources share: where a file stands, when it was changed, why it cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from acorn_engine.problems import CatalogError, Place, Problem, did_you_mean

if TYPE_CHECKING:
    from acorn_engine.plugins.records import CatalogRequest


def locate(request: CatalogRequest, path: str) -> Path:
    """Return the file, relative to the request's root; raises ``CatalogError`` where there is none."""
    file = Path(request.root) / Path(path).expanduser()
    if file.is_file():
        return file
    if file.is_dir():
        message, hint = "is a folder, not a file; nothing was read", "name the file in it"
    else:
        message = f"there is no such file in {file.parent}; nothing was read"
        beside = [other.name for other in file.parent.iterdir()] if file.parent.is_dir() else []
        hint = (
            did_you_mean(file.name, beside) or f"check path in [catalog.{request.role}]; it is relative to acorn.toml"
        )
    raise CatalogError(
        Problem(code="no_such_file", message=message, place=Place(file=path), hint=hint, params={"path": path})
    )


def read_bytes(request: CatalogRequest, path: str) -> tuple[bytes, datetime]:
    """Return a file's bytes and when it was last changed; raises ``CatalogError`` where it cannot be opened."""
    file = locate(request, path)
    try:
        changed = changed_at(file)
        return file.read_bytes(), changed
    except OSError as error:
        raise CatalogError(
            Problem(
                code="unreadable",
                message=f"the file cannot be opened: {error.strerror}; nothing was read",
                place=Place(file=path),
                hint="close it where it is open, and see that Acorn may read it",
            )
        ) from None


def changed_at(file: Path) -> datetime:
    """Return when a file was last changed: when its rows held true, for all that is known."""
    return datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
