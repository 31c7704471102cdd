"""An expression evaluated by Prometheus itself, over samples that a test makes up (`promtool test rules`)."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml

from local import programs

SCRAPE_SECONDS = 15
"""The samples of a series are this far apart; the first is at 0 s."""

Answer = float | Literal["NaN", "nothing"]
"""What an expression without labels answers, to six decimals; `nothing` is an empty result."""

Series = Mapping[str, str]
"""Samples by series, in promtool's notation: "0+2x3 _x4 stale" is 0 2 4 6, four missing ones and the end."""


def otherwise(folder: Path, expression: str, series: Series, seconds: int, answer: Answer) -> str:
    """What Prometheus answers at that time where it is not `answer`; empty where it is."""
    file = folder / "test.yaml"
    test = _test(expression, series, seconds, answer)
    file.write_text(yaml.safe_dump({"fuzzy_compare": True, "tests": [test]}), encoding="utf-8")
    promtool = programs.ensure(["promtool"], lambda _: None)["promtool"]
    told = subprocess.run([promtool, "test", "rules", file], check=False, capture_output=True, text=True)
    return told.stdout + told.stderr if told.returncode else ""


def _test(expression: str, series: Series, seconds: int, answer: Answer) -> dict[str, Any]:
    if answer == "NaN":
        # Nothing equals NaN, so promtool could not compare it; but it is the only number that differs from itself.
        expression, answer = f"count(({expression}) != ({expression}))", 1
    expected = [] if answer == "nothing" else [{"labels": "{}", "value": round(float(answer), 6)}]
    return {
        "interval": f"{SCRAPE_SECONDS}s",
        "input_series": [{"series": name, "values": samples} for name, samples in series.items()],
        "promql_expr_test": [
            {"expr": f"round({expression}, 0.000001)", "eval_time": f"{seconds}s", "exp_samples": expected}
        ],
    }
