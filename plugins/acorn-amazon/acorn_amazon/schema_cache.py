"""Schema documents kept by their checksum: in memory up to a bound, or in a folder."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import tempfile
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

_MEGABYTE: Final = 1024 * 1024
_LARGEST: Final = 64 * _MEGABYTE
_MD5_BYTES: Final = 16


def matches(document: bytes, checksum: str) -> bool:
    """Say whether ``checksum`` is the document's MD5, in base64 as Amazon writes it, or in hexadecimal."""
    digest = hashlib.md5(document, usedforsecurity=False).digest()
    if checksum.lower() == digest.hex():
        return True
    try:
        told = base64.b64decode(checksum, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(told) == _MD5_BYTES and told == digest


class SchemaCache(Protocol):
    """Keeps documents by their checksum. Thread-safe."""

    def get(self, checksum: str) -> bytes | None:
        """Return a document that was kept, or ``None``."""
        ...

    def keep(self, checksum: str, document: bytes) -> None:
        """Keep a document; it may be dropped at any time."""
        ...


class MemoryCache:
    """Keeps documents in memory, at most ``largest`` bytes; those used longest ago go first."""

    def __init__(self, largest: int = _LARGEST) -> None:
        self._largest = largest
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, checksum: str) -> bytes | None:
        """Return a document that was kept, or ``None``."""
        with self._lock:
            document = self._kept.get(checksum)
            if document is not None:
                self._kept.move_to_end(checksum)
            return document

    def keep(self, checksum: str, document: bytes) -> None:
        """Keep a document, unless it is larger than all the room."""
        if len(document) > self._largest:
            return
        with self._lock:
            self._size += len(document) - len(self._kept.pop(checksum, b""))
            self._kept[checksum] = document
            while self._size > self._largest:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped)


class FolderCache:
    """Keeps documents as files of one folder, for good; processes may share it.

    A file that is damaged counts as absent. The folder's owner deletes what is old: every file can
    be fetched again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, checksum: str) -> Path:
        # The checksum is Amazon's text, and base64 may hold slashes.
        return self._folder / f"{hashlib.sha256(checksum.encode()).hexdigest()}.json"

    def get(self, checksum: str) -> bytes | None:
        """Return a document that was kept whole, or ``None``."""
        try:
            document = self._path(checksum).read_bytes()
        except OSError:
            return None
        return document if matches(document, checksum) else None

    def keep(self, checksum: str, document: bytes) -> None:
        """Keep a document. Raises ``OSError`` where the folder cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(document)
            Path(name).replace(self._path(checksum))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
