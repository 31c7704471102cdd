"""Draws the two pictures of docs/canary-guide.md, from the built-in plan: `.venv/bin/python docs/.site/drawings.py`."""

import math
from collections.abc import Iterator
from pathlib import Path

import yaml

from catalog.built_in import BUILT_IN_DEFAULTS
from catalog.canary import Analysis, Pause, SetWeight
from catalog.quantities import Duration
from catalog.services import Service
from catalog.statistics import surely_too_many
from observability.analysis import background_analysis, template_spec
from observability.analysis_checks import minimum_requests

IMAGES = Path(__file__).resolve().parents[1] / "images"

_CANARY, _STABLE, _GOOD, _BAD, _UNSURE, _INK, _FAINT = (
    "#ff780a", "#3274d9", "#56a64b", "#e02f44", "#f2cc0c", "#24292e", "#d0d4d9",
)  # fmt: skip


def drawings() -> dict[str, str]:
    """By the name of its file, each picture."""
    plain = {"name": "a-api", "project": "A", "port": 8001, "image": "registry.example.com/a:1.0.0"}
    service = Service.model_validate({**yaml.safe_load(yaml.safe_dump(dict(BUILT_IN_DEFAULTS))), **plain})
    return {"canary-timeline.svg": timeline(service), "canary-verdicts.svg": verdicts(service)}


def timeline(service: Service) -> str:
    """A healthy release of a plan: the weight over time, and when each check is measured."""
    stages, seconds = list(_stages(service)), 0.0
    ends = [seconds := seconds + length for _, _, length in stages]
    total = ends[-1]

    def x(at: float) -> float:
        return 150 + at / total * 780

    parts = [_text(540, 24, "A healthy release with all defaults", "middle", 16)]
    for (weight, name, length), end in zip(stages, ends, strict=True):
        left, high = x(end - length), weight * 1.2
        parts += [_box(left, 190 - high, x(end) - left, high, _CANARY), _line(left, 40, left, 330)]
        parts += [_text((left + x(end)) / 2, 208, name, "middle", 12)]
    parts += [
        _box(x(total), 70, 30, 120, _GOOD),
        _line(x(total), 40, x(total), 330),
        _text(x(total) + 30, 36, "promoted", "end"),
    ]
    parts += [_text(140, 190 - weight * 1.2 + 4, f"{weight} %", "end", 12) for weight in (0, 10, 50, 100)]
    parts += [_text(140, 54, "weight", "end", 12)]
    rows = [("steps: errors, p95", list(_gates(service, stages)), _STABLE, 5.0)]
    background = background_analysis(service)
    if background:
        said = {each["name"]: each["value"] for each in background["args"] if "value" in each}
        every = Duration.parse(said["interval"])
        for title, key in (("beside: errors", "error-delay"), ("beside: p95", "initial-delay")):
            rows.append((title, list(_repeated(Duration.parse(said[key]), every, total)), _CANARY, 2.5))
    for row, (title, moments, colour, radius) in enumerate(rows):
        y = 240 + 32 * row
        parts += [_text(140, y + 4, title, "end", 12), _line(150, y, 930, y)]
        parts += [f'<circle cx="{x(at):.1f}" cy="{y}" r="{radius}" fill="{colour}"/>' for at in moments]
    parts += [_text(x(at), 350, f"{at / 60:g} min", "middle", 12) for at in range(0, int(total) + 1, 120)]
    return _svg(980, 366, parts)


def _stages(service: Service) -> Iterator[tuple[int, str, float]]:
    """Weight, name and seconds of each step that takes time; pods are taken to be there at once."""
    weight, defaults = 0, _of_steps(service)
    for step in service.canary.steps:
        if isinstance(step, SetWeight):
            weight = step.set_weight
        elif isinstance(step, Pause):
            yield weight, f"pause {step.pause}", 0 if step.pause == "forever" else float(step.pause)
        elif isinstance(step, Analysis):
            first, every = Duration.parse(defaults["initial-delay"]), Duration.parse(defaults["interval"])
            yield weight, "analysis", first + (int(defaults["count"]) - 1) * every


def _gates(service: Service, stages: list[tuple[int, str, float]]) -> Iterator[float]:
    """When the analyses of the steps measure."""
    defaults, begun = _of_steps(service), 0.0
    for _, name, length in stages:
        if name == "analysis":
            first, every = Duration.parse(defaults["initial-delay"]), Duration.parse(defaults["interval"])
            yield from (begun + first + index * every for index in range(int(defaults["count"])))
        begun += length


def _repeated(first: float, every: float, end: float) -> Iterator[float]:
    yield from (first + index * every for index in range(int((end - first) / every) + 1))


def _of_steps(service: Service) -> dict[str, str]:
    """The arguments of the AnalysisTemplate, which are those of the steps."""
    return {each["name"]: each["value"] for each in template_spec(service, "", "")["args"] if "value" in each}


def verdicts(service: Service) -> str:
    """What a measurement of the error rate says, by how many requests it is made of."""
    limit, least = float(service.canary.analysis.error_rate or 0), minimum_requests(service.canary.analysis)

    def x(requests: float) -> float:
        return 90 + (math.log10(requests) - 1) / 2.7 * 780

    def y(share: float) -> float:
        return 350 - share * 3000

    counts = [least * (5000 / least) ** (index / 60) for index in range(61)]
    surely = [(x(n), y(surely_too_many(round(n), limit) / round(n))) for n in counts]
    curve = " ".join(f"{a:.1f},{b:.1f}" for a, b in surely)
    parts = [_text(480, 24, f"One measurement of the error rate, limit {limit * 100:g} %", "middle", 16)]
    parts += [_box(90, 50, x(least) - 90, 300, _FAINT), _box(x(least), 50, x(5000) - x(least), y(limit) - 50, _BAD)]
    corners = f"{curve} {x(5000):.1f},{y(limit):.1f} {x(least):.1f},{y(limit):.1f}"
    parts.append(f'<polygon points="{corners}" fill="{_UNSURE}" fill-opacity="0.45"/>')
    parts += [_box(x(least), y(limit), x(5000) - x(least), 350 - y(limit), _GOOD)]
    parts += [_text(x(n), 368, f"{n:,}", "middle", 12) for n in (10, least, 100, 200, 500, 1000, 2000, 5000)]
    parts += [_text(82, y(share / 100) + 4, f"{share} %", "end", 12) for share in range(0, 11, 2)]
    parts += [_text(480, 390, "requests that the canary answered within the window", "middle", 12)]
    parts += [
        _text((90 + x(least)) / 2, 190, "too few requests:", "middle"),
        _text((90 + x(least)) / 2, 208, "onNoTraffic", "middle"),
    ]
    parts += [_text(640, 130, "failure: taken back", "middle", 15), _text(640, 325, "success", "middle", 15)]
    parts += [_text(x(85), y(0.034), "no verdict: may be chance", "start")]
    return _svg(900, 402, parts)


def _svg(width: int, height: int, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
    return "\n".join([head, _box(0, 0, width, height, "#ffffff", opacity=1), *parts, "</svg>"]) + "\n"


def _box(left: float, top: float, width: float, height: float, colour: str, *, opacity: float = 0.45) -> str:
    at = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {at} fill="{colour}" fill-opacity="{opacity}"/>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{_FAINT}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 13) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{_INK}">{text}</text>'


if __name__ == "__main__":
    for name, picture in drawings().items():
        (IMAGES / name).write_text(picture, encoding="utf-8")
