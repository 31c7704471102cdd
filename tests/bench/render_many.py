"""`python -m tests.bench.render_many FOLDER STACK`: what `make render` does, with the services.yaml of that folder."""

import sys
from pathlib import Path

import program
from cli import rendering


def main(folder: Path, stack: str) -> None:
    """Write the objects below `folder`."""
    program.FOLDER = folder
    program.look_for_garbage_seldom()
    files = rendering.rendered_files(rendering.record_stack(folder, stack))
    rendering.write(files, folder / "rendered")
    print(len(files))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
