"""The one error that `local` shows to a person."""


class LocalError(Exception):
    """Something a person can mend; its text is one line: what was found and what to do about it."""
