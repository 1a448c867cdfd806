"""Load the dataset, print some claims, and plot who claims how many: one bar per interval, grouped by harm.

Harm that somebody denies, or speaks of without claiming it, is listed in words: its numbers are no claim. Whoever
disputes a claim is named with it.

    python examples/load_and_look.py                       # builds the dataset from the corpus first
    python examples/load_and_look.py dist/dataset counts.png

Needs contested-claims[dataset] and matplotlib, and no network.
"""

import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from textwrap import shorten
from typing import Any

from datasets import Dataset, load_dataset
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

# Okabe and Ito's colours, which colour-blind readers can tell apart, and a marker each, for paper without colours.
LOOKS = {
    "person": ("#0072B2", "o"),
    "organisation": ("#D55E00", "s"),
    "group": ("#009E73", "^"),
    "document": ("#CC79A7", "D"),
    "media": ("#56B4E9", "P"),
    "unspecified": ("#E69F00", "X"),
    "the text itself": ("#666666", "v"),
}


CLAIMED = ("asserted", "possible")
"""The values of `factuality` with which a source claims that the harm took place."""


def list_sources(claim: dict[str, Any]) -> list[dict[str, Any]]:
    """Return who claims the harm, denies it or only speaks of it, the nearest source first."""
    return [source for role in ("claimant", "denier", "speaker") for source in claim[role]]


def name_sources(claim: dict[str, Any]) -> str:
    """Return the words for who says it."""
    return "; ".join(source["text"] for source in list_sources(claim)) or "the text itself"


def name_disputants(claim: dict[str, Any]) -> str:
    """Return the words for who else holds the claim false; empty if nobody does.

    `disputed_by` also has the nearest source where its own word is one of denial, as in "the army denied killing five".
    """
    nearest = {source["id"] for source in list_sources(claim) if source["distance"] <= 1}
    return "; ".join(source["text"] for source in claim["disputed_by"] if source["id"] not in nearest)


def describe_harm(claim: dict[str, Any], scope: str) -> str:
    """Describe the harm of a claim. Claims with equal article, means, place, time and scope are of one harm."""
    roles = [claim[role] for role in ("means_text", "place_text", "time_text") if claim[role]]
    words = shorten("; ".join(roles), 65, placeholder=" …") or "no means, place or time given"
    return f"{words}  ({claim['article']}, {'a sum of several' if scope == 'aggregate' else 'one incident'})"


def draw_claim(axes: Any, y: float, claim: dict[str, Any], kind: str, factuality: str, right: float) -> None:
    """Draw one claim: a mark for one number, a bar for two, an arrow where the words leave an end open.

    What is not claimed is only written.
    """
    colour, marker = LOOKS[kind]
    low, high = claim["minimum"], claim["maximum"]
    ends = [end for end in (low, high) if end is not None]
    words = "–".join(f"{end:,}" for end in dict.fromkeys(ends)) or "no number"
    disputants = name_disputants(claim)
    dispute = f", disputed by {shorten(disputants, 40, placeholder=' …')}" if disputants else ""
    if factuality not in CLAIMED:
        axes.text(1, y, f"{factuality}: {words}{dispute}", fontsize=9, fontstyle="italic", color="#555555", va="center")
        return
    if factuality != "asserted":
        words += f" ({factuality})"
    layout = {"ha": "center" if ends else "left", "fontsize": 9, "textcoords": "offset points"}
    if dispute:
        words += dispute
        layout["ha"] = "right" if ends and ends[0] > right**0.5 else "left"  # long words stay in the plot
    axes.plot(ends, [y] * len(ends), color=colour, marker=marker, markersize=8, linewidth=4)
    axes.annotate(words, (ends[0] if ends else 1, y), (0, 8 if ends else -3), **layout)
    if len(ends) == 1:
        arrow = {"arrowstyle": "->", "color": colour, "linestyle": "--", "linewidth": 1.5}
        axes.annotate("", (right if high is None else 1, y), (ends[0], y), arrowprops=arrow)


def plot_claims(claims: Dataset, path: Path) -> tuple[int, int]:
    """Plot the claims that give a count, list the harm that is not claimed, and return the number of both."""
    wording, scope, factuality = (claims.features[name].int2str for name in ("stated", "scope", "factuality"))
    kind_of = claims.features["claimant"].feature["kind"].int2str

    def is_claimed(claim: dict[str, Any]) -> bool:
        return factuality(claim["factuality"]) in CLAIMED

    shown = [c for c in claims if wording(c["stated"]) not in ("uncounted", "unknown") or not is_claimed(c)]
    counted = [claim for claim in shown if is_claimed(claim)]
    right = 2 * max([10, *(claim[end] or 0 for claim in counted for end in ("minimum", "maximum"))])
    groups = [
        (words, list(group))
        for words, group in groupby(shown, lambda claim: describe_harm(claim, scope(claim["scope"])))
    ]
    height = 0.62 * len(shown) + 0.5 * len(groups)
    figure = Figure(figsize=(11, 1.6 + height), layout="constrained")
    axes = figure.subplots()
    y, labels, kinds = 0.0, [], set()
    for words, group in groups:
        y -= 0.5
        axes.text(0.8, y, words, fontsize=10, fontweight="bold", va="center")
        for claim in group:
            y -= 0.62
            sources = list_sources(claim)
            kind = kind_of(sources[0]["kind"]) if sources else "the text itself"
            if is_claimed(claim):
                kinds.add(kind)
            draw_claim(axes, y, claim, kind, factuality(claim["factuality"]), right)
            who = shorten(name_sources(claim), 48, placeholder=" …")
            labels.append((y, f"{who}\n“{shorten(claim['text'], 46, placeholder=' …')}”"))
        axes.axhline(y - 0.33, color="#dddddd", linewidth=1)
    axes.set(xscale="log", xlim=(0.75, right), ylim=(y - 0.4, 0), xlabel="people, on a logarithmic scale")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_yticks([y for y, _ in labels], [words for _, words in labels], fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    marks = [Line2D([], [], color=c, marker=m, label=kind) for kind, (c, m) in LOOKS.items() if kind in kinds]
    figure.suptitle("Who claims how many", fontsize=13)
    figure.legend(handles=marks, loc="outside lower center", ncols=len(marks), frameon=False)
    figure.savefig(path, dpi=130)
    return len(counted), len(shown) - len(counted)


def main(folder: str, picture: str = "contested-counts.png") -> None:
    if not Path(folder, "manifest.json").is_file():
        sys.exit(f"{folder} holds no dataset; write it with `annotate build --out {folder}`")
    claims = load_dataset(folder, "casualty_claims", split="test")
    for claim in claims.select(range(5)):
        stated, factuality = (claims.features[name].int2str(claim[name]) for name in ("stated", "factuality"))
        words = [name_sources(claim), claim["text"], f"{stated} {claim['minimum']} {claim['maximum']}", factuality]
        if disputants := name_disputants(claim):
            words.append(f"disputed by {disputants}")
        print(" | ".join(words))
    plotted, listed = plot_claims(claims, Path(picture))
    print(f"{len(claims)} rows; {picture} plots the {plotted} claims that give a count, and lists {listed} not claimed")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        folder, *picture = sys.argv[1:] or [f"{scratch}/dataset"]
        if not sys.argv[1:] and (code := subprocess.call(["annotate", "build", "--out", folder])):
            sys.exit(code)
        main(folder, *picture)
