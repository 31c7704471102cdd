"""A stand-in for the official `pulumi-resource-kubernetes`, for the embedded cluster where that one cannot be had.

`provide` puts a plugin in place: the official one wherever it can be found or downloaded, else this one. PARITY.md
lists what the official plugin does, where its source says so, and what the stand-in makes of it.
"""

from local.plugin.acquire import CHOICE_VARIABLE, NOTICE_GIVEN_VARIABLE, Plugin, find_official, install, provide

__all__ = ["CHOICE_VARIABLE", "NOTICE_GIVEN_VARIABLE", "Plugin", "find_official", "install", "provide"]
