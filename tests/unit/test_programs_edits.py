"""A module with a few words changed."""

from pathlib import Path

import pytest

from local.errors import LocalError
from local.programs.edits import Edit, edited_copy
from local.programs.registry import load_registry

EDIT = Edit("net/listen.go", '"0.0.0.0:%d"', '"127.0.0.1:%d"')


def module(folder: Path, text: str) -> Path:
    """A module as the cache of Go keeps it: read-only."""
    (folder / "net").mkdir(parents=True)
    (folder / "net" / "listen.go").write_text(text)
    (folder / "net" / "listen.go").chmod(0o444)
    (folder / "net").chmod(0o555)
    return folder


def test_the_copy_is_edited_and_the_original_is_not(tmp_path: Path) -> None:
    original = module(tmp_path / "module", 'const a = "0.0.0.0:%d"\n')
    copy = edited_copy(original, [EDIT], tmp_path / "copy")
    assert (copy / "net" / "listen.go").read_text() == 'const a = "127.0.0.1:%d"\n'
    assert (original / "net" / "listen.go").read_text() == 'const a = "0.0.0.0:%d"\n'


@pytest.mark.parametrize("text", ["const a = 1\n", 'a, b = "0.0.0.0:%d", "0.0.0.0:%d"\n'])
def test_words_that_are_not_there_exactly_once_stop_the_build(tmp_path: Path, text: str) -> None:
    with pytest.raises(LocalError, match=r"the edit in local/programs/programs\.toml no longer fits this version"):
        edited_copy(module(tmp_path / "module", text), [EDIT], tmp_path / "copy")


@pytest.mark.parametrize("edit", [Edit("net/gone.go", "a", "b"), Edit("net/gone.go")])
def test_a_file_that_is_not_there_stops_it_too(tmp_path: Path, edit: Edit) -> None:
    with pytest.raises(LocalError, match=r"module has no net/gone\.go; the edit in .* no longer fits this version"):
        edited_copy(module(tmp_path / "module", ""), [edit], tmp_path / "copy")


def test_without_words_to_find_the_file_is_left_out(tmp_path: Path) -> None:
    original = module(tmp_path / "module", "const a = 1\n")
    copy = edited_copy(original, [Edit("net/listen.go")], tmp_path / "copy")
    assert not list((copy / "net").iterdir())
    assert (original / "net" / "listen.go").exists()


def test_the_rollouts_controller_is_built_to_listen_on_this_machine_alone() -> None:
    (edit,) = load_registry().program("rollouts-controller").edits
    assert (edit.find, edit.replace) == ('"0.0.0.0:%d"', '"127.0.0.1:%d"')


def test_prometheus_is_built_with_one_discovery_and_one_on_path_will_do() -> None:
    for name in ("prometheus", "promtool"):
        program = load_registry().program(name)
        assert (program.edits, program.changes) == ((), program.family.trims)
    text = 'package plugins\n\nimport (\n\t// Register a.\n\t_ "x/a"\n)\n'
    for trim in program.family.trims:
        assert trim.find
        text = text.replace(trim.find, trim.replace)
    kept = '"github.com/prometheus/prometheus/discovery/kubernetes"'
    assert text == f'package plugins\n\nimport _ {kept} /*\n\t// Register a.\n\t_ "x/a"\n*/\n'


@pytest.mark.parametrize("words", [{"find": ""}, {"find": "", "replace": "b"}, {"replace": "b"}])
def test_an_edit_that_forgot_what_it_finds_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(LocalError, match=r"^an edit of net/listen\.go in .* finds nothing"):
        Edit("net/listen.go", **words)


@pytest.mark.parametrize("name", ["kwok", "pulumi"])
def test_one_on_path_will_do_where_ours_only_compiles_less(name: str) -> None:
    program = load_registry().program(name)
    assert (program.edits, program.changes) == ((), program.family.trims)
    assert program.family.trims


def test_another_edit_is_another_build() -> None:
    program = load_registry().program("rollouts-controller")
    plain = type(program)(**{**vars(program), "edits": ()})
    assert plain.key != program.key
