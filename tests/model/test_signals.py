import pytest

from gateway.model.signals import Signals
from gateway.types import RawHeaders


@pytest.mark.parametrize(
    ("lines", "on"),
    [
        pytest.param([b"1"], True, id="exactly 1"),
        pytest.param([b"0"], False, id="zero"),
        pytest.param([b"true"], False, id="a word"),
        pytest.param([b"1 1"], False, id="twice in one value"),
        pytest.param([b"0, 1"], False, id="a list in one line"),
        pytest.param([b"0", b"1"], True, id="two lines, the second on"),
        pytest.param([b"1", b"0"], True, id="two lines, the first on"),
        pytest.param([b"11"], False, id="eleven"),
        pytest.param([b""], False, id="empty"),
        pytest.param([], False, id="no line"),
    ],
)
def test_one_line_that_is_exactly_1_is_a_signal(lines: list[bytes], on: bool) -> None:
    gpc: RawHeaders = [(b"host", b"1"), *((b"sec-gpc", line) for line in lines)]
    dnt: RawHeaders = [(b"host", b"1"), *((b"dnt", line) for line in lines)]
    assert Signals.from_headers(gpc) == Signals(gpc=on)
    assert Signals.from_headers(dnt) == Signals(dnt=on)
