"""One shape for every refusal: {"error": {"code", "message"}}."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from backend import errors
from backend.api.context import NotModified
from backend.api.schemas.common import ErrorBody
from chain.errors import AssayError, RpcError

logger = logging.getLogger(__name__)

STATUS: Final[dict[type[AssayError], int]] = {
    errors.QueryInvalid: 422,
    errors.QueryMissing: 404,
    errors.ArtifactUnavailable: 503,
    errors.ArtifactMissing: 404,
    errors.ArtifactSealed: 409,
    errors.ArtifactConflict: 409,
    errors.ArtifactForbidden: 403,
    errors.ArtifactInvalid: 422,
    errors.ArtifactTooLarge: 413,
    errors.ArtifactUnfetched: 502,
    errors.ArtifactTooSlow: 408,
    errors.ArtifactNoSpace: 507,
    errors.IndexEmpty: 503,
    errors.StoreUnavailable: 503,
    errors.NonceOccupied: 503,
    errors.WriteForbidden: 403,
    errors.RelayRefused: 409,
    errors.RateLimited: 429,
    RpcError: 503,
}
"""HTTP status of each error; of its nearest ancestor where it has none; else 500."""

RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": ErrorBody, "description": "Nothing has that name."},
    422: {"model": ErrorBody, "description": "An id, hash, filter or cursor cannot be read."},
    429: {"model": ErrorBody, "description": "Too many requests: `Retry-After` says when again."},
    503: {"model": ErrorBody, "description": "The index or the chain cannot answer now."},
}

_INTERNAL: Final = "Something went wrong inside the server; its log says what."


def refusal(status: int, code: str, message: str) -> JSONResponse:
    """The canonical body."""
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def code_of(error: type[Exception]) -> str:
    """`QueryMissing` → `query_missing`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", error.__name__).lower()


def status_of(error: type[Exception]) -> int:
    """By the nearest class of the table."""
    return next((STATUS[cls] for cls in error.__mro__ if cls in STATUS), 500)


def install(app: FastAPI) -> None:
    """Makes every error of the app answer in the canonical shape."""

    @app.exception_handler(AssayError)
    def ours(request: Request, error: AssayError) -> Response:
        status = status_of(type(error))
        if status == 500:
            logger.error("%s", error)
            return refusal(500, "internal", _INTERNAL)
        answer = refusal(status, code_of(type(error)), str(error))
        if request.method == "POST":
            # What is left of a refused body, endless perhaps, is not read to its end.
            answer.headers["Connection"] = "close"
        return answer

    @app.exception_handler(NotModified)
    def unchanged(_request: Request, answer: NotModified) -> Response:
        return Response(status_code=304, headers={"ETag": answer.etag, "Cache-Control": "no-cache"})

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        name = str(first["loc"][-1]) if first["loc"] else "request"
        return refusal(422, "query_invalid", f"The parameter {name!r} is wrong: {first['msg']}.")

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        sentences = {
            404: ("not_found", f"There is nothing at {request.url.path}: see /openapi.json."),
            405: ("method_not_allowed", f"{request.url.path} does not take {request.method}."),
        }
        code, message = sentences.get(error.status_code, ("http_error", f"{error.detail}"))
        answer = refusal(error.status_code, code, message)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    def unexpected(_request: Request, _error: Exception) -> Response:
        # Starlette raises it again after this answer, so the server's log has the traceback.
        return refusal(500, "internal", _INTERNAL)
