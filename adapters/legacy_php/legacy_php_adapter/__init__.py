"""The adapter of a legacy PHP application: a streaming reverse proxy that speaks the metrics contract for it.

It stands in the application's pod, on the port that requests go to, and asks PHP on another port of the same pod.
"""
