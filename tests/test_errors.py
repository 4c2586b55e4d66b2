"""The errors: one tree, and messages that name what was wrong and what was expected."""

from __future__ import annotations

import inspect

from gateway import errors
from gateway.errors import ChainBroken, ConfigError, GatewayError, Problem, UpstreamError, UpstreamTimeout


def classes() -> dict[str, type[Exception]]:
    found = inspect.getmembers(errors, inspect.isclass)
    return {name: kind for name, kind in found if issubclass(kind, Exception)}


def test_everything_raised_on_purpose_has_one_root() -> None:
    assert all(issubclass(kind, GatewayError) for kind in classes().values())


def test_the_tree_drawn_is_the_tree_there_is() -> None:
    assert errors.__doc__
    assert {name for name in classes() if name not in errors.__doc__} == set()


def test_a_problem_names_key_value_and_expectation() -> None:
    assert str(Problem("mode", "maybe", "enforce or report")) == "mode = 'maybe': expected enforce or report"


def test_a_configuration_error_carries_every_problem() -> None:
    problems = [Problem("a", 1, "2"), Problem("b", 3, "4")]
    error = ConfigError(problems)
    assert error.problems == tuple(problems)
    assert str(error).splitlines() == ["a = 1: expected 2", "b = 3: expected 4"]


def test_a_broken_chain_names_the_entry() -> None:
    error = ChainBroken(7, "the body does not match")
    assert (error.seq, error.fault, str(error)) == (
        7, "the body does not match", "entry 7: the body does not match",
    )  # fmt: skip


def test_upstream_errors_say_what_the_visitor_is_answered() -> None:
    assert (UpstreamError.status, UpstreamTimeout.status) == (502, 504)
