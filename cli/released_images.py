"""Which images `release` has set on the embedded stack: in its backend, since its stack file is the checkout's.

On other stacks they are settings of Pulumi.<stack>.yaml.
"""

from pathlib import Path

import yaml

from catalog.catalog_file import Catalog
from catalog.yaml_file import read_mapping
from local.state import State

_IMAGE, _INSTEAD_OF = "image", "insteadOf"


def still_meant(state: State, catalog: Catalog) -> dict[str, str]:
    """The released images by service, of those whose entry in services.yaml still says what it said then.

    Whoever has changed the entry since means the new one.
    """
    written = {service.name: service.image for service in catalog.services}
    return {
        name: each[_IMAGE]
        for name, each in _kept(state).items()
        if name in written and each[_INSTEAD_OF] == written[name]
    }


def file_of(state: State) -> Path:
    """Where they stand: with all that the stack knows of this cluster, which goes when the cluster does."""
    return state.backend / "released-images.yaml"


def keep(state: State, service: str, image: str, instead_of: str) -> None:
    """Remember a release of `service`, in whose entry of services.yaml stands `instead_of`."""
    releases = {**_kept(state), service: {_IMAGE: image, _INSTEAD_OF: instead_of}}
    # Written aside: whoever is interrupted leaves the old file.
    file = file_of(state)
    draft = file.with_suffix(".new")
    draft.write_text(yaml.safe_dump(releases), encoding="utf-8")
    draft.replace(file)


def _kept(state: State) -> dict[str, dict[str, str]]:
    file = file_of(state)
    return read_mapping(file) if file.exists() else {}
