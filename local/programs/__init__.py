"""The programs a real control plane and a real Pulumi engine consist of, built from pinned sources, without Docker.

`ensure` gives the path of each, `assets` the manifests their modules carry. What there is, and which version on PATH
will do, is in programs.toml; the versions themselves are in the go.mod of each family.
"""

from local.programs.cache import cache_folder, clean
from local.programs.engine_folder import engine_folder
from local.programs.manifests import assets
from local.programs.provision import ensure, where

__all__ = ["assets", "cache_folder", "clean", "engine_folder", "ensure", "where"]
