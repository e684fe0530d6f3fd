"""The HTTP side: one request in, one answer out, for every path of the sandbox.

The order is Amazon's: path, token, quota, model, then the operation itself. Everything runs on
the server's event loop, one request at a time, so that the state needs no lock.
"""

from __future__ import annotations

import logging
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from acorn_sandbox import faults as fault_kinds
from acorn_sandbox.alive import Alive
from acorn_sandbox.calls import Answer, Call, Handler
from acorn_sandbox.control import PREFIX, Control
from acorn_sandbox.definitions import Definitions
from acorn_sandbox.errors import ApiError, invalid, not_found
from acorn_sandbox.exchange import Exchange, NoAnswer, decimal_text, json_answer, raw_path
from acorn_sandbox.faults import Faults
from acorn_sandbox.feeds import Feeds
from acorn_sandbox.fees import Fees
from acorn_sandbox.inventory import Inventory
from acorn_sandbox.links import PATH, LinkError, Links
from acorn_sandbox.listings import Listings
from acorn_sandbox.log import Log
from acorn_sandbox.notifications import Notifications
from acorn_sandbox.operations import Operation, match
from acorn_sandbox.orders import Orders
from acorn_sandbox.pricing import Pricing
from acorn_sandbox.pricing_v0 import PricingV0
from acorn_sandbox.queues import Queues
from acorn_sandbox.quotas import Quotas
from acorn_sandbox.reports import Reports
from acorn_sandbox.restrictions import Restrictions
from acorn_sandbox.retention import Retention
from acorn_sandbox.sellers import Sellers
from acorn_sandbox.staging import Staging
from acorn_sandbox.state import State
from acorn_sandbox.striking import Striker
from acorn_sandbox.tokens import LwaError, Tokens
from acorn_sandbox.transport import Connections

TOKEN_PATH: Final = "/auth/o2/token"  # noqa: S105
TOKEN: Final = fault_kinds.TOKEN
UPLOAD: Final = "uploadDocument"
DOWNLOAD: Final = "downloadDocument"
"""What the log and faults call the requests that are no operation of a model."""

_LARGEST_BODY: Final = 10 * 1024 * 1024
_LONGEST_AGENT: Final = 500


