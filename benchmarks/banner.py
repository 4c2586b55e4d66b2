"""What a banner costs a first visit: `python benchmarks/banner.py`.

The same shop page without one, behind the gateway, and with vanilla-cookieconsent, which npm installs into a temporary
folder; in a Chromium slowed down to a phone's processor and line, nothing cached. Contenders are measured in turns. The
gateway's figures hold all that it adds, the guard against trackers included.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Response, sync_playwright
from processes import Server, cores, free_port, gateway_command, uvicorn_command

OTHER: Final = "vanilla-cookieconsent"
VERSION: Final = "3.1.0"
SLOWER: Final = 4
"""How many times slower than this machine's the processor is."""
LINE: Final = {"offline": False, "latency": 150, "downloadThroughput": 204_800, "uploadThroughput": 96_000}
"""Milliseconds and bytes a second: a mobile line of 1.6 Mbit/s."""
SETTLED: Final = 1500
"""Milliseconds after `load` until everything counts as over."""
_WATCH: Final = """
window.seen = { shift: 0, paint: 0, tasks: 0 };
const watch = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
watch('layout-shift', (entry) => { seen.shift += entry.value });
watch('largest-contentful-paint', (entry) => { seen.paint = entry.startTime });
watch('longtask', (entry) => { seen.tasks += entry.duration });
"""
_HEAD: Final = (
    '<link rel="stylesheet" href="/extra/cookieconsent.css"><script type="module" src="/extra/config.js"></script>'
)
_KINDS: Final = {"preferences": "偏好", "statistics": "統計", "marketing": "行銷"}
_WORDS: Final = {
    "consentModal": {
        "title": "您的 Cookie 選擇",
        "description": "經您同意，我們使用 Cookie 記住偏好、統計使用情形並投放廣告；您可隨時變更。不同意也能購物。",
        "acceptAllBtn": "全部同意",
        "acceptNecessaryBtn": "全部拒絕",
        "showPreferencesBtn": "自行選擇",
        "footer": '<a href="/notice">合作夥伴與完整告知</a>',
    },
    "preferencesModal": {
        "title": "Cookie 設定",
        "acceptAllBtn": "全部同意",
        "acceptNecessaryBtn": "全部拒絕",
        "savePreferencesBtn": "儲存",
        "closeIconLabel": "關閉",
        "sections": [
            {"title": title, "description": f"{title}用途的 Cookie。", "linkedCategory": name}
            for name, title in {"necessary": "必要", **_KINDS}.items()
        ],
    },
}
_CONFIG: Final = {
    "hideFromBots": False,
    "categories": {"necessary": {"enabled": True, "readOnly": True}, **{name: {} for name in _KINDS}},
    "language": {"default": "zh", "translations": {"zh": _WORDS}},
    "guiOptions": {"consentModal": {"layout": "bar", "position": "bottom", "equalWeightButtons": True}},
}
FIGURES: Final = ("bytes", "requests", "shift", "paint", "tasks")


@dataclass(slots=True)
class Contender:
    """One address, what shows that its banner is there, and what every round brought."""

    name: str
    url: str
    banner: str
    rounds: list[dict[str, float]] = field(default_factory=list)

    def median(self, figure: str) -> float:
        """Over the rounds."""
        return sorted(each[figure] for each in self.rounds)[len(self.rounds) // 2]


def visit(browser: Browser, contender: Contender) -> dict[str, float]:
    """One first visit. Raises playwright's TimeoutError if the banner does not come."""
    context = browser.new_context(viewport={"width": 412, "height": 823})
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    client.send("Network.enable")
    client.send("Network.emulateNetworkConditions", dict(LINE))
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.add_init_script(_WATCH)
    page.goto(contender.url, wait_until="load")
    if contender.banner:
        page.wait_for_selector(contender.banner)
    page.wait_for_timeout(SETTLED)
    seen: dict[str, float] = page.evaluate("seen")
    size = sum(len(gzip.compress(answer.body(), 9, mtime=0)) for answer in answers)
    context.close()
    return {**seen, "bytes": size, "requests": len(answers)}


@contextmanager
def contenders() -> Iterator[list[Contender]]:
    """All servers, started."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def start(command: list[str], port: int, **environment: str) -> Server:
            server = Server(command, port, cores()[0], folder=folder, environment=environment)
            stack.callback(server.stop)
            return server

        def shop(**environment: str) -> str:
            port = free_port()
            return start(uvicorn_command("banner_shop:app", port), port, **environment).url

        plain = shop()
        port = free_port()
        gateway = start(gateway_command(plain, port), port, CONSENT_GATEWAY_DATA=str(folder / "data"))
        found = [Contender("no banner", plain, ""), Contender("consent-gateway", gateway.url, "[data-consent-banner]")]
        extra = other(folder)
        if extra is not None:
            address = shop(EXTRA_HEAD=_HEAD, EXTRA_FOLDER=str(extra))
            found.append(Contender(OTHER, address, "#cc-main .cm"))
        yield found


def other(folder: Path) -> Path | None:
    """The folder with the other banner's files, or None, with a word why, if npm cannot bring it."""
    if shutil.which("npm") is None:
        print(f"{OTHER} is left out: npm is not on the path", file=sys.stderr)
        return None
    options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run(["npm", "install", *options, f"{OTHER}@{VERSION}"], capture_output=True, text=True)
    dist = folder / "node_modules" / OTHER / "dist"
    if done.returncode or not dist.is_dir():
        print(f"{OTHER} is left out: npm could not install it: {done.stderr[-200:]}", file=sys.stderr)
        return None
    run = f"import './cookieconsent.umd.js';\nCookieConsent.run({json.dumps(_CONFIG, ensure_ascii=False)});\n"
    (dist / "config.js").write_text(run, "utf-8")
    return dist


def table(found: list[Contender]) -> str:
    """The medians for a reader, each with what it adds to the page alone."""
    heads = ("bytes gzip", "requests", "CLS", "LCP ms", "long tasks ms")
    lines = [f"{'':<22}" + "".join(f"{head:>22}" for head in heads)]
    plain = found[0]
    for one in found:
        cells = []
        for name in FIGURES:
            value, base = one.median(name), plain.median(name)
            text = f"{value:.4f}" if name == "shift" else f"{value:,.0f}"
            more = f"{value - base:+,.3f}" if name == "shift" else f"{value - base:+,.0f}"
            ratio = f" ×{value / base:.2f}" if base else ""
            cells.append(f"{text} ({more}{ratio})" if one is not plain else text)
        lines.append(f"{one.name:<22}" + "".join(f"{cell:>22}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds for each contender (default 7)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    with contenders() as measured, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for contender in measured:
            visit(browser, contender)
        for turn in range(max(1, arguments.rounds)):
            for contender in measured if turn % 2 == 0 else reversed(measured):
                contender.rounds.append(visit(browser, contender))
        browser.close()
    rounds: dict[str, Any] = {contender.name: contender.rounds for contender in measured}
    print(json.dumps(rounds, indent=2) if arguments.json else table(measured))


if __name__ == "__main__":
    main()
