"""Releases and alerts from end to end, on one embedded cluster whose time runs faster."""
