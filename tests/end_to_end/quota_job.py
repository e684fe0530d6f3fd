"""A process that asks the sandbox for as much as Acorn's quotas allow; started by ``test_shared_quotas``.

Usage: quota_job.py DATABASE URL AUTH_URL PROJECT SECONDS. Says that it is ready, waits for a line, and prints how
often it called what, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from threading import Thread

from sandbox_world import DE, RULES, SECRETS

from acorn_engine import Engine
from acorn_engine.marketplace import Account, MarketplaceError

PATCH = json.dumps(
    {
        "sku": "A",
        "operationType": "PATCH",
        "productType": "LUGGAGE",
        "patches": [{"op": "replace", "path": "/attributes/brand", "value": [{"value": "Eichhorn"}]}],
    }
)


def main(database: str, url: str, auth_url: str, project: str, seconds: str) -> None:
    mine = {
        "marketplace": "amazon",
        "seller_id": "A2EXAMPLE",
        "sites": ["amazon.de"],
        "endpoint": url,
        "auth_endpoint": auth_url,
    }
    settings = {
        "project": {"name": project, "database": database},
        "sites": {"amazon.de": ["base.yaml"]},
        "accounts": {"eu": mine},
        "amazon": {"longest_wait_seconds": 2},
    }
    counts = {"patch": 0, "poll": 0, "feed": 0}
    with Engine.open(settings, rules={"base.yaml": RULES}, credentials=lambda account: SECRETS) as engine:
        connection = engine._context.connect(Account(**{**mine, "name": "eu", "sites": ("amazon.de",)}))
        document = connection.upload(b'{"header":{}}')
        connection.recent(DE, datetime.now(UTC) - timedelta(minutes=1))
        print("ready", flush=True)
        sys.stdin.readline()
        end = time.monotonic() + float(seconds)

        def ask(what, call):
            while time.monotonic() < end:
                try:
                    call()
                except MarketplaceError as error:
                    if error.code == "throttled":
                        time.sleep(min(error.retry_after, max(end - time.monotonic(), 0)))
                        continue
                    if error.code != "not_found":
                        raise
                counts[what] += 1

        def feed():
            connection.submit(DE, document)

        threads = [
            Thread(target=ask, args=("patch", lambda: connection.patch(DE, "A", PATCH))),
            Thread(target=ask, args=("poll", lambda: connection.poll("1"))),
            Thread(target=ask, args=("feed", feed)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(json.dumps(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
