"""The command ``acorn sandbox``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def sandbox(
    *,
    port: int = 8642,
    state: Path | None = None,
    seed: Path | None = None,
    speed: float = 1.0,
    alive: Annotated[bool, Parameter(negative="")] = False,
    random_seed: int | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Run a stateful Selling Partner API on this machine, for trying things out.

    Any client id and secret will do; a refresh token is Atzr|<seller_id>. Stop it with Ctrl-C.

    Parameters
    ----------
    port
        The port on 127.0.0.1; 0 takes a free one.
    state
        A file that keeps everything across restarts.
    seed
        A file of JSON lines {seller_id, marketplace_id, sku, product_type, attributes}: the listings to start
        with, unless the state file has some already.
    speed
        How many times faster than Amazon queues, expiries, delays and quotas run.
    alive
        Let orders come in, stock and competitors move, and another tool send feeds.
    random_seed
        What is left to chance is drawn from this number: equal requests then see an equal world.
    as_json
        Print the address as JSON.
    """
    from acorn_sandbox import exact
    from acorn_sandbox.app import TOKEN_PATH
    from acorn_sandbox.server import run

    def announce(url: str) -> None:
        line = exact.dumps({"url": url, "auth_url": url + TOKEN_PATH}) if as_json else f"sandbox listening on {url}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    run(port=port, state=state, seed=seed, speed=speed, alive=alive, random_seed=random_seed, announce=announce)
