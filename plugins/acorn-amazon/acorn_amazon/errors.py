"""Amazon's refusals as ``MarketplaceError``: code, status, request id, cause, what to do next.

No text built here holds a secret: what Amazon sends back is cleaned before it is shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from acorn_amazon import exact_json
from acorn_amazon.remedies import UNREADABLE, Remedy, remedy_of
from acorn_engine.marketplace import MarketplaceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LONGEST_REMOTE_TEXT: Final = 500
_TOKEN_SHAPES: Final = re.compile(
    r"Atz[a-z]\|[^\s\"']+|amzn1\.oa2-cs\.[^\s\"']+|X-Amz-[\w-]+=[^\s&\"']+", re.IGNORECASE
)


class AmazonError(MarketplaceError):
    """A call that Amazon refused. The text, ``cause`` and ``amazon_code`` hold no secret.

    ``cause`` is finer than ``code``, and as stable: ``client_secret``, ``authorisation``,
    ``registration``, ``access_token``, ``role``, ``quota``, ``content``, ``absent``, ``size``,
    ``format``, ``edge``, ``endpoint``, ``address``, ``timeout``, ``outage``, ``answer``, and of reports
    ``no_data``, ``report_failed``, ``waiting``. ``amazon_code`` is what
    Amazon itself calls it. ``remedy`` and ``who`` say what helps and who can do it.
    """

    cause: str
    amazon_code: str | None

    def __init__(
        self,
        message: str,
        *,
        remedy: Remedy,
        amazon_code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(
            message,
            code=remedy.code,
            status=status,
            request_id=request_id,
            retryable=remedy.retryable,
            retry_after=retry_after,
            who=remedy.who,
            remedy=remedy.text,
        )
        self.cause = remedy.cause
        self.amazon_code = amazon_code


class Cleaner:
    """Takes secrets out of text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Return ``text`` without secrets, markup and line breaks, cut to 500 characters."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = _TOKEN_SHAPES.sub("***", text)
        if "<" in text:
            text = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", text)
        text = " ".join(text.split())
        return text if len(text) <= _LONGEST_REMOTE_TEXT else text[:_LONGEST_REMOTE_TEXT] + "…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of ``Retry-After``; ``None`` where absent or not a number of seconds."""
    value = headers.get("Retry-After", "").strip()
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value) else None


def _said(body: bytes, cleaner: Cleaner) -> tuple[str | None, str]:
    """Return Amazon's own code, if any, and its words: JSON of either shape, HTML, text or none."""
    try:
        data = exact_json.loads(body)
    except ValueError:
        return None, cleaner.clean(body.decode("utf-8", "replace"))
    # Listings Restrictions answers with the bare list.
    errors = data.get("errors") if isinstance(data, dict) else data
    if isinstance(errors, list) and errors:
        found = [error for error in errors if isinstance(error, dict)]
        words = [str(error[key]).rstrip(". ") for error in found for key in ("message", "details") if error.get(key)]
        code = next((str(error["code"]) for error in found if error.get("code")), None)
        return code and cleaner.clean(code), cleaner.clean(". ".join(words))
    if isinstance(data, dict) and data.get("error"):
        return cleaner.clean(str(data["error"])), cleaner.clean(str(data.get("error_description") or ""))
    return None, cleaner.clean(body.decode("utf-8", "replace"))


def refusal(operation: str, status: int, headers: Mapping[str, str], body: bytes, cleaner: Cleaner) -> AmazonError:
    """Return the error for an answer that is not a success, whatever its shape."""
    theirs, words = _said(body, cleaner)
    remedy = remedy_of(operation, status, theirs, words)
    request_id = headers.get("x-amzn-RequestId")
    label = f" {theirs}" if theirs else ""
    said = f": {words.rstrip('.')}." if words else "."
    reference = f" Request id {cleaner.clean(request_id)}." if request_id else ""
    return AmazonError(
        f"{operation}: Amazon answered {status}{label}{said} {remedy.text}{reference}",
        remedy=remedy,
        amazon_code=theirs,
        status=status,
        request_id=request_id,
        retry_after=retry_after(headers),
    )


def unreadable(operation: str, what: str, status: int, headers: Mapping[str, str]) -> AmazonError:
    """Return the error for a success whose content makes no sense."""
    request_id = headers.get("x-amzn-RequestId")
    reference = f" Request id {request_id}." if request_id else ""
    return AmazonError(
        f"{operation}: Amazon answered {status}, but {what}. Try again later.{reference}",
        remedy=UNREADABLE,
        status=status,
        request_id=request_id,
    )


def member(data: Any, key: str, kind: type, operation: str) -> Any:
    """Return a member that Amazon's model requires, or raise ``MarketplaceError``."""
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, kind):
        raise unreadable(operation, f"its answer has no usable '{key}'", 200, {})
    return value
