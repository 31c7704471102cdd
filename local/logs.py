"""Logs of our own long-running programs, in the form that the others of the cluster use."""

import logging

_LINE = 'time=%(asctime)s level=%(levelname)s msg="%(message)s"'


def to_standard_error() -> None:
    """Write what is INFO or worse, one line each."""
    logging.basicConfig(level=logging.INFO, format=_LINE)
