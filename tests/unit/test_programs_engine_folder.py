"""The engine and its language host in one folder."""

from pathlib import Path

import pytest

from local.programs import engine_folder
from local.programs.cache import CACHE_VARIABLE


def program(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(name)
        (folder / name).chmod(0o755)
    return folder / names[0]


def test_programs_that_were_built_apart_are_put_side_by_side_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    paths = {
        "pulumi": program(tmp_path / "a", "pulumi"),
        "pulumi-language-python": program(tmp_path / "b", "pulumi-language-python", "pulumi-language-python-exec"),
    }
    folder = engine_folder(paths)
    names = ["pulumi", "pulumi-language-python", "pulumi-language-python-exec"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert all((folder / name).stat().st_mode & 0o100 and not (folder / name).is_symlink() for name in names)
    assert engine_folder(paths) == folder
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_an_installed_engine_is_used_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    program(tmp_path / "bin", "pulumi", "pulumi-language-python")
    paths = {name: tmp_path / "bin" / name for name in ("pulumi", "pulumi-language-python")}
    assert engine_folder(paths) == tmp_path / "bin"
    assert not (tmp_path / "cache").exists()
