"""Which blocks of a page are run, and when what they print is what the page says."""

import pytest

from tests.shell_blocks import blocks, lacking, runnable

PAGE = """\
Look:

<!-- runnable: exits 3 -->
```sh
make up
```
<!-- prints -->
```
all is well
```

1. In a list:

   <!-- runnable -->
   ```sh
   make status
   ```

```yaml
a: 1
```
"""


def test_marked_blocks_are_found_with_their_place_status_and_output() -> None:
    first, second = runnable("a.md", PAGE)
    assert (str(first.block), first.block.text, first.block.exits) == ("a.md:4", "make up", 3)
    assert first.prints == ("all is well",)
    assert (second.block.text, second.block.exits, second.prints) == ("make status", 0, ())


def test_blocks_without_a_mark_are_read_and_not_run() -> None:
    assert [(each.language, each.mark) for each in blocks("a.md", PAGE)] == [
        ("sh", "runnable"),
        ("", "prints"),
        ("sh", "runnable"),
        ("yaml", ""),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<!-- runnable -->\n\n```sh\nx\n```\n", "a.md:2: the mark above stands before no code block"),
        ("```sh\nx\n```\n<!-- prints -->\n```\ny\n```\n", "a.md:5: what is printed stands right after"),
        ("```sh\nx\n", "a.md:1: the code block has no end"),
        ("<!-- runable -->\n```sh\nx\n```\n", "a.md:1: no such mark"),
    ],
)
def test_a_mark_that_would_go_unseen_is_an_error(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        runnable("a.md", text)


def test_an_output_must_hold_the_lines_in_their_order() -> None:
    printed = "SERVICE    PHASE\n\x1b[32mone\x1b[0m   Healthy\ntwo  Paused\n"
    assert lacking(printed, ["SERVICE PHASE", "…", "two  Paused"]) is None
    assert lacking(printed, ["one …y", "t…o Paused"]) is None
    assert lacking(printed, ["two Paused", "one Healthy"]) == "one Healthy"
    assert lacking(printed, ["two"]) == "two", "a line is a whole line"
