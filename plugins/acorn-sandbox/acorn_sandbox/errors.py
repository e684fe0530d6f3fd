"""Errors in the shape of Amazon's models: ``{"errors": [{code, message, details}]}``."""

from __future__ import annotations

from typing import Any, Final

UNAUTHORIZED: Final = "Access to requested resource is denied."


class ApiError(Exception):
    """An answer other than success; ``status`` is the HTTP status."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    @property
    def body(self) -> dict[str, Any]:
        """The answer's body."""
        return {"errors": [{"code": self.code, "message": self.message, "details": self.details}]}


def invalid(message: str, details: str = "") -> ApiError:
    """Return a 400: the request is outside the model."""
    return ApiError(400, "InvalidInput", message, details)


def not_found(message: str) -> ApiError:
    """Return a 404."""
    return ApiError(404, "NotFound", message)


def unauthorized(details: str) -> ApiError:
    """Return a 403: no token, an expired one, or another seller's."""
    return ApiError(403, "Unauthorized", UNAUTHORIZED, details)


def quota_exceeded() -> ApiError:
    """Return a 429."""
    return ApiError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
