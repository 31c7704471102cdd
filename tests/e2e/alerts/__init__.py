"""Every alert, from a real cause to its end, on a cluster of its own."""
