"""The dashboard's files: served whole, from a fixed table, asking nobody else."""

from __future__ import annotations

import re

import pytest

from backend.dashboard.pages import TYPES, content
from tests.support.asgi import AsgiClient

pytestmark = pytest.mark.unit

OUTSIDE = re.compile(rb"(https?:)?//(?!www\.w3\.org/2000/svg)[a-z0-9-]+\.", re.I)


def test_dashboard__when_asked_for__then_the_page_may_run_its_own_script_only(
    client: AsgiClient,
) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("name", sorted(TYPES))
def test_dashboard__when_a_file_is_asked_for__then_served_and_leads_nowhere_else(
    client: AsgiClient, name: str
) -> None:
    answer = client.get(f"/dashboard/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES[name]
    assert answer.content == content(name)
    assert not OUTSIDE.search(content(name))


@pytest.mark.parametrize("name", ["..%2fpages.py", "../pages.py", "pages.py", "%00", ""])
def test_dashboard__when_asked_for_anything_else__then_nothing(
    client: AsgiClient, name: str
) -> None:
    assert client.get(f"/dashboard/{name}").status_code == 404


def test_dashboard__then_what_people_wrote_never_becomes_markup() -> None:
    for name in ("dashboard.js", "draw.js", "sources.js"):
        code = content(name).decode()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", code)


def test_dashboard__then_the_script_asks_only_for_paths_that_the_api_has(
    client: AsgiClient,
) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    patterns = [re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "$") for path in paths]
    scripts = "\n".join(content(name).decode() for name in ("dashboard.js", "sources.js"))
    asked = set(re.findall(r"[`\"](/(?:v1/[^`\"?]*|ready|status))", scripts))
    assert len(asked) > 8
    for path in asked:
        plain = re.sub(r"\$\{[^}]+\}", "0", path)
        assert any(pattern.match(plain) for pattern in patterns), path