class Sandbox:
    """All services over one state. ``base`` is the server's own URL, set once it listens."""

    def __init__(self, state: State, *, alive: bool = False, random_seed: int | None = None) -> None:
        self.state = state
        self.base = ""
        self.connections = Connections()
        self.faults = Faults(random_seed, state.storage)
        self.log = Log(state.storage)
        self._tokens = Tokens(state)
        self._striker = Striker(state, self.faults, self._tokens)
        self._quotas = Quotas(state.timing, state.storage)
        self._queues = Queues(state)
        self._alive = Alive(state, self._queues, running=alive, seed=random_seed or 0)
        self._retention = Retention(state)
        self._links = Links(state)
        self._reports = Reports(state, self.faults, self._links)
        self.notifications = Notifications(state, self._reports)
        self._control = Control(state, self.faults, self.log, Staging(state, self._queues, self._alive))
        self._handlers: dict[str, Handler] = {
            **Feeds(state, self._queues, self._quotas, self.faults, self._links).handlers,
            **Listings(state, self.faults).handlers,
            **Sellers(state).handlers,
            **Definitions(state, self._links).handlers,
            **self._reports.handlers,
            **Inventory(state).handlers,
            **Orders(state).handlers,
            **Pricing(state).handlers,
            **PricingV0(state).handlers,
            **Fees(state).handlers,
            **Restrictions(state).handlers,
        }

    def application(self) -> Starlette:
        """Return the ASGI application."""
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        return Starlette(routes=[Route("/{path:path}", self.answer, methods=methods)])

    async def answer(self, request: Request) -> Response:
        """Answer any request."""
        # The client is not late for what takes its time from here on: a large body, feeds to be processed.
        exchange = Exchange(request, self.state.now())
        content = await request.body()
        path = request.scope["path"]
        try:
            self._alive.advance()
            self._queues.advance()
            self._reports.advance()
            self._retention.sweep()
            if path.startswith(PREFIX):
                return self._controlled(exchange, content)
            if path == TOKEN_PATH:
                response = await self._granted(exchange, content)
            elif path.startswith(PATH):
                response = await self._document(exchange, content)
            else:
                response = await self._operated(exchange, content)
            return await self._ended(exchange, response)
        except Exception:
            # A fault of the sandbox's own is told apart from the faults that it plays.
            logging.getLogger(__name__).exception("The sandbox failed at %s", exchange.operation)
            body = ApiError(500, "InternalFailure", "The sandbox itself failed; see its log.").body
            return json_answer(500, body, exchange.headers)
        finally:
            self.state.storage.commit()

    def _controlled(self, exchange: Exchange, content: bytes) -> Response:
        request = exchange.request
        try:
            answer = self._control.answer(request.method, request.scope["path"], request.url.query, content)
        except ApiError as error:
            answer = Answer(error.status, error.body)
        return json_answer(answer.status, answer.body, exchange.headers)

    async def _granted(self, exchange: Exchange, content: bytes) -> Response:
        exchange.operation = TOKEN
        request = exchange.request
        exchange.headers |= {"cache-control": "no-store", "pragma": "no-cache"}
        try:
            content_type = request.headers.get("content-type", "")
            exchange.account, body = self._tokens.grant(request.method, content, content_type)
            response = await self._striker.struck(exchange)
        except LwaError as error:
            return json_answer(error.status, error.body, exchange.headers)
        except ApiError as error:
            denied = exchange.fault is not None and exchange.fault.kind == "403"
            words = {
                403: "unauthorized_client" if denied else "invalid_grant",
                429: "slow_down",
                503: "temporarily_unavailable",
            }
            status = 400 if error.status == 403 else error.status
            shape = {"error": words.get(error.status, "server_error"), "error_description": error.message}
            return json_answer(status, shape, exchange.headers)
        return response or json_answer(200, body, exchange.headers)

    async def _document(self, exchange: Exchange, content: bytes) -> Response:
        request = exchange.request
        identifier = request.scope["path"].removeprefix(PATH)
        exchange.operation = UPLOAD if request.method == "PUT" else DOWNLOAD
        document = self.state.documents.get(identifier)
        exchange.account = document.seller_id if document else None
        try:
            response = await self._striker.struck(exchange)
            return response or self._linked(exchange, identifier, content)
        except LinkError as error:
            return Response(error.body, error.status, exchange.headers, "application/xml")
        except ApiError as error:
            body = LinkError(error.status, error.code, error.message).body
            return Response(body, error.status, exchange.headers, "application/xml")

    def _linked(self, exchange: Exchange, identifier: str, content: bytes) -> Response:
        request = exchange.request
        query, headers = request.url.query, dict(request.headers)
        if self.faults.strike(exchange.operation, fault_kinds.LINK, exchange.account):
            raise LinkError(403, "AccessDenied", "Request has expired")
        if request.method == "PUT":
            self._links.put(identifier, query, headers, content, exchange.arrived)
            return Response(status_code=200, headers=exchange.headers)
        if request.method != "GET":
            raise LinkError(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        found = self._links.get(identifier, query, headers, exchange.arrived)
        return Response(found.content, headers=exchange.headers | found.headers)

    async def _operated(self, exchange: Exchange, content: bytes) -> Response:
        request = exchange.request
        operation, path = match(request.method, raw_path(request))
        if operation is not None:
            exchange.operation = operation.name
        try:
            if operation is None:
                raise not_found(f"No operation answers {request.method} {request.scope['path']}.")
            return await self._called(exchange, operation, path, content)
        except ApiError as error:
            if operation is not None and error.status in operation.limited and exchange.limit:
                exchange.headers["x-amzn-RateLimit-Limit"] = exchange.limit
            body = error.body if operation is None else operation.error_body(error)
            return json_answer(error.status, body, exchange.headers | {"x-amzn-ErrorType": error.code})

    async def _called(self, exchange: Exchange, operation: Operation, path: dict[str, str], content: bytes) -> Response:
        request = exchange.request
        exchange.limit = decimal_text(self._quotas.rate(operation))
        if not 0 < len(request.headers.get("user-agent", "")) <= _LONGEST_AGENT:
            raise invalid("The User-Agent header is missing or longer than 500 characters.")
        token = request.headers.get("x-amz-access-token")
        exchange.account = self._tokens.seller_of(token, exchange.arrived)
        response = await self._striker.struck(exchange, token)
        if response is not None:
            return response
        self._quotas.take(exchange.account, operation)
        if len(content) > _LARGEST_BODY:
            text = "The request size exceeded the maximum accepted size."
            raise ApiError(413, "RequestTooLarge", text) if 413 in operation.statuses else invalid(text)
        query = operation.query(request.query_params.multi_items())
        body = operation.read_body(content, request.headers.get("content-type", ""))
        given = frozenset(request.query_params.keys() & operation.parameters.keys())
        answer = self._handlers[operation.name](Call(exchange.account, path, query, body, self.base, given))
        exchange.headers["x-amzn-RateLimit-Limit"] = exchange.limit
        return json_answer(answer.status, answer.body, exchange.headers)

    async def _ended(self, exchange: Exchange, response: Response) -> Response:
        """Note the answer, or lose it."""
        unanswered = isinstance(response, NoAnswer)
        lost = None if unanswered else self.faults.strike(exchange.operation, fault_kinds.AFTER, exchange.account)
        fault = lost or exchange.fault
        status = 0 if unanswered else response.status_code
        self.log.add(exchange.operation, exchange.account, status, self.state.now(), fault.kind if fault else None)
        if not unanswered and lost is None:
            return response
        self.state.storage.commit()
        reset = exchange.fault is not None and exchange.fault.kind == "reset"
        await self.connections.drop(exchange.request.client, reset=reset)
        return NoAnswer()
