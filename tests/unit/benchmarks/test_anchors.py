import pytest
from benchmarks.rd.anchors import measure

from sidelight.evaluate.codecs.pillow import jpeg


@pytest.mark.parametrize(
    ("rate", "offset_db", "equal"),
    [(1, 0, True), (1.009, 0.04, True), (1.02, 0, False), (1, 0.06, False), (1, -0.06, False)],
)
def test_an_anchor_is_met_within_a_percent_and_a_twentieth_of_a_db(
    make_picture, rate, offset_db, equal
):
    images = [make_picture(48, 64, seed=k) for k in range(2)]
    ours = measure(jpeg(50), {"bpp": 1.0, "psnr": 30.0}, images)
    anchor = {"bpp": ours["bpp"] / rate, "psnr": ours["psnr_db"] + offset_db}
    record = measure(jpeg(50), anchor, images)
    assert record["equal"] is equal
    assert record["rate_difference_percent"] == pytest.approx(100 * (rate - 1))
    assert record["psnr_difference_db"] == pytest.approx(-offset_db)


def test_the_rate_is_the_mean_over_pictures_of_different_sizes(make_picture):
    images = [make_picture(16, 16), make_picture(48, 64)]
    rates = [8 * len(jpeg(50).encode(image)) / image[..., 0].size for image in images]
    ours = measure(jpeg(50), {"bpp": 1.0, "psnr": 30.0}, images)
    assert ours["bpp"] == pytest.approx(sum(rates) / 2)
    assert ours["num_images"] == 2
