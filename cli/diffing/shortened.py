"""Long texts made short around the place where they differ: a query of a thousand letters changes in three."""

_AROUND = 24
"""Characters that stay on each side of a difference, to find it by."""


def shortened(before: str | None, after: str | None, width: int) -> tuple[str | None, str | None]:
    """Both texts in at most about `width` characters each, with the part in which they differ."""
    if before is None or after is None:
        return _cut(before, 0, width), _cut(after, 0, width)
    if max(len(before), len(after)) <= width:
        return before, after
    start = next(
        (index for index, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]),
        min(len(before), len(after)),
    )
    return _cut(before, start - _AROUND, width), _cut(after, start - _AROUND, width)


def _cut(text: str | None, start: int, width: int) -> str | None:
    if text is None or len(text) <= width:
        return text
    start = max(0, min(start, len(text) - width))
    end = start + width
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
