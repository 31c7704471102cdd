"""Why a program ended, in one line out of its log."""

from pathlib import Path

import pytest

from local.cluster.last_words import LONGEST, last_words, port_was_taken

KLOG_ERROR = 'E1122 16:14:44.748422   25689 controller.go:145] "Failed to ensure lease exists" err="not found"'
ETCD = (
    '{"level":"fatal","ts":"2026-11-22T16:43:51.648878Z","caller":"etcdmain/etcd.go:183",'
    '"msg":"discovery failed","error":"mkdir etcd: not a directory","stacktrace":"main.main\\n\\tmain.go:31"}'
)
OPERATOR = 'ts=2026-11-22T16:15:18Z level=error caller=main.go:504 msg="failed to request version" err="refused"'
ROLLOUTS = 'time="2026-11-22T16:14:54Z" level=fatal msg="Error running controller: no cluster"'


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", "it wrote nothing"),
        ("\n\nall is well\n", "all is well"),
        (f"{KLOG_ERROR}\nI1122 16:14:44.7 1 a.go:1] bye", '"Failed to ensure lease exists" err="not found"'),
        (f"Error: unknown flag: --nonsense\n{KLOG_ERROR}", "Error: unknown flag: --nonsense"),
        ("F1122 16:14:44.748422   25689 main.go:1] no such file", "no such file"),
        (ETCD, "discovery failed: mkdir etcd: not a directory"),
        (ETCD[:-40], "discovery failed: mkdir etcd: not a directory"),
        (f"{OPERATOR}\nlevel=info msg=bye", "failed to request version: refused"),
        (f"{ROLLOUTS}\n", "Error running controller: no cluster"),
        ("panic: boom\n\ngoroutine 1 [running]:\nmain.main()", "panic: boom"),
    ],
)
def test_the_line_that_tells_why_is_chosen(tmp_path: Path, log: str, words: str) -> None:
    path = tmp_path / "program.log"
    path.write_text(log)
    assert last_words(path) == words


def test_a_missing_log_says_so(tmp_path: Path) -> None:
    assert last_words(tmp_path / "none.log") == "it wrote nothing"


def test_long_lines_are_shortened_and_long_logs_read_from_their_end(tmp_path: Path) -> None:
    path = tmp_path / "program.log"
    path.write_text("Error: early\n" + "filler\n" * 100_000 + "x" * 1000)
    assert last_words(path) == "x" * (LONGEST - 1) + "…"


def test_a_taken_port_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "program.log"
    path.write_text("Error: listen tcp 127.0.0.1:8090: bind: address already in use\n")
    assert port_was_taken(path)
    path.write_text("Error: something else\n")
    assert not port_was_taken(path)
    assert not port_was_taken(tmp_path / "none.log")
