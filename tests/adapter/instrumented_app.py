"""A FastAPI application as the other services are: included routers, a mounted application, files, failures."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from contract_metrics import expose_metrics
from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.staticfiles import StaticFiles

app = FastAPI()
inner = APIRouter(prefix="/reports")
outer = APIRouter(prefix="/v1")
mounted = FastAPI(openapi_url=None)


@app.get("/users/{user_id}")
async def user(user_id: int) -> dict[str, int]:
    """A path with a parameter; a text is refused with 422."""
    return {"id": user_id, "worker": os.getpid()}


@app.post("/users", status_code=201)
async def new_user() -> None:
    """Another method, and another success."""


@inner.get("/{name:path}")
async def report(name: str) -> str:
    """A parameter that takes all that follows."""
    return name


@outer.get("/old")
async def old() -> RedirectResponse:
    """A redirect."""
    return RedirectResponse("/v1/new", 302)


@app.get("/fails")
async def fails() -> None:
    """An exception that nobody foresaw."""
    raise RuntimeError("as applications do")


@app.get("/overloaded")
async def overloaded() -> None:
    """An error that the application knows."""
    raise HTTPException(503)


@app.get("/breaks-off")
async def breaks_off() -> StreamingResponse:
    """An answer that fails when its head has been sent."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"only this"
        raise RuntimeError("in the middle")

    return StreamingResponse(parts())


@app.get("/endless")
async def endless() -> StreamingResponse:
    """An answer that nobody waits for to its end."""

    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1000)
            await asyncio.sleep(0.01)

    return StreamingResponse(parts())


@app.get("/afterwards")
async def afterwards(tasks: BackgroundTasks) -> str:
    """Something that goes on for a while when the answer is whole."""
    tasks.add_task(asyncio.sleep, 2)
    return "done"


@mounted.get("/items/{item}")
async def item(item: str) -> str:
    """A route of a mounted application."""
    return item


outer.include_router(inner, prefix="/{tenant}")
app.include_router(outer, prefix="/api")
app.mount("/sub", mounted)
app.mount("/static", StaticFiles(directory=Path(__file__).parent))
expose_metrics(app, service="a-api")
