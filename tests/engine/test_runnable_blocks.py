"""Every block of a page that is marked as runnable is run, in a checkout of its own on the embedded cluster."""

from collections.abc import Iterator

import pytest

from cli import released_images
from local import cluster
from local.state import State
from tests.engine.page_checkout import PageCheckout, page_checkout
from tests.engine.stack import stack_of
from tests.shell_blocks import lacking, pages, runnable

PAGES = [page for page in pages() if runnable(page) and not page.endswith(".ko.md")]
"""Those in Korean have the same blocks (tests/unit/test_translations.py)."""


@pytest.fixture(scope="module")
def checkout(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageCheckout]:
    found = page_checkout(embedded_cluster, tmp_path_factory.mktemp("reader"))
    yield found
    released_images.file_of(embedded_cluster).unlink(missing_ok=True)
    cluster.start(embedded_cluster)
    stack_of(embedded_cluster, tmp_path_factory.mktemp("ended")).destroy()


@pytest.mark.timeout(1200)  # a page is many runs of the engine, one after another
@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_do_and_print_what_it_says(checkout: PageCheckout, page: str) -> None:
    checkout.begin_anew()
    for each in runnable(page):
        status, printed = checkout.run(each.block.text)
        told = f"{each.block}: exit status {status} of\n{each.block.text}\n\nwhich printed\n{printed}"
        assert status == each.block.exits, told
        line = lacking(printed, each.prints)
        assert line is None, f"it does not print (in this order): {line}\n{told}"
