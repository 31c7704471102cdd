"""What the unit tests share: the real catalog, and one service with a router."""

from pathlib import Path

import pytest

from catalog.catalog_file import load_catalog
from catalog.services import Service
from cli.recording import Recording
from cli.rendering import record_stack
from local.state import CHECKOUT


@pytest.fixture(scope="session")
def service() -> Service:
    """univprepai-api as dev has it."""
    services = load_catalog(CHECKOUT / "services.yaml", "dev", ("dev", "local", "prod")).services
    return next(service for service in services if service.name == "univprepai-api")


@pytest.fixture(scope="session")
def routed_service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service whose traffic nginx splits."""
    path: Path = tmp_path_factory.mktemp("routed") / "services.yaml"
    path.write_text(
        "services:\n  a-api: {project: A, port: 8001, image: 'registry.example.com/a:1.0.0',"
        " hosts: [a.example.com], traffic: {router: nginx}, labels: {team: a}}\n",
        encoding="utf-8",
    )
    return load_catalog(path, "dev", ("dev",)).services[0]


@pytest.fixture(params=[True, False], ids=["preview", "up"])
def preview(request: pytest.FixtureRequest) -> bool:
    """Whether the engine is previewing; a program must not behave differently."""
    return bool(request.param)


@pytest.fixture(scope="session", params=["dev", "local", "prod"])
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def whole(stack: str) -> Recording:
    """All that the program registers for a stack."""
    return record_stack(CHECKOUT, stack)
