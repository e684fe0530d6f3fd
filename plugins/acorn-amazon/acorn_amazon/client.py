"""Calls of the Selling Partner API for one account: token, quota, errors, retries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import stamina

from acorn_amazon import exact_json
from acorn_amazon.errors import Cleaner, member, refusal, unreadable
from acorn_amazon.operations import OPERATIONS, Operation
from acorn_amazon.transport import Answer
from acorn_engine.marketplace import MarketplaceError, UnansweredError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acorn_amazon.auth import AccessTokens
    from acorn_amazon.quotas import Quotas
    from acorn_amazon.settings import AmazonSettings
    from acorn_amazon.transport import Transport

Result = TypeVar("Result")

_LONGEST_PAUSE: Final = 30.0
_LOST: Final = (
    "{what}: the request was sent, but Amazon's answer was lost ({cause}). It may or may not have taken effect: "
    "it is not sent again before what Amazon has was looked up."
)


def _one(value: str) -> str:
    return quote(value, safe="")


def query_text(query: Mapping[str, str | Sequence[str]]) -> str:
    """Return a query string; lists are joined by commas, everything else is escaped."""
    parts = []
    for name, value in query.items():
        values = [value] if isinstance(value, str) else value
        parts.append(f"{name}={','.join(_one(item) for item in values)}")
    return "&".join(parts)


@dataclass(frozen=True, slots=True)
class Client:
    """One account's API. Thread-safe."""

    endpoint: str
    transport: Transport
    tokens: AccessTokens
    quotas: Quotas
    settings: AmazonSettings

    @property
    def cleaner(self) -> Cleaner:
        """What takes this account's secrets out of text."""
        return self.tokens.cleaner

    def patient(self, seconds: float) -> Client:
        """Return the same client for bulk reading: it waits up to ``seconds`` for a quota inside a call."""
        longest = max(seconds, self.settings.longest_wait_seconds)
        return replace(self, settings=self.settings.model_copy(update={"longest_wait_seconds": longest}))

    def grantless(self, scope: str) -> Client:
        """Return a client of the application itself, for operations that no seller authorises.

        ``scope`` is one of ``acorn_amazon.login.SCOPES``. Keep the client: it keeps its token.
        """
        return replace(self, tokens=self.tokens.grantless(scope))

    def call(
        self,
        name: str | Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: str | None = None,
        require: str | None = None,
    ) -> Any:
        """Call an operation and return its JSON answer, read exactly.

        ``path`` and ``query`` are escaped here; ``body`` is JSON text; ``require`` names a text
        member without which the answer says nothing. Operations that change nothing are tried
        again after lost answers, 429 and 5xx. One that changes something is never tried again,
        and a lost answer, a 5xx or an unreadable one is an ``UnansweredError``. The answer of a
        ``silent`` operation is ``None``.
        """
        operation = OPERATIONS[name] if isinstance(name, str) else name
        if operation.changes:
            return self._changing(operation, path, query, body, require)
        return self.retry(lambda: self.once(name, path=path, query=query, body=body, require=require))

    def once(
        self,
        name: str | Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: str | None = None,
        require: str | None = None,
    ) -> Any:
        """Call an operation like ``call``, a single time; for use inside ``retry``."""
        operation = OPERATIONS[name] if isinstance(name, str) else name
        answer = self._send(operation, path, query, body)
        if not 200 <= answer.status < 300:
            raise refusal(operation.name, answer.status, answer.headers, answer.body, self.cleaner)
        if operation.silent:
            return None
        try:
            data = exact_json.loads(answer.body)
        except ValueError:
            raise unreadable(operation.name, "its answer is not JSON", answer.status, answer.headers) from None
        if require is not None:
            member(data, require, str, operation.name)
        return data

    def retry(self, attempt: Callable[[], Result]) -> Result:
        """Run something that is safe to repeat until it succeeds or the attempts are used up."""
        pause = self.settings.first_pause_seconds
        try:
            for context in stamina.retry_context(
                on=self._backoff,
                attempts=self.settings.attempts,
                timeout=None,
                wait_initial=pause,
                wait_max=_LONGEST_PAUSE,
                wait_jitter=pause,
            ):
                with context:
                    return attempt()
        except UnansweredError as error:
            # Nothing was changed, so a lost answer is no more than a call that failed.
            raise MarketplaceError(
                f"{error} Try again later.", code="unreachable", retryable=True, who="time", remedy="Try again later."
            ) from None
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _backoff(self, error: Exception) -> bool | float:
        if not isinstance(error, MarketplaceError) or not error.retryable:
            return False
        if error.retry_after is None:
            return True
        # A longer wait is handed back: the caller has other things to do meanwhile.
        return error.retry_after if error.retry_after <= self.settings.longest_wait_seconds else False

    def _changing(
        self,
        operation: Operation,
        path: Mapping[str, str] | None,
        query: Mapping[str, str | Sequence[str]] | None,
        body: str | None,
        require: str | None,
    ) -> Any:
        # A token that cannot be had means that nothing was sent, and renewing it is safe to repeat.
        self.retry(lambda: self._token(operation))
        try:
            return self.once(operation, path=path, query=query, body=body, require=require)
        except MarketplaceError as error:
            lost = isinstance(error, UnansweredError) or error.code in {"server", "timeout", "too_large"}
            if not lost or error.status == 413:
                raise
            cause = f"status {error.status}" if error.status else "the connection broke"
            raise UnansweredError(
                _LOST.format(what=operation.name, cause=cause),
                code="unanswered",
                status=error.status,
                request_id=error.request_id,
                who="time",
                remedy="Look up what Amazon has before it is sent again.",
            ) from error

    def _send(
        self,
        operation: Operation,
        path: Mapping[str, str] | None,
        query: Mapping[str, str | Sequence[str]] | None,
        body: str | None,
    ) -> Answer:
        url = self.endpoint + operation.path.format(**{key: _one(value) for key, value in (path or {}).items()})
        if query:
            url = f"{url}?{query_text(query)}"
        content = None if body is None else body.encode()
        token = self._token(operation)
        answer = self._exchange(operation, url, content, token)
        if answer.status in {401, 403}:
            # Refused before anything happened: an expired token is renewed once.
            self.tokens.forget(token)
            answer = self._exchange(operation, url, content, self._token(operation))
        return answer

    def _token(self, operation: Operation) -> str:
        try:
            return self.tokens.get()
        except UnansweredError as error:
            raise MarketplaceError(
                f"{operation.name} was not sent: {error}",
                code="unreachable",
                retryable=True,
                who="time",
                remedy="Try again later.",
            ) from None
        except MarketplaceError as error:
            if error.code == "unauthorized":
                raise
            # Whatever else the login says is no verdict on the operation: nothing was sent.
            raise MarketplaceError(
                f"{operation.name} was not sent: {error}",
                code="unreachable",
                status=error.status,
                retryable=True,
                retry_after=error.retry_after,
                who=error.who,
                remedy=error.remedy,
            ) from None

    def _exchange(self, operation: Operation, url: str, content: bytes | None, token: str) -> Answer:
        self.quotas.acquire(operation, self.settings.longest_wait_seconds)
        headers = {"x-amz-access-token": token, "accept": "application/json"}
        if content is not None:
            headers["content-type"] = "application/json"
        answer = self.transport.exchange(operation.name, operation.method, url, headers=headers, content=content)
        self.quotas.learn(operation, answer.headers)
        if answer.status == 429:
            self.quotas.drain(operation)
        return answer
