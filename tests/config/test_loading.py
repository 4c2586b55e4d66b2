"""The file and the environment, and all that can be wrong with them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.config.checks import PREFIX, SCOPE
from gateway.config.keys import Secret
from gateway.config.loading import data_folder, load_settings
from gateway.config.settings import CookieEntry, Settings
from gateway.errors import ConfigError, Problem
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category
from gateway.model.click_ids import CLICK_IDS
from gateway.model.service import Service

CATALOGUE = Catalogue(
    (
        Service("google-analytics", "Google Analytics", Category.STATISTICS, hosts=("counter.test",)),
        Service("facebook-pixel", "Meta Pixel", Category.MARKETING, hosts=("pixel.test",)),
    )
)
HOME = {"HOME": "/home/shop"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gateway.toml"


def load(file: Path, text: str, **env: str) -> Settings:
    file.write_text(text, "utf-8")
    return load_settings(file, {**HOME, **env}, catalogue=CATALOGUE)


def problems(file: Path, text: str = "", **env: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load(file, text, **env)
    return list(caught.value.problems)


def test_an_empty_file_and_no_file_are_valid(file: Path) -> None:
    assert load(file, "") == load_settings(None, HOME)


def test_everything_that_can_be_configured_is_read(file: Path) -> None:
    settings = load(
        file,
        """
        upstream = "http://127.0.0.1:9000"
        prefix = "/000489/_choices"
        mode = "report"
        unknown = "block"
        strict_cookies = true
        first_party = ["cdn.example"]
        trusted_proxies = ["10.0.0.0/8"]
        untouched_paths = ["/pay"]
        data = "/srv/gateway"
        [policy]
        rev = 2
        date = 2026-01-31
        [[policy.revisions]]
        rev = 2
        date = "2026-01-31"
        material = ["marketing"]
        [controller]
        name = "K市集"
        [[services]]
        id = "google-analytics"
        [[services]]
        id = "own-chat"
        category = "preferences"
        hosts = ["chat.example"]
        code = "090"
        basis = "19-1-5"
        use = "d"
        why = "chat"
        breaks = "chat"
        reviewed_by = "shop"
        date = 2026-01-31
        contract = "no. 5"
        role = "processor"
        regions = ["TW"]
        last_review = "2026-01-31"
        separate = true
        [[cookies]]
        name = "shop_*"
        category = "necessary"
        [stats]
        period = "month"
        """,
    )
    assert settings.upstream == "http://127.0.0.1:9000"
    assert settings.policy.revisions[0].material == (Category.MARKETING,)
    assert [service.id for service in settings.services] == ["google-analytics", "own-chat"]
    assert settings.services[0].category is None
    assert settings.services[1].separate
    assert settings.cookies == (CookieEntry(name="shop_*", category=Category.NECESSARY),)
    assert (settings.stats.period, settings.controller.name) == ("month", "K市集")
    assert settings.folder == Path("/srv/gateway")
    assert settings.database == "sqlite:////srv/gateway/ledger.sqlite"


FAULTY = """
mode = "reprot"
prefx = "/_choices"
upstream = "shop.example"
prefix = "/choices/"
trusted_proxies = ["10.0.0.0/8", "10.0.0.1/8"]
strict_cookies = "yes"

[policy]
rev = 0

[[services]]
id = "gogle-analytics"

[[services]]
id = "facebook-pixel"

[[services]]
id = "facebook-pixel"
category = "advertising"

