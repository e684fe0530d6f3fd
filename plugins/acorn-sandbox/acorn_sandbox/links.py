"""Presigned URLs for documents, as of S3: signed, expiring, bound to a method and a content type."""

from __future__ import annotations

import gzip
import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from acorn_sandbox.state import State

PATH: Final = "/documents/"


class LinkError(Exception):
    """An answer in S3's shape; ``code`` is S3's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
        )


@dataclass(frozen=True)
class Download:
    """What a GET of a presigned URL answers."""

    content: bytes
    headers: dict[str, str]


class Links:
    """Makes presigned URLs and honours them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._key = state.secret("links")

    def make(
        self,
        base: str,
        method: str,
        document_id: str,
        options: str = "",
        *,
        expired: bool = False,
        seconds: float | None = None,
    ) -> str:
        """Return a URL on which a document can be put or got for a while: ``seconds``, or as long as Amazon's live.

        ``options`` are words that the URL carries: ``gzip`` for a Content-Encoding header,
        ``truncated`` for a body that breaks off.
        """
        lives = self._state.timing.link_seconds if seconds is None else seconds
        expires = f"{self._state.now() + (-1 if expired else lives):.3f}"
        query = {"Expires": expires, "Options": options, "Signature": self._sign(method, document_id, expires, options)}
        return f"{base}{PATH}{document_id}?{urlencode(query)}"

    def put(self, document_id: str, query: str, headers: dict[str, str], content: bytes, at: float) -> None:
        """Take an upload; the URL is judged at an instant. Raises ``LinkError``."""
        self._check("PUT", document_id, query, headers, at)
        document = self._state.documents[document_id]
        if headers.get("content-type") != document.content_type:
            text = (
                "The request signature we calculated does not match the signature you provided: "
                "the Content-Type differs from the one the document was created with."
            )
            raise LinkError(403, "SignatureDoesNotMatch", text)
        self._state.put_document(document, content)

    def get(self, document_id: str, query: str, headers: dict[str, str], at: float) -> Download:
        """Answer a download; the URL is judged at an instant. Raises ``LinkError``."""
        options = self._check("GET", document_id, query, headers, at)
        document = self._state.documents[document_id]
        content = self._state.content(document_id)
        if content is None:
            raise LinkError(404, "NoSuchKey", "The specified key does not exist.")
        if "truncated" in options:
            content = content[: len(content) // 2]
        answer = {"content-type": document.content_type}
        if document.report:
            content = gzip.compress(content, compresslevel=1, mtime=0)
            if "gzip" in options:
                answer["content-encoding"] = "gzip"
        return Download(content, answer)

    def _check(self, method: str, document_id: str, query: str, headers: dict[str, str], at: float) -> str:
        values = dict(parse_qsl(query, keep_blank_values=True))
        expires, options = values.get("Expires", ""), values.get("Options", "")
        signature = self._sign(method, document_id, expires, options)
        if document_id not in self._state.documents or not hmac.compare_digest(signature, values.get("Signature", "")):
            raise LinkError(403, "SignatureDoesNotMatch", "The request signature does not match.")
        if "authorization" in headers or "x-amz-access-token" in headers:
            raise LinkError(400, "InvalidArgument", "Only one auth mechanism allowed.")
        if float(expires) <= at:
            raise LinkError(403, "AccessDenied", "Request has expired")
        return options

    def _sign(self, method: str, document_id: str, expires: str, options: str) -> str:
        text = f"{method}\n{document_id}\n{expires}\n{options}"
        return hmac.digest(self._key, text.encode(), "sha256").hex()
