"""`pulumi up` that does not come to its end, on a cluster of its own."""
