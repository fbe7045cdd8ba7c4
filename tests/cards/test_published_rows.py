"""The rows of published sets as they were read: a digit that changes, fails."""

from __future__ import annotations

import pytest

from mgld_bench.cards.loader import list_cards
from mgld_bench.report.collect.published_sets import PublishedSet, load_published_set

TYPED: dict[str, tuple[tuple[str, ...], str]] = {
    "dove-2025": (
        ("Real-ESRGAN", "ResShift", "RealBasicVSR", "Upscale-A-Video", "MGLD-VSR", "VEnhancer", "STAR", "DOVE"),
        """
UDM10 PSNR 24.04 23.65 24.13 21.72 24.23 21.32 23.47 26.48
UDM10 SSIM .7107 .6016 .6801 .5913 .6957 .6811 .6804 .7827
UDM10 LPIPS .3877 .5537 .3908 .4116 .3272 .4344 .4242 .2696
UDM10 DISTS .2184 .2898 .2067 .2230 .1677 .2310 .2156 .1492
UDM10 CLIP-IQA .4189 .4344 .3494 .4697 .4557 .2852 .2417 .5107
UDM10 FasterVQA .7386 .4772 .7744 .6969 .7489 .5493 .7042 .8064
UDM10 DOVER .7060 .3290 .7564 .7291 .7264 .4576 .4830 .7809
UDM10 E*warp 4.83 6.12 3.10 3.97 3.59 1.03 2.08 1.77
SPMCS PSNR - - - - 22.39 - - -
SPMCS SSIM - - - - .5896 - - -
SPMCS LPIPS - - - - .3263 - - -
SPMCS DISTS - - - - .1960 - - -
SPMCS CLIP-IQA - - - - .4348 - - -
SPMCS FasterVQA - - - - .6745 - - -
SPMCS DOVER - - - - .6754 - - -
SPMCS E*warp - - - - 1.68 - - -
YouHQ40 PSNR - - - - 23.17 - - -
YouHQ40 SSIM - - - - .6194 - - -
YouHQ40 LPIPS - - - - .3608 - - -
YouHQ40 DISTS - - - - .1685 - - -
YouHQ40 CLIP-IQA - - - - .4657 - - -
YouHQ40 FasterVQA - - - - .8363 - - -
YouHQ40 DOVER - - - - .8446 - - -
RealVSR PSNR - - - - 22.02 - - -
RealVSR SSIM - - - - .6774 - - -
RealVSR LPIPS - - - - .2182 - - -
RealVSR DISTS - - - - .1169 - - -
RealVSR CLIP-IQA - - - - .4510 - - -
RealVSR FasterVQA - - - - .7707 - - -
RealVSR DOVER - - - - .7508 - - -
RealVSR E*warp - - - - 3.16 - - -
MVSR4x PSNR - - - - 22.77 - - -
MVSR4x SSIM - - - - .7418 - - -
MVSR4x LPIPS - - - - .3568 - - -
MVSR4x DISTS - - - - .2245 - - -
MVSR4x CLIP-IQA - - - - .3769 - - -
MVSR4x FasterVQA - - - - .6764 - - -
MVSR4x DOVER - - - - .6214 - - -
MVSR4x E*warp - - - - 1.55 - - -
VideoLQ CLIP-IQA - - - - .3465 - - -
VideoLQ FasterVQA - - - - .7412 - - -
VideoLQ DOVER - - - - .7421 - - -
VideoLQ E*warp - - - - 6.79 - - -
""",
    ),
    "seedvr-2025": (
        ("Real-ESRGAN", "SD x4 upscaler", "ResShift", "RealViformer", "MGLD-VSR", "Upscale-A-Video", "VEnhancer", "SeedVR"),
        """
SPMCS PSNR 22.55 22.75 23.14 24.19 23.41 22.30 18.20 22.37
SPMCS SSIM .637 .535 .598 .663 .633 .567 .507 .607
SPMCS LPIPS .406 .554 .547 .378 .369 .489 .455 .341
SPMCS DISTS .189 .247 .261 .186 .166 .245 .194 .141
UDM10 PSNR 24.78 26.01 25.56 26.70 26.11 25.28 21.48 25.76
UDM10 SSIM .763 .698 .743 .796 .772 .755 .691 .771
UDM10 LPIPS .270 .424 .417 .285 .273 .314 .349 .231
UDM10 DISTS .156 .234 .211 .166 .144 .187 .175 .116
REDS30 PSNR 21.67 22.94 22.72 23.34 22.74 22.57 19.83 20.44
REDS30 SSIM .573 .563 .572 .615 .578 .578 .545 .534
REDS30 LPIPS .389 .551 .509 .328 .271 .497 .508 .346
REDS30 DISTS .179 .268 .234 .154 .097 .271 .229 .138
YouHQ40 PSNR 22.31 22.51 22.67 23.26 22.62 22.08 18.68 21.15
YouHQ40 SSIM .605 .528 .579 .606 .576 .548 .510 .554
YouHQ40 LPIPS .342 .518 .432 .362 .356 .435 .449 .298
YouHQ40 DISTS .169 .242 .215 .193 .166 .236 .175 .118
VideoLQ NIQE 4.014 4.584 4.829 4.007 3.888 5.545 4.264 3.874
VideoLQ MUSIQ 60.45 43.64 59.69 57.50 59.50 41.08 52.59 54.41
VideoLQ CLIP-IQA .361 .296 .487 .312 .350 .253 .289 .355
""",
    ),
    "seedvr2-2026": (
        ("RealViformer", "MGLD-VSR", "Upscale-A-Video", "VEnhancer", "STAR", "SeedVR-7B", "SeedVR2-3B", "SeedVR2-7B"),
        """
SPMCS PSNR 24.19 23.41 21.69 18.20 22.58 20.78 22.97 22.90
SPMCS SSIM .663 .633 .519 .507 .609 .575 .646 .638
SPMCS LPIPS .378 .369 .508 .455 .420 .395 .306 .322
SPMCS DISTS .186 .166 .229 .194 .229 .166 .131 .134
UDM10 PSNR 26.70 26.11 24.62 21.48 24.66 24.29 25.61 26.26
UDM10 SSIM .796 .772 .712 .691 .747 .731 .784 .798
UDM10 LPIPS .285 .273 .323 .349 .359 .264 .218 .203
UDM10 DISTS .166 .144 .178 .175 .195 .124 .106 .101
REDS30 PSNR 23.34 22.74 21.44 19.83 22.04 21.74 21.90 22.27
REDS30 SSIM .615 .578 .514 .545 .593 .596 .598 .606
REDS30 LPIPS .328 .271 .397 .508 .487 .340 .350 .337
REDS30 DISTS .154 .097 .181 .229 .229 .122 .135 .127
YouHQ40 PSNR 23.26 22.62 21.32 18.68 22.15 20.60 22.10 22.46
YouHQ40 SSIM .606 .576 .503 .509 .575 .546 .595 .600
YouHQ40 LPIPS .362 .356 .404 .449 .451 .323 .284 .274
YouHQ40 DISTS .193 .166 .196 .175 .213 .134 .122 .110
""",
    ),
    "flashvsr-2026": (
        ("Upscale-A-Video", "STAR", "RealViformer", "DOVE", "SeedVR2-3B", "FlashVSR-Full", "FlashVSR-Tiny"),
        """
YouHQ40 PSNR 23.19 23.19 23.67 24.39 23.05 23.13 23.31
YouHQ40 SSIM .6075 .6388 .6189 .6651 .6248 .6004 .6110
YouHQ40 LPIPS .4585 .4705 .4476 .4011 .3876 .3874 .3866
YouHQ40 NIQE 4.834 7.275 3.360 4.890 3.751 3.382 3.489
YouHQ40 MUSIQ 43.07 35.05 62.73 61.60 62.31 69.16 66.63
YouHQ40 CLIP-IQA .3380 .2974 .4451 .4437 .4909 .5873 .5221
YouHQ40 DOVER 6.889 7.363 9.739 11.29 12.43 12.71 12.66
REDS PSNR 24.84 24.01 25.96 25.60 24.83 23.92 24.11
REDS LPIPS .4168 .371 .2997 .3077 .3124 .3439 .3432
SPMCS PSNR 23.95 23.68 25.61 25.46 23.62 23.84 24.02
SPMCS LPIPS .4277 .3910 .3437 .3289 .3417 .3436 .3451
VideoLQ NIQE 4.889 5.534 3.428 5.292 5.205 3.803 4.070
VideoLQ MUSIQ 44.19 40.19 57.60 45.05 43.39 55.48 52.27
VideoLQ CLIP-IQA .2491 .2786 .3183 .2906 .2593 .4184 .3601
VideoLQ DOVER 5.912 5.889 6.591 6.786 6.040 8.149 7.481
""",
    ),
    "recavsr-2026": (
        ("RealViformer", "Upscale-A-Video", "STAR", "DOVE", "SeedVR2-3B", "SparkVSR", "SwiftVR", "FlashVSR-Tiny"),
        """
REDS30 PSNR 23.32 21.15 22.14 23.28 22.17 23.29 21.33 21.41
REDS30 SSIM .5967 .5143 .5432 .6103 .5860 .6050 .5234 .5399
REDS30 LPIPS .3043 .4036 .4967 .3773 .3158 .3909 .3564 .3311
REDS30 DOVER .3293 .2801 .2068 .3337 .3679 .3200 .3893 .3477
UDM10 PSNR 26.65 24.68 25.49 26.39 25.99 26.31 25.41 24.41
UDM10 SSIM .7483 .6991 .7237 .7504 .7313 .7430 .7213 .7008
UDM10 LPIPS .2670 .3070 .3677 .2341 .2150 .2554 .2640 .2528
UDM10 DOVER .4646 .4232 .2455 .4996 .5013 .4823 .4744 .5507
YouHQ40 PSNR 24.17 22.98 23.46 24.29 23.66 24.21 23.08 22.68
YouHQ40 LPIPS .3408 .3508 .4545 .2920 .2726 .3152 .2912 .2742
YouHQ40 DOVER .6149 .5763 .4308 .6649 .6709 .6287 .6877 .6916
VideoLQ NIQE 4.3616 4.9571 5.6624 5.0218 4.7326 5.0373 4.4435 3.9488
VideoLQ MUSIQ 49.22 44.13 35.29 44.91 41.68 42.48 50.46 50.73
VideoLQ CLIP-IQA .3263 .2837 .2454 .2942 .2428 .2890 .3583 .3623
VideoLQ DOVER .4621 .4204 .4135 .4972 .4455 .4797 .4957 .5339
""",
    ),
    "star-2025": (
        ("MGLD-VSR",),
        """
UDM10 PSNR 23.74
UDM10 SSIM .6826
UDM10 LPIPS .2195
UDM10 DOVER .4896
UDM10 E*warp 6.03
REDS30 PSNR 20.57
REDS30 SSIM .5113
REDS30 LPIPS .2240
REDS30 DOVER .3857
REDS30 E*warp 12.28
OpenVid30 PSNR 24.73
OpenVid30 SSIM .7686
OpenVid30 LPIPS .2074
OpenVid30 DOVER .7191
OpenVid30 E*warp 4.82
VideoLQ ILNIQE 23.94
VideoLQ DOVER .5319
VideoLQ E*warp 7.82
""",
    ),
    "rerun-seed-42-2026": (
        ("Bicubic", "MGLD-VSR"),
        """
UDM10 PSNR 29.66 26.48
UDM10 SSIM .8692 .7665
UDM10 LPIPS .1584 .2530
VideoLQ NIQE - 3.73
VideoLQ BRISQUE - 25.94
VideoLQ MUSIQ - 50.94
VideoLQ CLIP-IQA - .346
""",
    ),
    "fastvr-2026": (
        ("STAR", "SeedVR-7B", "Vivid-VR", "DOVE", "SATB-VR", "SeedVR2-7B", "FlashVSR-Tiny", "FlashVSR-Full", "FastVR"),
        """
UDM10 PSNR 27.29 27.80 24.54 30.53 28.67 29.04 26.82 26.36 28.76
SPMCS PSNR 24.18 24.08 21.73 24.80 24.18 26.07 23.57 23.44 23.50
YouHQ40 PSNR 22.92 22.46 21.31 24.10 23.67 24.00 22.77 22.56 23.10
VideoLQ DOVER 8.758 7.240 9.743 8.780 9.577 6.331 8.954 9.360 9.761
""",
    ),
}
"""By set: the methods in the order of the columns, and a line per dataset and metric; "-": not printed."""
CHECKED = {
    # The two copies of the table agree in every value of these rows.
    "seedvr-2025": 152,
    # What SeedVR prints as well.
    "seedvr2-2026": 47,
    # What ReCaVSR and RelayVSR both print.
    "recavsr-2026": 90,
    # MGLD-VSR on UDM10, and DOVE's DOVER and E*warp there.
    "dove-2025": 10,
    "flashvsr-2026": 0,
    "fastvr-2026": 0,
    "star-2025": 0,
    "rerun-seed-42-2026": 0,
    "mgld-2024": 207,
}


