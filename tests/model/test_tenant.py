"""Whole segments, after decoding and after dots."""

from __future__ import annotations

import pytest

from gateway.model.tenant import Tenant


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        pytest.param("/000489/", True, id="the folder"),
        pytest.param("/000489", True, id="the folder without its slash"),
        pytest.param("/000489/goods/1", True, id="below it"),
        pytest.param("//000489///goods", True, id="empty segments, as servers merge them"),
        pytest.param("/000489/./goods", True, id="a dot"),
        pytest.param("/000489/a/../goods", True, id="up and down within it"),
        pytest.param("/000490/../000489/", True, id="down into it"),
        pytest.param("/../000489/", True, id="above the root is the root"),
        pytest.param("/", False, id="the root"),
        pytest.param("", False, id="no path"),
        pytest.param("/000490/", False, id="a neighbour"),
        pytest.param("/0004890/", False, id="a longer name"),
        pytest.param("/00048/", False, id="a shorter name"),
        pytest.param("/x/000489/", False, id="deeper"),
        pytest.param("/000489/../000490/", False, id="up and into the neighbour"),
        pytest.param("/000489/..", False, id="up"),
        pytest.param("/000489/a/../../x", False, id="further up"),
        pytest.param("/000489..", False, id="dots that are part of a name"),
    ],
)
def test_a_path_is_the_shops_or_its_neighbours(path: str, inside: bool) -> None:
    assert Tenant.of("/000489/").holds(path) is inside


def test_deeper_folders_count_segment_by_segment() -> None:
    tenant = Tenant.of("/mall/000489/")
    assert tenant.holds("/mall/000489/x")
    assert not tenant.holds("/mall/x")


@pytest.mark.parametrize(("host", "inside"), [("a.example", True), ("b.example", False), ("", False)])
def test_a_scope_with_a_host_is_that_hosts_only(host: str, inside: bool) -> None:
    assert Tenant.of("a.example/000489/").holds("/000489/", host) is inside
    assert not Tenant.of("a.example/000489/").holds("/", host)


@pytest.mark.parametrize(
    ("scope", "everything", "name"),
    [
        ("/", True, ""),
        ("/000489/", False, "/000489/"),
        ("a.example/", False, "a.example/"),
        ("a.example/000489/", False, "a.example/000489/"),
    ],
)
def test_choices_are_bound_to_a_shop_that_shares(scope: str, everything: bool, name: str) -> None:
    assert Tenant.of(scope).everything is everything
    assert Tenant.of(scope).name == name


@pytest.mark.parametrize("path", ["/", "/anything", "", "/.."])
def test_a_shop_that_shares_with_nobody_has_every_path(path: str) -> None:
    assert Tenant().holds(path, "any.example")
