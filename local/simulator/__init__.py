"""The applications of the cluster's pods, as far as Prometheus can see them, and the network on which it reaches them.

kwok makes pods Ready without running them, at addresses that lead nowhere. `python -m local.simulator` is the proxy
through which the local Prometheus scrapes them: it answers for each pod as the application in it would, with metrics of
requests that nobody sent.
"""