@pytest.fixture(scope="module")
def sets() -> dict[str, PublishedSet]:
    return {name: load_published_set(name) for name in CHECKED}


def test_every_set_that_is_shipped_is_held_here() -> None:
    assert {entry.name for entry in list_cards("published")} == set(CHECKED) == {*TYPED, "mgld-2024"}


@pytest.mark.parametrize("name", TYPED)
def test_the_rows_are_those_of_the_source(name: str, sets: dict[str, PublishedSet]) -> None:
    methods, lines = TYPED[name]
    typed = {}
    for line in lines.strip().splitlines():
        dataset, metric, *values = line.split()
        for method, value in zip(methods, values, strict=True):
            if value != "-":
                typed[dataset, method, metric] = value if value[0] != "." else f"0{value}"
    assert {(row.dataset, row.method, row.metric): row.text for row in sets[name].rows} == typed


@pytest.mark.parametrize("name", CHECKED)
def test_how_many_values_were_checked(name: str, sets: dict[str, PublishedSet]) -> None:
    assert sum(not row.unchecked for row in sets[name].rows) == CHECKED[name]


@pytest.mark.parametrize("name", TYPED)
def test_every_row_names_its_source(name: str, sets: dict[str, PublishedSet]) -> None:
    assert all(row.source and row.table for row in sets[name].rows)
    assert all(row.link.startswith("https://") for row in sets[name].rows) != (name == "rerun-seed-42-2026")


def test_two_papers_that_share_rows_are_checked_where_they_agree(sets: dict[str, PublishedSet]) -> None:
    first = {(row.dataset, row.method, row.metric): row.text for row in sets["seedvr-2025"].rows}
    for row in sets["seedvr2-2026"].rows:
        assert row.unchecked == (first.get((row.dataset, row.method, row.metric)) != row.text)
