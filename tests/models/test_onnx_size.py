import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import DetectorError
from passerby.models.onnx_size import OddGraphError, for_any_size
from passerby.models.runtime import open_session


def field(number: int, content: bytes | int) -> bytes:
    """One field of a protocol buffer: a number, or bytes with their length."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    return bytes([number << 3 | 2, len(content)]) + content


def value(name: bytes, *dimensions: int) -> bytes:
    shape = b"".join(field(1, field(1, size)) for size in dimensions)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def network(*dimensions: int, inputs: int = 1) -> bytes:
    """Two negations one after the other, for pictures of one size only."""
    nodes = field(1, field(1, b"x") + field(2, b"m") + field(4, b"Neg")) + field(1, field(1, b"m") + field(2, b"y") + field(4, b"Neg"))
    ports = inputs * field(11, value(b"x", *dimensions)) + field(12, value(b"y", *dimensions)) + field(13, value(b"m", *dimensions))
    return field(1, 8) + field(7, nodes + field(2, b"g") + ports) + field(8, field(2, 13))


def test_a_network_for_one_size_takes_every_size_once_opened() -> None:
    fixed, _ = open_session(network(1, 3, 4, 6), "cpu", 1)
    opened, _ = open_session(network(1, 3, 4, 6), "cpu", 1, any_size=True)
    assert (fixed.any_size, opened.any_size) == (False, True)
    small, other = np.ones((1, 3, 4, 6), np.float32), np.ones((1, 3, 8, 2), np.float32)
    assert [session.run([small][0])[0].shape for session in (fixed, opened)] == [(1, 3, 4, 6)] * 2
    assert (opened.run(other)[0] == other).all()
    with pytest.raises(DetectorError):
        fixed.run(other)


@pytest.mark.parametrize("weights", [network(1, 3, 4), network(1, 3, 4, 6, inputs=2)])
def test_a_graph_of_another_form_is_left_alone(weights: bytes) -> None:
    with pytest.raises(OddGraphError):
        for_any_size(weights)


def test_weights_that_cannot_be_opened_are_loaded_as_they_are() -> None:
    session, _ = open_session(network(1, 3, 4), "cpu", 1, any_size=True)
    assert not session.any_size


@given(st.integers(0, 10_000), st.binary(max_size=40))
def test_damaged_bytes_are_an_odd_graph_or_other_bytes_and_nothing_else(at: int, noise: bytes) -> None:
    weights = network(1, 3, 4, 6)
    at %= len(weights)
    damaged = weights[:at] + noise + weights[at + len(noise) :]
    with contextlib.suppress(OddGraphError):
        assert isinstance(for_any_size(damaged), bytes)
