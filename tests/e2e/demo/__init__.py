"""`make demo`, on a cluster of its own."""
