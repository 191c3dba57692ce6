"""Simulated leaves: pictures and their truth belong together, and a seed gives them again."""

from dataclasses import fields, replace

import numpy as np
import pytest
from deepmath import default_rng
from deepmath.leaves import KNOWN, SPECIES, TIP, Leaves, photograph, specimens
from hypothesis import given, settings
from hypothesis import strategies as st

DRAWN = specimens(100, 7, species=range(5), max_shift=2.5)
SEEN = photograph(DRAWN)
TRUTH = ("mask", "edges", "veins", "tips")


def still(n, seed=0, **kept):
    """Leaves in the middle, upright, without light, blur and noise of their own."""
    drawn = specimens(n, seed, species=range(5), max_turn=0.0, max_shift=0.0)
    return replace(drawn, light=0 * drawn.light, noise=0 * drawn.noise, **kept)


def test_a_seed_gives_the_same_leaves_whatever_else_is_drawn():
    again = photograph(specimens(100, default_rng(7), species=range(5), max_shift=2.5))
    few = photograph(DRAWN[60:71])
    for field in fields(Leaves):
        whole = getattr(SEEN, field.name)
        np.testing.assert_array_equal(whole, getattr(again, field.name))
        np.testing.assert_allclose(whole[60:71], getattr(few, field.name), atol=1e-12)
    assert (photograph(specimens(3, 8)).pictures != photograph(specimens(3, 9)).pictures).any()


def test_the_truth_lies_in_the_picture():
    for name in TRUTH:
        values = getattr(SEEN, name)
        assert values.shape == (100, 32, 32) and 0 <= values.min() and values.max() <= 1
    border = np.ones((32, 32), dtype=bool)
    border[1:-1, 1:-1] = False
    assert SEEN.mask[:, border].max() == 0
    slopes = [np.roll(SEEN.mask, -1, axis) - np.roll(SEEN.mask, 1, axis) for axis in (1, 2)]
    np.testing.assert_allclose(SEEN.edges[:, ~border], np.hypot(*slopes)[:, ~border] / 2)
    assert (SEEN.tips.max(axis=(1, 2)) > 0.9).all()
    assert (SEEN.pictures > -0.2).all() and (SEEN.pictures < 1.4).all()


def test_blades_and_veins_are_brighter_than_the_ground():
    seen = photograph(still(20))
    blade, ground = seen.mask == 1, (seen.mask == 0) & (seen.veins < 0.01)
    vein = blade & (seen.veins > 0.9)
    for i in range(20):
        values = [seen.pictures[i][part[i]].mean() for part in (ground, blade, vein)]
        assert values == sorted(values)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_truth_of_a_turned_leaf_is_turned(k):
    leaves = still(10, blur=np.full(10, 0.5))
    upright, turned = photograph(leaves), photograph(replace(leaves, turn=leaves.turn + 90.0 * k))
    for name in ("pictures", *TRUTH):
        np.testing.assert_allclose(np.rot90(getattr(upright, name), k, axes=(1, 2)),
                                   getattr(turned, name), atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(down=st.integers(-3, 3), right=st.integers(-3, 3))
def test_the_truth_of_a_shifted_leaf_is_shifted(down, right):
    leaves = still(5)
    before, after = photograph(leaves), photograph(replace(leaves, shift=leaves.shift
                                                           + [down, right]))
    inner = slice(8, -8)
    for name in ("mask", "veins", "tips"):
        moved = np.roll(getattr(before, name), (down, right), axis=(1, 2))
        np.testing.assert_allclose(moved[:, inner, inner],
                                   getattr(after, name)[:, inner, inner], atol=1e-9)


def test_species_differ_in_lobes_and_teeth_and_in_nothing_else():
    drawn = still(200, 3)
    leaves = photograph(drawn)
    place = np.arange(32) - 15.5
    angle = np.arctan2(place[:, None], place)
    for number, species in enumerate(SPECIES):
        masks, tips = (each[leaves.species == number] for each in (leaves.mask, leaves.tips))
        order = [abs((masks * np.exp(1j * k * angle)).sum(axis=(1, 2))) for k in range(2, 9)]
        assert (2 + np.argmax(order, axis=0) == species.lobes).mean() > 0.9
        width = drawn.width[leaves.species == number]       # of the spots as of the leaf
        marked = tips.sum(axis=(1, 2)) / (2 * np.pi * TIP**2 * width)
        np.testing.assert_allclose(marked, species.lobes, atol=0.3)
    ragged = leaves.edges.sum(axis=(1, 2)) / np.sqrt(leaves.mask.sum(axis=(1, 2)))
    for smooth, toothed in ((0, 1), (2, 3)):
        assert np.median(ragged[leaves.species == toothed]) > 1.1 * np.median(
            ragged[leaves.species == smooth])
    drawn = specimens(4000, 1)
    for name in ("cut", "width", "radius", "contrast", "blur", "turn"):
        means = [getattr(drawn, name)[drawn.species == each].mean() for each in KNOWN]
        assert np.ptp(means) < 0.15 * np.ptp(getattr(drawn, name))


def test_species_take_turns_and_stay_within_their_ranges():
    drawn = specimens(10, 0, species=(4, 1), max_turn=5.0, max_shift=0.5)
    assert drawn.species.tolist() == [4, 1] * 5 and len(drawn) == 10
    assert abs(drawn.turn).max() <= 5 and abs(drawn.shift).max() <= 0.5
    assert (drawn.tooth[::2] == 0).all() and (drawn.tooth[1::2] > 0).all()


@pytest.mark.parametrize("arguments, told", [
    ({"n": 0}, "n must be a whole number, at least 1; got 0"),
    ({"n": 4, "species": ()}, "species must name some of 0 to 4"),
    ({"n": 4, "species": (5,)}, "species must name some of 0 to 4"),
    ({"n": 4, "species": (-1,)}, "each of species must be a whole number"),
    ({"n": 4, "max_turn": -1}, "max_turn must be a number, zero or more; got -1"),
    ({"n": 4, "max_shift": "far"}, "max_shift must be a number, zero or more; got 'far'")])
def test_what_makes_no_sense_is_refused(arguments, told):
    with pytest.raises(ValueError, match=told):
        specimens(**{"seed": 0, **arguments})
