"""What somebody at a browser has of the page: when it can be used, and whether it comes back by itself."""

from typing import Any, Final

from playwright.sync_api import Browser, Page

from tests.support.browser import Watched

WINDOW: Final = {"width": 1600, "height": 1000}
LOADED_WITHIN_MS: Final = 60_000
SHOWN: Final = """(scene) => {
  const image = scene.querySelector("img");
  return scene.querySelector(".veil").hidden && !image.hidden && image.complete && image.naturalWidth > 1;
}"""
"""Whether a place is seen: its picture lies there, and nothing before it."""
MARKS: Final = f"""(() => {{
  const marks = (window.passerbyMarks = {{}});
  const isShown = {SHOWN};
  const isInside = (node) => {{
    const box = node.getBoundingClientRect();
    return box.width > 0 && box.bottom > 0 && box.top < innerHeight;
  }};
  const look = () => {{
    const scenes = [...document.querySelectorAll("main .scene")].filter(isInside);
    const shown = scenes.filter(isShown);
    if (shown.length && !marks.first) marks.first = performance.now();
    if (scenes.length && shown.length === scenes.length && !marks.all) marks.all = performance.now();
    marks.scenes = scenes.length;
    if (!marks.all || performance.now() - marks.all < 500) requestAnimationFrame(look);
  }};
  requestAnimationFrame(look);
}})()"""
"""Notes when the first place is shown, and when all in the window are: from the start of the navigation, in ms."""


def load(browser: Browser, address: str) -> dict[str, Any]:
    """One load with nothing in the cache: ms to the first paint, to the first place that is shown, to all in the window; requests and bytes."""
    watched = Watched(browser, WINDOW)  # type: ignore[arg-type]
    watched.page.add_init_script(MARKS)
    watched.open(f"{address}/")
    watched.until("() => window.passerbyMarks.all", within_ms=LOADED_WITHIN_MS)
    watched.page.wait_for_timeout(300)
    found: dict[str, Any] = watched.page.evaluate(
        """() => {
          const paint = performance.getEntriesByName("first-contentful-paint")[0];
          const fetched = performance.getEntriesByType("resource");
          return {paint: paint ? paint.startTime : null, ...window.passerbyMarks, requests: fetched.length + 1};
        }"""
    )
    watched.close()
    return found


def shows_places(page: Page, count: int) -> bool:
    """Whether so many places are seen now."""
    return int(page.evaluate(f"() => [...document.querySelectorAll('main .scene')].filter({SHOWN}).length")) >= count
