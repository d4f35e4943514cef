"""The dashboard in a real Chromium: by keyboard, in both schemes, on a phone and a desktop.

Pictures of every page are left in build/browser, for whoever wants to look.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from backend.api import create_app
from backend.server import listening
from chain.events import Challenged
from tests.backend.conftest import World
from tests.backend.epochs import BAD, WINDOW, anchor, check, epoch_of, told, with_anchor
from tests.backend.stories import accepted_round, rejected_round, submitted
from tests.support.chromium import chromium
from tests.support.fakechain import address, emit, word
from tests.support.polling import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.integration, pytest.mark.campaign]

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "build/browser"

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
SCHEMES = ("light", "dark")
PAGES = {
    "rounds": "#/",
    "accepted": f"#/rounds/0x{word('one').hex()}",
    "rejected": f"#/rounds/0x{word('two').hex()}",
    "begun": f"#/rounds/0x{word('three').hex()}",
    "agents": "#/agents",
    "provider": "#/agents/0",
    "stranger": "#/agents/999",
    "exams": "#/exams",
    "sources": "#/sources",
    "source": f"#/sources/{BAD}",
    "epoch": "#/epochs/1",
    "disputed": "#/epochs/2",
    "withheld": "#/epochs/3",
    "network": "#/network",
    "nowhere": "#/nowhere",
}
REACHABLE = "a[href], select, button, input, [tabindex='0']"


class Visit:
    """One page in a tab of its own, and everything it said or asked for."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self._hear("error", str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.said.append(f"{kind}: {text}")

    def to(self, address: str) -> Visit:
        self.page.goto(f"{self.url}/{address}")
        self.until("document.querySelector('main h1') !== null")
        self.until("!document.getElementById('health').textContent.includes('Connecting')")
        return self

    def until(self, expression: str) -> None:
        """Waits until it is true. Playwright's own waiting needs what the page's policy forbids."""
        eventually(lambda: self.page.evaluate(expression), expression, 20)


@contextmanager
def served(world: World) -> Iterator[str]:
    """The API over a world, on a port."""
    with listening("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            create_app(world.services()), log_config=None, access_log=False, lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        eventually(lambda: server.started, "the server began")
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.force_exit = server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def eventful(world: World) -> World:
    """Rounds in several phases, scores that changed, agents without any."""
    accepted_round(world.chain, word("one"))
    rejected_round(world.chain, word("two"))
    accepted_round(world.chain, word("four"))
    world.chain.mine(*submitted(word("three"), word("sealed")))
    some_epochs(world)
    return world


def some_epochs(world: World) -> None:
    """One that can be read, one that is doubted, and one whose evidence nobody has."""
    first = told(with_anchor(world), epoch_of(world))
    world.chain.mine(seconds=WINDOW)
    second = told(world, epoch_of(world, first))
    anchor(world, epoch_of(world, second))
    world.chain.mine(emit(Challenged, 2, address("doubter"), 2_000_000_000))
    check(world)


@contextmanager
def visiting(
    browser: Browser, url: str, size: str = "desktop", scheme: str = "light"
) -> Iterator[Visit]:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    yield Visit(context.new_page(), url)
    context.close()


def complaints(page: Page) -> list[str]:
    """What axe finds wrong, by rule and element."""
    page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(("size", "scheme"), list(itertools.product(SIZES, SCHEMES)))
def test_pages__in_each_scheme_and_size__then_sound_quiet_and_of_one_origin(
    browser: Browser, eventful: World, size: str, scheme: str
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    wrong: dict[str, list[str]] = {}
    with served(eventful) as url, visiting(browser, url, size, scheme) as visit:
        for name, address in PAGES.items():
            page = visit.to(address).page
            page.screenshot(path=PICTURES / f"{name}-{size}-{scheme}.png", full_page=True)
            found = complaints(page)
            if name != "stranger":  # There the browser itself says that the API answered 404.
                found += visit.said
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                found.append("wider than the screen")
            if found:
                wrong[name] = found
            visit.page.goto("about:blank")
            visit.said.clear()
        origins = {urlsplit(asked)[:2] for asked in visit.asked if not asked.startswith("about:")}
    assert wrong == {}
    assert origins == {urlsplit(url)[:2]}


def test_schemes__when_asked_for__then_dark_is_dark(browser: Browser, eventful: World) -> None:
    brightness = {}
    with served(eventful) as url:
        for scheme in SCHEMES:
            with visiting(browser, url, scheme=scheme) as visit:
                colour = visit.to("#/").page.evaluate(
                    "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
                )
                brightness[scheme] = sum(colour[:3]) / 3
    assert brightness["light"] > 200
    assert brightness["dark"] < 60


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "address", ["#/", "#/agents", PAGES["accepted"], PAGES["sources"], PAGES["source"]]
)
def test_keyboard__when_only_tab_is_used__then_everything_is_reached_and_seen(
    browser: Browser, eventful: World, address: str, size: str
) -> None:
    with served(eventful) as url, visiting(browser, url, size) as visit:
        page = visit.to(address).page
        wanted = page.locator(REACHABLE).count()
        assert wanted > 6
        reached = set()
        for _ in range(wanted):
            page.keyboard.press("Tab")
            at, outline = page.evaluate(
                f"""[[...document.querySelectorAll("{REACHABLE}")].indexOf(document.activeElement),
                     getComputedStyle(document.activeElement).outlineStyle]"""
            )
            assert outline != "none", page.evaluate("document.activeElement.outerHTML")
            reached.add(at)
        assert reached == set(range(wanted))


def test_keyboard__when_the_first_link_is_taken__then_the_content_has_the_focus(
    browser: Browser, eventful: World
) -> None:
    with served(eventful) as url, visiting(browser, url) as visit:
        page = visit.to("#/agents").page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        assert page.url.endswith("#/agents")


def test_page__when_something_happens__then_it_is_told_and_the_focus_stays(
    browser: Browser, eventful: World
) -> None:
    with served(eventful) as url, visiting(browser, url) as visit:
        page = visit.to("#/").page
        link = f"a[href='{PAGES['accepted']}']"
        page.focus(link)
        accepted_round(eventful.chain, word("five"))
        eventful.catch_up()
        page.wait_for_selector(f"a[href='#/rounds/0x{word('five').hex()}']", timeout=20_000)
        assert page.evaluate("document.activeElement.getAttribute('href')") == PAGES["accepted"]
        page.click(link)
        visit.until("document.title.startsWith('Round 0x')")
        assert page.evaluate("document.activeElement.id") == "main"
        assert visit.said == []


def test_page__when_the_server_is_gone__then_it_says_so_in_a_live_region(
    browser: Browser, eventful: World
) -> None:
    with visiting(browser, "") as visit:
        with served(eventful) as url:
            visit.url = url
            visit.to("#/")
        visit.until(
            "document.querySelector('[role=status]').textContent === 'The server does not answer.'"
        )
