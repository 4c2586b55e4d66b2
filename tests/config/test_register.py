"""What entries for services and cookies must not say, through the file as an owner writes it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.config.loading import read_settings
from gateway.config.register import is_third_party, listing_of, months_later, service_of
from gateway.config.settings import Policy, ServiceEntry
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.errors import Problem
from gateway.model.categories import Category
from gateway.model.register import Listing
from gateway.model.service import Service

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 25)
CHAT = '[[services]]\nid = "own"\nname = "Chat"\nhosts = ["chat.example"]\n'
COUNTER = (
    'first_party = ["stats.shop.example"]\n[[services]]\nid = "own"\nhosts = ["stats.shop.example"]\n'
    'category = "statistics"\ndate = 2026-11-01\n'
)
EXEMPT = COUNTER + 'exempt_until = 2027-06-01\nexempt_reason = "counts pages"\n'


def problems(tmp_path: Path, text: str) -> list[Problem]:
    file = tmp_path / "gateway.toml"
    file.write_text(text, "utf-8")
    return list(read_settings(file, {"HOME": "/"}, catalogue=CATALOGUE, today=TODAY).problems)


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        pytest.param(
            CHAT + 'category = "preferences"\ncode = "other"', "services[0].code", '"090"', id="code other"
        ),
        pytest.param(
            CHAT + 'category = "preferences"\ncode = "069"', "services[0].code", "policy.purposes", id="undeclared code"
        ),
        pytest.param(
            CHAT + 'category = "preferences"\ncode = "040"', "services[0].code", "a purpose of pref", id="foreign code"
        ),
        pytest.param(
            CHAT + 'category = "marketing"\nbasis = "19-1-2"', "services[0].basis", "consent", id="contract as ground"
        ),
        pytest.param(
            CHAT + 'category = ["statistics", "marketing"]', "services[0].category", '"marketing"', id="two categories"
        ),
        pytest.param(CHAT + 'category = "other"', "services[0].category", '"necessary"', id="category other"),
        pytest.param(CHAT + 'category = "marketing"\nuse = "e"', "services[0].use", '"a" or "b"', id="use e"),
        pytest.param(CHAT + 'category = "marketing"\nuse = "g"', "services[0].use", '"f"', id="use g"),
        pytest.param(
            CHAT + 'category = "marketing"\nby_contract = true', "services[0].by_contract", "another key", id="a switch"
        ),
        pytest.param(
            CHAT + 'category = "marketing"\nbasis = "contract"', "services[0].basis", "19-1-5", id="by contract"
        ),
        pytest.param(
            '[[services]]\nid = "google-analytics"\nrole = "processor"',
            "services[0].contract",
            "whom role speaks of",
            id="role without contract",
        ),
        pytest.param(
            '[[services]]\nid = "google-analytics"\nlast_review = 2026-10-01\nregions = ["TW"]',
            "services[0].contract",
            "whom regions, last_review speaks of",
            id="review without contract",
        ),
        pytest.param(
            '[[services]]\nid = "google-analytics"\nregions = ["TW", "US"]\ncontract = "1"',
            "services[0].regions",
            "policy.regions, which are TW",
            id="beyond the policy's regions",
        ),
        pytest.param(
            CHAT + 'category = "necessary"\nseparate = true', "services[0].separate", "false", id="separate, necessary"
        ),
        pytest.param(
            '[[services]]\nid = "hotjar"\ncategory = "necessary"',
            "services[0].category",
            "session replay is never necessary",
            id="necessary replay",
        ),
        pytest.param(
            '[[cookies]]\nname = "a"\ncategory = "statistics"\ncode = "148"', "cookies[0].code", "157", id="cookie's"
        ),
        pytest.param(
            '[[cookies]]\nname = "a*"\ncategory = "statistics"\npath = "/"', "cookies[0].name", "one name", id="many"
        ),
        pytest.param(COUNTER + "exempt_until = 2027-06-01", "services[0].exempt_reason", "why", id="no reason"),
        pytest.param(COUNTER + 'exempt_reason = "x"', "services[0].exempt_until", "the day it ends", id="no end"),
        pytest.param(
            COUNTER + 'exempt_until = 2027-12-02\nexempt_reason = "x"',
            "services[0].exempt_until",
            "at most 13 months after its date, 2027-12-01",
            id="more than 13 months",
        ),
        pytest.param(
            EXEMPT.replace("date = 2026-11-01", "date = 2027-03-01").replace("2027-06-01", "2028-01-01"),
            "services[0].exempt_until",
            "2027-12-25",
            id="13 months from a date to come",
        ),
        pytest.param(
            EXEMPT.replace("date = 2026-11-01\n", ""), "services[0].date", "exemption was decided", id="no beginning"
        ),
        pytest.param(
            EXEMPT.partition("\n")[2], "services[0].exempt_until", "hosts are all in first_party", id="third party"
        ),
        pytest.param(
            EXEMPT.replace("statistics", "marketing"), "services[0].exempt_until", "only statistics", id="marketing"
        ),
        pytest.param(EXEMPT + "separate = true", "services[0].separate", "not exempt", id="separate and exempt"),
        pytest.param(
            EXEMPT + EXEMPT.partition("\n")[2].replace('"own"', '"second"'),
            "services[1].exempt_until",
            "services[0] is one already",
            id="two exempt ones",
        ),
    ],
)
def test_one_fault_is_one_problem(tmp_path: Path, text: str, key: str, expected: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.key == key
    assert expected in problem.expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(EXEMPT, id="an exempt measurement of the shop's own"),
        pytest.param(CHAT + 'category = "preferences"\nseparate = true\ncode = "090"', id="separate"),
        pytest.param('policy.purposes = ["069"]\n' + CHAT + 'category = "marketing"\ncode = "069"', id="declared code"),
        pytest.param(CHAT + 'category = "necessary"\ncode = "137"', id="security that the policy does not declare"),
        pytest.param('[[services]]\nid = "google-analytics"', id="an id of the catalogue is enough"),
        pytest.param(
            'policy.regions = ["TW", "US"]\n[[services]]\nid = "google-analytics"\nregions = ["US"]\ncontract = "1"',
            id="regions that the policy names",
        ),
    ],
)
def test_a_sound_entry_has_no_problem(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) == []


def test_all_problems_of_all_entries_are_told_at_once_and_each_key_once(tmp_path: Path) -> None:
    text = (
        CHAT + 'category = "marketing"\ncode = "x"\nbasis = "19-1-2"\nuse = "e"\nregions = ["US"]\n'
        '[[services]]\nid = "google-analytics"\nrole = "processor"\ncontract = 5\n'
    )
    assert [problem.key for problem in problems(tmp_path, text)] == [
        "services[0].use",
        "services[1].contract",
        "services[0].contract",
        "services[0].regions",
        "services[0].code",
        "services[0].basis",
    ]


def test_an_entry_without_a_usable_category_is_not_judged_by_one(tmp_path: Path) -> None:
    text = '[[services]]\nid = "hotjar"\ncategory = "necesary"\ncode = "148"\nbasis = "19-1-2"'
    assert [problem.key for problem in problems(tmp_path, text)] == ["services[0].category"]


def test_what_an_entry_leaves_out_follows_from_the_catalogue_and_its_category() -> None:
    entry = ServiceEntry(id="google-analytics", contract="2026-1")
    service = service_of(entry, CATALOGUE.by_id["google-analytics"])
    line = listing_of(entry, service, Policy())
    assert line == Listing(service, "157", "19-1-5", "c", contract="2026-1")
    assert (line.reviewed_by, line.date) == ("catalogue", "2026-11-23")


def test_an_entry_that_says_who_reviewed_it_does_not_borrow_the_catalogues_date() -> None:
    entry = ServiceEntry(id="google-analytics", reviewed_by="shop")
    line = listing_of(entry, service_of(entry, CATALOGUE.by_id["google-analytics"]), Policy())
    assert (line.reviewed_by, line.date) == ("shop", "")


@pytest.mark.parametrize(
    ("purposes", "code", "filed"),
    [(("148",), "137", "148"), (("148", "137"), "137", "137"), (("148",), None, "148"), (("148", "137"), None, "137")],
)
def test_security_is_filed_under_148_until_the_policy_declares_137(
    purposes: tuple[str, ...], code: str | None, filed: str
) -> None:
    entry = ServiceEntry(id="hcaptcha", code=code)
    line = listing_of(entry, service_of(entry, CATALOGUE.by_id["hcaptcha"]), Policy(purposes=purposes))
    assert line.code == filed


def test_a_service_without_a_category_is_none() -> None:
    with pytest.raises(ValueError, match="own: no category"):
        service_of(ServiceEntry(id="own"), None)


@pytest.mark.parametrize(
    ("hosts", "urls", "third"),
    [
        pytest.param(("stats.shop.example",), (), False, id="listed"),
        pytest.param(("=a.stats.shop.example",), (), False, id="below a listed one"),
        pytest.param(("stats.shop.example", "x.example"), (), True, id="one of two"),
        pytest.param(("notstats.shop.example",), (), True, id="another name with the same end"),
        pytest.param((), ("/matomo.js",), False, id="a path on the shop's own host"),
        pytest.param((), ("x.example/tr",), True, id="a path on a host"),
    ],
)
def test_a_third_party_has_a_host_that_is_not_the_shops(
    hosts: tuple[str, ...], urls: tuple[str, ...], third: bool
) -> None:
    service = Service("a", "A", Category.STATISTICS, hosts=hosts, urls=urls)
    assert is_third_party(service, ("stats.shop.example",)) is third


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [("2026-01-31", 1, "2026-02-28"), ("2027-11-30", 15, "2029-02-28"), ("2026-12-05", 12, "2027-12-05")],
)
def test_months_end_where_they_end(day: str, months: int, later: str) -> None:
    assert months_later(date.fromisoformat(day), months) == date.fromisoformat(later)
