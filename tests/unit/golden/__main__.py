"""Writes the golden files anew; what changed in them is then for `git diff` and a reader to judge."""

from tests.unit.golden import NAMES, golden_file, monitoring_as_registered

for each in NAMES:
    golden_file(each).write_text(monitoring_as_registered(each), encoding="utf-8")
