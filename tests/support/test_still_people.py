import numpy as np
import pytest

from bench.still_people import StillClip, Variant, still_clip

HEIGHTS_PX = (10, 16, 24, 40)


def clip_of(variant: Variant, height_px: int, seconds: float = 2.0, seed: int = 1) -> StillClip:
    clip = still_clip(variant, height_px, seed=seed, seconds=seconds)
    if clip is None:
        pytest.skip("the PETS clip cannot be had here")
    return clip


@pytest.mark.parametrize("height_px", HEIGHTS_PX)
@pytest.mark.parametrize("variant", Variant)
def test_the_person_is_there_and_the_empty_place_shows_nobody(variant: Variant, height_px: int) -> None:
    clip = clip_of(variant, height_px, seconds=0 if variant is Variant.RETURNING else 2)
    rows = np.flatnonzero(clip.mask_at(clip._first_stay_s()).any(axis=1))
    assert rows.size
    assert rows[-1] - rows[0] < 1.2 * height_px + 3
    assert clip.shown_share(clip.empty) == 0.0
    assert clip.shown_share(clip.clean_at(clip._first_stay_s())) == 1.0


def test_somebody_standing_does_not_move_at_all() -> None:
    clip = clip_of(Variant.STANDING, 24, seconds=10)
    assert (clip.clean_at(0) == clip.clean_at(9.8)).all()
    frames = [frame for _, frame in clip]
    assert len(frames) == 50
    assert (frames[0] != frames[1]).any()
    assert np.abs(frames[0].astype(int) - clip.clean_at(0)).mean() < 3


def test_somebody_returns_to_one_spot_fifty_times() -> None:
    clip = clip_of(Variant.RETURNING, 24, seconds=0)
    assert len(clip._visits) == 50
    stays = [clip.mask_at(visit.stay_s + 0.5) for visit in clip._visits]
    assert all((stay == stays[0]).all() for stay in stays)
    away = [not clip.mask_at(visit.gone_s + 0.5).any() for visit in clip._visits]
    assert all(away)


def test_a_drifting_person_moves_a_pixel_a_second() -> None:
    clip = clip_of(Variant.DRIFTING, 40, seconds=20)
    columns = [float(np.nonzero(clip.mask_at(time_s))[1].mean()) for time_s in (0, 20)]
    assert abs(columns[1] - columns[0]) == pytest.approx(20, abs=6)


def test_a_seed_gives_the_same_clip_again() -> None:
    one, other, third = clip_of(Variant.STANDING, 32, seed=5), clip_of(Variant.STANDING, 32, seed=5), clip_of(Variant.STANDING, 32, seed=6)
    assert all((a == b).all() for (_, a), (_, b) in zip(one, other, strict=True))
    assert (one.clean_at(0) != third.clean_at(0)).any()
