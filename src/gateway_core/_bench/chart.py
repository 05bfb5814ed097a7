"""Ratios as bars, drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

try:
    import matplotlib as mpl
except ImportError as error:
    raise ImportError("a chart needs matplotlib: pip install matplotlib") from error

from .racing import Row, groups

__all__ = ["chart"]

_OURS = "#5865f2"
_OTHERS = "#b9bbbe"


def chart(rows: Collection[Row], path: Path) -> None:
    """Draw a chart of each group into a PNG file.

    Raises:
        OSError: the file cannot be written.
    """
    mpl.use("Agg")
    from matplotlib import pyplot

    found = list(groups(rows))
    lines = (len(found) + 1) // 2
    figure, axes = pyplot.subplots(lines, 2, figsize=(13, 2.9 * lines), squeeze=False)
    for axis, (group, members) in zip(axes.flat, found, strict=False):
        colours = [_OURS if _is_ours(row["contestant"]) else _OTHERS for row in members]
        bars = axis.barh(
            [row["contestant"] for row in members],
            [row["ratio"] for row in members],
            color=colours,
        )
        axis.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
        axis.axvline(1, color="black", linewidth=0.8)
        axis.set_title(f"{group} ({members[0]['baseline']} = 1)", fontsize=10)
        axis.tick_params(labelsize=8)
        axis.margins(x=0.12)
    for axis in list(axes.flat)[len(found) :]:
        axis.set_visible(False)
    figure.suptitle("times faster than the baseline (higher is better)", fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _is_ours(contestant: str) -> bool:
    return contestant.startswith(("gateway-core", "Shard", "Cluster"))
