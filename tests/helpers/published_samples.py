"""Published sets made by hand: what a paper printed, as a card and a CSV file."""

from __future__ import annotations

from pathlib import Path

from mgld_bench.report.collect.published_sets import PublishedSet, load_published_set


def published_card(folder: Path, name: str, rows: str, more: str = "") -> PublishedSet:
    """A set of the card folder ``folder``.

    Args:
        rows: lines "DATASET METHOD METRIC VALUE", with "unchecked" behind a value that is.
        more: further lines of the card; without any, its metrics are psnr.rgb, ssim.rgb and lpips.alex, of Bicubic and One.
    """
    place = folder / "reports/published"
    place.mkdir(parents=True, exist_ok=True)
    lines = ["table,dataset,method,metric,value,reading,source,link"]
    for row in rows.strip().splitlines():
        dataset, method, metric, value, *reading = row.split()
        lines.append(
            f"Table 2,{dataset},{method},{metric},{value},{(reading or ['checked'])[0]},Somebody 2025,https://example.org"
        )
    (place / f"{name}.csv").write_text("\n".join(lines) + "\n")
    card = f"name: {name}\ntitle: Paper {name}\nfile: {name}.csv\n" + (
        more or "variants: {psnr: psnr.rgb, ssim: ssim.rgb, lpips: lpips.alex}\nrows: {bicubic: Bicubic, one: One}\n"
    )
    (place / f"{name}.yaml").write_text(card)
    return load_published_set(name, (folder,))
