"""Run the sandbox: until it is stopped, or in a thread beside tests and demos."""

from __future__ import annotations

import gc
import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import uvicorn

from acorn_engine.problems import AcornError, Problem
from acorn_sandbox import exact
from acorn_sandbox.app import TOKEN_PATH, Sandbox
from acorn_sandbox.clock import Timing
from acorn_sandbox.notifications import Notifications
from acorn_sandbox.seeds import plant, read_seed, small_catalogue
from acorn_sandbox.state import State
from acorn_sandbox.storage import Storage

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8642
Seed = Path | Iterable[Mapping[str, Any]]

_START_SECONDS: Final = 30.0


def run(
    *,
    port: int = DEFAULT_PORT,
    state: Path | None = None,
    seed: Seed | None = None,
    speed: float = 1.0,
    alive: bool = False,
    random_seed: int | None = None,
    announce: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve until stopped. ``announce`` is given the URL once the port is bound."""
    sandbox = open_sandbox(state, seed, Timing(speed=speed), alive=alive, random_seed=random_seed)
    listener = _listen(port)
    sandbox.base = _url(listener)
    # Listings are no cycles; looking for some among hundreds of thousands doubles the time of a feed.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    announce(sandbox.base)
    try:
        uvicorn.Server(_config(sandbox)).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
        sandbox.state.storage.close()


def open_sandbox(
    state: Path | None, seed: Seed | None, timing: Timing, *, alive: bool = False, random_seed: int | None = None
) -> Sandbox:
    """Return a sandbox over a state file or memory.

    The seed, or without one a small catalogue, is planted only where the state has no listings
    and no history: after a restart the state wins. ``alive`` lets things happen by themselves;
    ``random_seed`` is what these, and faults with a probability, are drawn from.
    """
    if timing.speed <= 0:
        raise AcornError(f"The speed must be above 0, not {timing.speed:g}.", code="sandbox_speed")
    storage = Storage(state)
    kept = State(storage, timing)
    sandbox = Sandbox(kept, alive=alive, random_seed=random_seed)
    if next(kept.all_listings(), None) is None and not len(sandbox.log):
        rows = small_catalogue() if seed is None else read_seed(seed) if isinstance(seed, Path) else seed
        try:
            plant(kept, rows)
        except BaseException:
            storage.close(keep=False)
            raise
    return sandbox


class SandboxServer:
    """A sandbox in a thread of this process, as a context manager."""

    def __init__(
        self,
        *,
        port: int = 0,
        state: Path | None = None,
        seed: Seed | None = None,
        speed: float = 1.0,
        timing: Timing | None = None,
        alive: bool = False,
        random_seed: int | None = None,
    ) -> None:
        self._port = port
        self._sandbox = open_sandbox(state, seed, timing or Timing(speed=speed), alive=alive, random_seed=random_seed)
        self._server = uvicorn.Server(_config(self._sandbox))
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address of every API."""
        return self._sandbox.base

    @property
    def auth_url(self) -> str:
        """The address of Login with Amazon."""
        return self.url + TOKEN_PATH

    @property
    def notifications(self) -> Notifications:
        """What Amazon would notify of the present state."""
        return self._sandbox.notifications

    def __enter__(self) -> Self:
        self._listener = _listen(self._port)
        self._sandbox.base = _url(self._listener)
        sockets = [self._listener]
        self._thread = threading.Thread(target=self._server.run, args=(sockets,), name="acorn-sandbox", daemon=True)
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(_START_SECONDS / 0.005)):
            if self._server.started:
                return self
            waited.wait(0.005)
        raise AcornError("The sandbox did not start.", code="sandbox_start")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        if self._listener is not None:
            self._listener.close()
        self._sandbox.state.storage.close()

    def truth(
        self, *, seller_id: str | None = None, marketplace_id: str | None = None, sku: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the listings as they stand, with exact numbers."""
        wanted = {"seller_id": seller_id, "marketplace_id": marketplace_id, "sku": sku}
        query = urlencode({key: value for key, value in wanted.items() if value is not None})
        return list(self._control("GET", f"/_sandbox/listings?{query}"))

    def log(self) -> list[dict[str, Any]]:
        """Return what was asked and answered, oldest first."""
        return list(self._control("GET", "/_sandbox/log"))

    def stage(self, what: str, *records: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Put ``feeds`` of another tool, ``orders``, ``competitors`` or ``steps`` on the stage; return what came of it."""
        return list(self._control("POST", f"/_sandbox/{what}", exact.dumps([dict(record) for record in records])))

    def add_faults(self, *faults: Mapping[str, Any]) -> None:
        """Let faults strike from now on."""
        self._control("POST", "/_sandbox/faults", exact.dumps([dict(fault) for fault in faults]))

    def clear_faults(self) -> None:
        """Let nothing strike any more."""
        self._control("DELETE", "/_sandbox/faults")

    def _control(self, method: str, path: str, body: str | None = None) -> Any:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            value = exact.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise AcornError(f"The sandbox refused: {value['errors'][0]['message']}", code="sandbox_control")
        return value


def _config(sandbox: Sandbox) -> uvicorn.Config:
    return uvicorn.Config(
        sandbox.application(),
        http=sandbox.connections.protocol(),
        loop="asyncio",
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=120,  # a connection closed under a request looks like a lost answer
    )


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited; else answers wait 40 ms
    try:
        listener.bind((HOST, port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        raise AcornError(
            Problem(
                code="sandbox_port",
                message=f"The sandbox cannot listen on {HOST}:{port}: {error}.",
                hint="Name another port, or --port 0 for a free one.",
            )
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"