[stats]
period = "year"
"""


def test_every_problem_is_reported_at_once_in_the_order_of_the_file(file: Path) -> None:
    assert [problem.key for problem in problems(file, FAULTY, CONSENT_GATEWAY_SECRET="short")] == [
        "mode",
        "prefx",
        "upstream",
        "prefix",
        "trusted_proxies[1]",
        "strict_cookies",
        "policy.rev",
        "services[2].category",
        "services[0].id",
        "services[2].id",
        "stats.period",
        "CONSENT_GATEWAY_SECRET",
    ]


def test_a_problem_names_key_value_and_expectation(file: Path) -> None:
    first, second, *_ = map(str, problems(file, FAULTY))
    assert first == 'mode = \'reprot\': expected "enforce" or "report", did you mean report?'
    assert second == "prefx = '/_choices': expected another key: did you mean prefix?"


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        pytest.param(
            '[[services]]\nid = "gogle-analytics"', "services[0].id", "google-analytics", id="typing error"
        ),
        pytest.param(
            '[[services]]\nid = "zzz"', "services[0].id", "or a category", id="unknown without category"
        ),
        pytest.param(
            '[[services]]\nid = "zzz"\ncategory = "marketing"',
            "services[0].id",
            "hosts, urls",
            id="unrecognisable",
        ),
        pytest.param("[[services]]", "services[0].id", "not empty", id="service without id"),
        pytest.param("[[services]]\nid = 5", "services[0].id", "not empty", id="id is a number"),
        pytest.param("services = 5", "services", "[[services]]", id="services not a list"),
        pytest.param("services = [5]", "services[0]", "a table", id="service not a table"),
        pytest.param("policy = 5", "policy", "a table", id="policy not a table"),
        pytest.param(
            '[[cookies]]\nname = "a"\ncategory = "necessary"\n' * 2,
            "cookies[1].name",
            "cookies[0]",
            id="cookie twice",
        ),
        pytest.param(
            "[policy]\n[[policy.revisions]]\nrev = 2", "policy.revisions[0].rev", "policy.rev", id="future"
        ),
        pytest.param(
            "[policy]\nrevisions = [{rev = 1}, {rev = 1}]",
            "policy.revisions[1].rev",
            "once",
            id="revision twice",
        ),
        pytest.param(
            '[policy]\nrevisions = [{rev = "1"}]', "policy.revisions[0].rev", "number", id="revision is text"
        ),
        pytest.param('a = 1\nb = "unfinished', "gateway.toml, line 2", "TOML: ", id="broken TOML"),
        pytest.param("[", "gateway.toml, line 1", "TOML: ", id="broken at the end"),
        pytest.param('[banner]\nlogo = "https://cdn.example/l.svg"', "banner.logo", "own site", id="foreign logo"),
        pytest.param('database = "mysql://x"', "database", "sqlite:///PATH", id="another database"),
    ],
)
def test_one_fault_is_one_problem(file: Path, text: str, key: str, expected: str) -> None:
    (problem,) = problems(file, text)
    assert problem.key == key
    assert expected in problem.expected


def test_services_are_not_looked_up_without_a_catalogue(file: Path) -> None:
    file.write_text('[[services]]\nid = "anything"')
    assert load_settings(file, HOME).services[0].id == "anything"


def test_a_file_that_cannot_be_read_is_a_problem(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"# \xff")
    for path, reason in ((file, "invalid start byte"), (tmp_path / "absent", "No such file")):
        with pytest.raises(ConfigError, match=reason) as caught:
            load_settings(path, HOME)
        assert caught.value.problems[0].key == "--config"


def test_keys_come_oldest_first(file: Path) -> None:
    settings = load(file, "", CONSENT_GATEWAY_SECRET=f"{'a' * 32},{'b' * 32}")
    assert settings.keys == (Secret(b"a" * 32), Secret(b"b" * 32))
    assert "aaaa" not in repr(settings)


def test_a_short_key_is_named_by_its_place_and_not_printed(file: Path) -> None:
    (problem,) = problems(file, CONSENT_GATEWAY_SECRET=f"{'a' * 32},correct-horse")
    assert "key 2 to have at least 32 bytes, it has 13" in str(problem)
    assert "horse" not in str(problem)
    assert "********" in str(problem)


def test_an_empty_secret_is_a_mistake_and_not_a_wish_for_a_new_key(file: Path) -> None:
    (problem,) = problems(file, CONSENT_GATEWAY_SECRET="")
    assert "it has 0" in problem.expected


def test_keys_may_be_in_a_file_one_a_line(file: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"{'a' * 32}\n{'b' * 32}\n", "utf-8")
    assert load(file, "", CONSENT_GATEWAY_SECRET_FILE=str(keys)).keys == (Secret(b"a" * 32), Secret(b"b" * 32))
    both = load(file, "", CONSENT_GATEWAY_SECRET="c" * 32, CONSENT_GATEWAY_SECRET_FILE=str(keys))
    assert both.keys == (Secret(b"c" * 32),)


@pytest.mark.parametrize("content", [None, "", "correct-horse"])
def test_a_file_without_keys_is_a_mistake(file: Path, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "keys").write_text(content, "utf-8")
    (problem,) = problems(file, CONSENT_GATEWAY_SECRET_FILE=str(tmp_path / "keys"))
    assert problem.key == "CONSENT_GATEWAY_SECRET_FILE"
    assert "horse" not in str(problem)
    (problem,) = problems(file, CONSENT_GATEWAY_SECRET_FILE="")
    assert "a file in UTF-8" in problem.expected


@pytest.mark.parametrize("value", ["", "correct-horse"])
def test_a_short_tag_key_is_a_mistake_and_is_not_printed(file: Path, value: str) -> None:
    (problem,) = problems(file, CONSENT_GATEWAY_TAG_KEY=value)
    assert f"it has {len(value)}" in problem.expected
    assert "horse" not in str(problem)


def test_the_tag_key_comes_from_the_environment_whole(file: Path) -> None:
    settings = load(file, "", CONSENT_GATEWAY_TAG_KEY="a," * 16)
    assert settings.tag_key == Secret(b"a," * 16)
    assert load(file, "").tag_key is None


def test_the_environment_overrides_the_file(file: Path) -> None:
    settings = load(
        file,
        'data = "/file"\ndatabase = "sqlite:///file"',
        CONSENT_GATEWAY_DATA="/env",
        CONSENT_GATEWAY_DATABASE="sqlite:///env",
        CONSENT_GATEWAY_LIMITS="off",
    )
    assert (settings.folder, settings.database, settings.limits) == (Path("/env"), "sqlite:///env", False)


def test_empty_variables_count_as_absent(file: Path) -> None:
    text = 'data = "/file"'
    empty = dict.fromkeys(("CONSENT_GATEWAY_DATA", "CONSENT_GATEWAY_DATABASE", "CONSENT_GATEWAY_LIMITS"), "")
    assert load(file, text, **empty) == load(file, text)


def test_faulty_variables_are_problems_too(file: Path) -> None:
    found = problems(file, CONSENT_GATEWAY_DATABASE="mysql://u:horse@h/d", CONSENT_GATEWAY_LIMITS="none")
    assert [problem.key for problem in found] == ["CONSENT_GATEWAY_DATABASE", "CONSENT_GATEWAY_LIMITS"]
    assert "horse" not in str(found[0])


def test_overrides_are_checked_like_the_file(file: Path) -> None:
    file.write_text('upstream = "bad"')
    good = load_settings(file, HOME, overrides={"upstream": "http://shop"})
    assert good.upstream == "http://shop"
    with pytest.raises(ConfigError, match="'shop'"):
        load_settings(file, HOME, overrides={"upstream": "shop"})


@pytest.mark.parametrize(
    ("env", "folder"),
    [
        ({"XDG_DATA_HOME": "/xdg", "HOME": "/home/shop"}, "/xdg/consent-gateway"),
        ({"XDG_DATA_HOME": "relative", "HOME": "/home/shop"}, "/home/shop/.local/share/consent-gateway"),
        ({"HOME": "/home/shop"}, "/home/shop/.local/share/consent-gateway"),
        ({}, "consent-gateway-data"),
    ],
    ids=["XDG_DATA_HOME", "relative XDG_DATA_HOME", "home", "no home"],
)
def test_the_data_folder_is_the_users_own(env: dict[str, str], folder: str) -> None:
    assert data_folder(env) == Path(folder)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('scope = "/000489/"', ["prefix = '/_choices': expected a path below scope, such as /000489/_choices"]),
        ('scope = "/000489/"\nprefix = "/0004890/_choices"',
         ["prefix = '/0004890/_choices': expected a path below scope, such as /000489/_choices"]),
        ('scope = "/000489/"\nprefix = "/000489/_choices"\nowns_root = true',
         ["owns_root = True: expected false: the shop has only /000489/"]),
        ('scope = "/000489"', ["scope = '/000489': expected " + SCOPE.expected]),
        ('scope = "/000489/"\nprefix = "choices"', ["prefix = 'choices': expected " + PREFIX.expected]),
    ],
)  # fmt: skip
def test_the_gateways_own_pages_must_lie_in_the_shops_part(file: Path, text: str, found: list[str]) -> None:
    assert [str(problem) for problem in problems(file, text)] == found


@pytest.mark.parametrize(
    "text",
    [
        'scope = "/000489/"\nprefix = "/000489/_choices"',
        'scope = "mall.example/000489/"\nprefix = "/000489/privacy/choices"',
        'scope = "mall.example/"',
    ],
)
def test_a_scope_may_be_a_folder_or_a_host_or_both(file: Path, text: str) -> None:
    assert load(file, text).scope != "/"


def test_filter_lists_are_files_that_can_be_read(file: Path) -> None:
    file.with_name("own.txt").write_text("||ads.test^")
    file.with_name("binary.txt").write_bytes(b"\xff")
    own, absent, binary = (str(file.with_name(f"{name}.txt")) for name in ("own", "absent", "binary"))
    assert load(file, f"filter_lists = ['{own}']").filter_lists == (own,)
    found = problems(file, f"filter_lists = ['{own}', '{absent}', '{binary}']")
    assert [(problem.key, problem.value) for problem in found] == [
        ("filter_lists[1]", absent), ("filter_lists[2]", binary),
    ]  # fmt: skip


def test_filter_lists_need_their_package(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.with_name("own.txt").write_text("")
    monkeypatch.setitem(sys.modules, "adblock", None)
    (found,) = problems(file, f"filter_lists = ['{file.with_name('own.txt')}']")
    assert found.expected == "the package adblock: pip install consent-gateway[filters]"
    assert load(file, "").filter_lists == ()


def test_the_list_of_click_ids_can_be_replaced(file: Path) -> None:
    assert load(file, 'click_ids = ["gclid", "utm_*"]').click_ids == ("gclid", "utm_*")
    assert load(file, "").click_ids == CLICK_IDS
    assert [problem.key for problem in problems(file, 'click_ids = ["a&b"]')] == ["click_ids[0]"]


def test_the_second_wall_is_enforced_only_where_it_can_know_what_may_load(file: Path) -> None:
    for text in ('unknown = "block"', '[[services]]\nid = "google-analytics"'):
        assert load(file, text + '\n[csp]\nmode = "enforce"').csp.mode == "enforce"
    assert load(file, '[csp]\nmode = "report"\nconnect = true\nlongest = 8000').csp.longest == 8000
    for text in ("", 'unknown = "pass"\n[[services]]\nid = "google-analytics"\n'):
        (problem,) = problems(file, text + '[csp]\nmode = "enforce"')
        assert problem.key == "csp.mode"
    (problem,) = problems(file, "[csp]\nlongest = 100")
    assert (problem.key, problem.expected) == ("csp.longest", "a whole number, at least 2000")
