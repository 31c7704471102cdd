"""What lets the program run for real on a laptop or in CI: pinned programs, an embedded cluster, a stand-in plugin."""
