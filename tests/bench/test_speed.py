from bench.processes import Run
from bench.speed import Timed, rows_of


def test_every_program_is_compared_with_the_first() -> None:
    timed = {
        "ours": Timed([Run(4, 7, 100), Run(2, 5, 120), Run(3, 6, 110)], 1_000_000),
        "theirs": Timed([Run(6, 9, 50)], 4_000_000),
    }
    ours, theirs = rows_of(timed)
    assert ours == ["ours", "3.00", "2.00 - 4.00", "6.00", "1.00 x", "120", "1.00", "100.0 %"]
    assert theirs == ["theirs", "6.00", "6.00 - 6.00", "9.00", "0.50 x", "50", "4.00", "25.0 %"]
