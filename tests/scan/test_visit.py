"""A whole scan, against a shop over real sockets."""

from __future__ import annotations

import pytest

from gateway.errors import ScanError
from gateway.model.categories import Category, Fate
from gateway.scan.browser import executable
from gateway.scan.crawl import Limits
from gateway.scan.findings import Cookie, Findings
from gateway.scan.visit import scan
from tests.scan.shop import CATALOGUE, COUNTER, Reply, Shop, page, to, visited

QUICK = Limits(pages=5, pause=0)
WRITES = "<script>document.cookie = '_count=2'; document.cookie = 'uid_84210=1'</script>"
RULES: Reply = (200, [], b"User-agent: *\nDisallow: /private")


def found(answers: dict[str, Reply], *, browser: bool = False) -> Findings:
    with visited(Shop(answers)) as url:
        return scan(f"{url}/", QUICK, browser=browser, catalogue=CATALOGUE)


def test_services_hosts_and_cookies_are_found_on_every_page() -> None:
    findings = found({
        "/": page("<script src=//counter.test/a.js></script><a href=/b><a href=/private>", "sessionid=1; Path=/"),
        "/b": page("<iframe src=//x.test/></iframe><a href=/c>", "=; a", "uid_84210=1"),
        "/c": (302, [(b"location", b"/b"), (b"set-cookie", b"_count=1")], b""), "/robots.txt": RULES,
    })  # fmt: skip
    assert findings.pages == 2
    assert [(party.service, party.pages) for party in findings.services] == [(COUNTER, 1)]
    assert [(party.hosts, party.declared) for party in findings.unknown] == [(("x.test",), Fate.REMOVE)]
    assert [(cookie.name, cookie.source) for cookie in findings.cookies] == [
        ("_count", "server"), ("sessionid", "server"), ("uid_*", "server"),
    ]  # fmt: skip
    assert findings.remarks == ("robots.txt kept 1 more from being visited",)


def test_remarks_have_an_end() -> None:
    findings = found({"/": page("".join(f"<a href=/out{n}>" for n in range(30)))})
    assert len(findings.remarks) == 10


def test_the_shipped_catalogue_is_the_usual_one() -> None:
    with visited(Shop({"/": page("<script src=https://www.googletagmanager.com/gtag/js></script>")})) as url:
        findings = scan(f"{url}/", QUICK)
    assert [service.id for service in findings.to_declare] == ["google-analytics"]


def test_a_site_that_only_leads_away_cannot_be_scanned() -> None:
    with pytest.raises(ScanError, match=r"another site, http://other\.test/"):
        found({"/": to("http://other.test/")})


@pytest.mark.browser
@pytest.mark.skipif(executable() is None, reason="there is no chromium")
def test_a_browser_sees_what_scripts_do() -> None:
    pytest.importorskip("playwright")
    loads = "<script>new Image().src = 'http://x.localhost:1/late.gif'</script>"
    findings = found({"/": page(WRITES + loads, "uid_84210=1")}, browser=True)
    assert findings.cookies == (
        Cookie("_count", "Counter", Category.STATISTICS, "browser", Fate.REMOVE),
        Cookie("uid_*", "", None, "server", Fate.KEEP),
    )
    assert [(party.hosts, party.kinds) for party in findings.unknown] == [(("x.localhost",), ("run time",))]
