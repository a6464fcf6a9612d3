from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from passerby.record.ages import Moment
from passerby.record.promises import Promises, read_promises


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.integers(-1, 100))
def test_a_recording_may_reach_the_shortest_of_all_promises_from_its_time_on(tmp_path_factory: object, lengths: list[int], at: int) -> None:
    promises = Promises()
    for number, length in enumerate(lengths):
        promises = promises.made(Moment(0, 10.0 * number), float(length))
    in_force = max(0, min(at // 10, len(lengths) - 1))
    assert promises.limit_s(Moment(0, float(at))) == min(lengths[in_force:])
    assert promises.retention_s == lengths[-1]


def test_what_nothing_was_promised_for_may_not_be_kept() -> None:
    assert Promises().limit_s(Moment(0, 0.0)) == 0.0


def test_promises_are_kept_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "promises.json"
    made = Promises().made(Moment(0, 5.0), 60.0).made(Moment(2, 1.0), 120.0)
    made.save(path)
    again = read_promises(path)
    for moment in (Moment(0, 0.0), Moment(0, 9.0), Moment(1, 0.0), Moment(2, 1.0), Moment(3, 0.0)):
        assert again.limit_s(moment) == made.limit_s(moment)
    path.write_bytes(b"{")
    assert read_promises(path).retention_s is None
    assert read_promises(tmp_path / "nowhere").retention_s is None
