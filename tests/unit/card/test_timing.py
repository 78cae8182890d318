"""Estimates checked against sums done by hand from the formats of the standards."""

import pytest

from yohaku.card.timing import LINK_MODELS, CardTimes, PlannedCommand, estimate


def test_a_contact_exchange_by_hand() -> None:
    """5 + 66 bytes and two blocks of 4 more, 12 etu each; two waits of 22 etu; etu = 1 / 9600 s."""
    model = LINK_MODELS["contact-9600"]
    etu = 1_000_000 / 9_600
    assert model.microseconds(5, 66) == pytest.approx(((71 + 8) * 12 + 2 * 22) * etu)
    assert model.floor(5, 66) == pytest.approx(71 * 12 * etu)


def test_a_contactless_exchange_by_hand() -> None:
    """10 etu a byte, 3 bytes and SOF + EOF of 22 etu a block, 144 subcarrier cycles before an answer."""
    etu = 128 / 13.56
    wanted = (71 + 6) * 10 * etu + 2 * (22 * etu + 144 * 16 / 13.56)
    assert LINK_MODELS["type-b-106"].microseconds(5, 66) == pytest.approx(wanted)


def test_a_long_answer_is_a_chain_of_blocks_with_an_acknowledgement() -> None:
    model = LINK_MODELS["contact-9600"]
    etu = 1_000_000 / 9_600
    assert model.microseconds(5, 258) == pytest.approx(((263 + 4 * 4) * 12 + 4 * 22) * etu)


@pytest.mark.parametrize("model", LINK_MODELS.values(), ids=lambda model: model.name)
def test_no_estimate_is_below_the_floor(model: object) -> None:
    steps = [PlannedCommand(5, 66), PlannedCommand(260, 2, 3)]
    found = estimate(steps, model, CardTimes(command_us=1_000, page_us=5_000))  # type: ignore[arg-type]
    assert 0 < found.floor_ms < found.link_ms < found.total_ms
    assert found.card_ms == pytest.approx(2 * 1 + 3 * 5)


def test_a_faster_link_is_faster() -> None:
    steps = [PlannedCommand(5, 258)] * 3
    times = [estimate(steps, model).total_ms for model in LINK_MODELS.values()]
    assert times[:3] == sorted(times[:3], reverse=True)
    assert times[3:] == sorted(times[3:], reverse=True)


def test_a_card_that_takes_small_blocks_needs_more_of_them() -> None:
    model, steps = LINK_MODELS["contact-9600"], [PlannedCommand(5, 66)]
    wide, small = (estimate(steps, model, CardTimes(block=block)) for block in (254, 32))
    etu = 1_000_000 / 9_600
    assert wide.link_ms == estimate(steps, model).link_ms
    assert small.link_ms - wide.link_ms == pytest.approx(4 * (4 * 12 + 22) * etu / 1000), "2 blocks, 2 acknowledgements"
