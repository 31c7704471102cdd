"""Where the PHP of the adapter's tests comes from."""

from pathlib import Path

import pytest

from local.errors import LocalError
from tests.adapter.php import ensure_php


def test_without_php_and_without_apt_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("API_OBSERVABILITY_CACHE", str(tmp_path / "cache"))
    with pytest.raises(LocalError, match=r"^the tests of the adapter need PHP 7\.4 or newer .*apt install php-cli"):
        ensure_php()


def test_a_php_on_the_path_that_will_do_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "php"
    program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert ensure_php() == program
