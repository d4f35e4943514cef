"""Serves the dashboard's files. A fixed table: no part of a request becomes a path."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

TYPES: Final[dict[str, str]] = {
    "index.html": "text/html; charset=utf-8",
    "dashboard.css": "text/css; charset=utf-8",
    "dashboard.js": "text/javascript; charset=utf-8",
    "draw.js": "text/javascript; charset=utf-8",
    "sources.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""File → media type: all there is."""

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
}
"""The pages run their own script and nothing else; what agents wrote is shown as text."""

router = APIRouter(include_in_schema=False)


@cache
def content(name: str) -> bytes:
    """A file of the dashboard."""
    return (resources.files("backend.dashboard") / "static" / name).read_bytes()


def _serve(name: str) -> Response:
    return Response(content(name), media_type=TYPES[name], headers=HEADERS)


@router.get("/")
def show_dashboard() -> Response:
    """The one page; what it shows stands behind the `#` of its address."""
    return _serve("index.html")


def _add(name: str) -> None:
    @router.get(f"/dashboard/{name}", name=name)
    def show_file(_request: Request) -> Response:
        return _serve(name)


for _name in TYPES:
    _add(_name)
