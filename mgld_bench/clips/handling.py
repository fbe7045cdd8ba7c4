"""What was done to a clip's samples on the way to 8-bit RGB, in sentences for whoever reads its scores."""

from __future__ import annotations

from collections.abc import Mapping

from mgld_bench.clips.clip import ClipFacts

_MATRICES = {"bt601": "BT.601", "bt709": "BT.709", "bt2020": "BT.2020"}


def handling(facts: ClipFacts) -> tuple[str, ...]:
    """Sentences without subject and full stop; none for RGB frames that are stored as they are shown.

    >>> handling(ClipFacts("a", 1, 8, 8, ("0",), lossy=True))
    ('stored with lossy compression, whose artefacts count in the scores',)
    """
    return sentences(facts.conversion, facts.lossy)


def sentences(conversion: Mapping[str, str], lossy: bool) -> tuple[str, ...]:
    """`handling` for a record of the conversion, such as that in a side file."""
    lines = [_turned(conversion), _untagged(conversion), _samples(conversion), _chroma(conversion), _interlaced(conversion)]
    if "resized" in conversion:
        lines.append(f"resized {conversion['resized']} before scoring, as the protocol declares")
    if lossy:
        lines.append("stored with lossy compression, whose artefacts count in the scores")
    return tuple(line for line in lines if line)


def turned(facts: ClipFacts) -> str:
    """How the frames were turned upright, in words; "" where they were not."""
    return _turned(facts.conversion)


def _turned(conversion: Mapping[str, str]) -> str:
    rotation = conversion.get("rotation", "")
    return f"turned upright (rotation): {rotation}" if rotation and "not applied" not in rotation else ""


def _untagged(conversion: Mapping[str, str]) -> str:
    parts = {
        "colour matrix": (conversion.get("matrix_source"), _MATRICES.get(conversion.get("matrix", ""), "")),
        "range": (conversion.get("range_source"), f"{conversion.get('range', '')} range"),
    }
    assumed = {what: value for what, (source, value) in parts.items() if source == "assumed"}
    stated = {what: value for what, (source, value) in parts.items() if source == "stated"}
    if assumed:
        return f"{' and '.join(assumed)} not tagged: {', '.join(assumed.values())} assumed; state another with --colour"
    if stated:
        return f"{' and '.join(stated)} not tagged: {', '.join(stated.values())}, as was stated"
    return ""


def _samples(conversion: Mapping[str, str]) -> str:
    samples = conversion.get("samples", "")
    return f"samples converted: {samples}" if samples else ""


def _chroma(conversion: Mapping[str, str]) -> str:
    if "chroma" in conversion:
        return f"chroma stored at lower resolution ({conversion['chroma']}) and interpolated"
    if "chroma_location" in conversion:
        return f"chroma stored at lower resolution ({conversion['pixel_format']}) and interpolated"
    return ""


def _interlaced(conversion: Mapping[str, str]) -> str:
    fields = conversion.get("interlaced", "")
    return f"interlaced ({fields}): both fields are kept woven in each frame" if fields else ""
