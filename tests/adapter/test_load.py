"""Big bodies and many slow clients: everything arrives, and the adapter stays under 100 MB."""

import asyncio
import hashlib
import http.client
import socket
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.adapter import running
from tests.adapter.asking import ask, counted
from tests.adapter.oddities import Server
from tests.adapter.running import Adapter

MOST_MEGABYTES = 100
MEGABYTE = 2**20
GIGABYTE = 2**30

SLOW_CLIENTS = 1000
SLOW_READERS = 150
PAUSES, PAUSE_SECONDS = 8, 0.5
PATIENCE_SECONDS = 100
PATIENT = {f"ADAPTER_{whom}_TIMEOUT": str(PATIENCE_SECONDS) for whom in ("CONNECT", "RESPONSE", "CLIENT")}
"""With PHP, and with clients, on a machine that does other things too."""


def parts(size: int) -> Iterator[bytes]:
    """A body of that many bytes, which is never in memory."""
    part = bytes(range(256)) * 4096
    for _ in range(size // len(part)):
        yield part


def downloaded(port: int, target: str) -> tuple[int, str]:
    """The size and hash of an answer."""
    size, digest = 0, hashlib.sha256()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    connection.request("GET", target)
    response = connection.getresponse()
    while part := response.read(MEGABYTE):
        size += len(part)
        digest.update(part)
    connection.close()
    return size, digest.hexdigest()


def hash_of(body: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for part in body:
        digest.update(part)
    return digest.hexdigest()


def test_a_gigabyte_from_php_goes_through_under_100_mb(php: int, tmp_path: Path) -> None:
    with running.adapter(tmp_path, php) as adapter:
        assert downloaded(adapter.port, f"/huge?bytes={GIGABYTE}") == (GIGABYTE, hash_of(parts(GIGABYTE)))
        assert adapter.peak_megabytes() < MOST_MEGABYTES


def test_a_gigabyte_to_the_application_goes_through_under_100_mb(odd: Server, tmp_path: Path) -> None:
    """PHP's own server holds all of a body in memory, so this one goes to a server that only counts it."""
    length = [("Content-Length", str(GIGABYTE))]
    with running.adapter(tmp_path, odd.port) as adapter:
        answer = ask(adapter.port, "/sink", "POST", length, parts(GIGABYTE))
        assert (answer.status, int(answer.body)) == (200, GIGABYTE)
        assert adapter.peak_megabytes() < MOST_MEGABYTES


def test_bodies_of_10_mb_go_both_ways_at_once(php: int, tmp_path: Path) -> None:
    body = b"".join(parts(10 * MEGABYTE))
    expected = f"method=POST\nsize={len(body)}\nsha256={hashlib.sha256(body).hexdigest()}\n".encode()
    with running.adapter(tmp_path, php) as adapter:

        async def all_of_them() -> None:
            up = [asyncio.to_thread(ask, adapter.port, "/body", "POST", (), body) for _ in range(4)]
            down = [asyncio.to_thread(downloaded, adapter.port, f"/huge?bytes={len(body)}") for _ in range(4)]
            assert [answer.body for answer in await asyncio.gather(*up)] == [expected] * 4
            assert await asyncio.gather(*down) == [(len(body), hashlib.sha256(body).hexdigest())] * 4

        asyncio.run(all_of_them())
        assert adapter.peak_megabytes() < MOST_MEGABYTES


def test_a_thousand_slow_clients_are_served_and_hold_up_nobody(php: int, tmp_path: Path) -> None:
    """Each takes four seconds to send a form of 2 KB; PHP has four workers."""
    with running.adapter(tmp_path, php, {"ADAPTER_ROUTES": '["/form", "/users/{id}"]', **PATIENT}) as adapter:
        answers, waits = asyncio.run(_slow_and_quick(adapter))
        assert Counter(answers) == {b"method=POST\ntext=" + b"a" * 2000 + b"\n": SLOW_CLIENTS}
        # Had each of them held a worker while it sent, the last one would have waited for all the others before it.
        assert statistics.median(waits) < SLOW_CLIENTS * PAUSES * PAUSE_SECONDS / running.PHP_WORKERS / 50
        assert adapter.peak_megabytes() < MOST_MEGABYTES
        assert counted(adapter.port) == {
            ("POST", "/form", "200"): SLOW_CLIENTS,
            ("GET", "/users/{id}", "200"): len(waits),
        }


async def _slow_and_quick(adapter: Adapter) -> tuple[list[bytes], list[float]]:
    everybody = asyncio.gather(*(_slow_form(adapter.port, number) for number in range(SLOW_CLIENTS)))
    waits = []
    while not everybody.done():
        begun = time.monotonic()
        assert (await asyncio.to_thread(ask, adapter.port, "/users/1")).status == 200
        waits.append(time.monotonic() - begun)
        await asyncio.sleep(0.1)
    return list(await everybody), waits


async def _slow_form(port: int, number: int) -> bytes:
    """One of them; they begin one after the other, within the time that each takes."""
    body = b"text=" + b"a" * 2000
    head = b"POST /form HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n" % len(body)
    sent = head + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body
    step = len(sent) // PAUSES
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.sleep(number / SLOW_CLIENTS * PAUSES * PAUSE_SECONDS)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in range(PAUSES):
            writer.write(sent[part * step : (part + 1) * step if part < PAUSES - 1 else None])
            await asyncio.sleep(PAUSE_SECONDS)
        answer = await reader.read()
        writer.close()
    return b"".join(answer.partition(b"\r\n\r\n")[2].split(b"\r\n")[1::2])  # it comes in chunks, each after its size


def test_as_many_slow_readers_as_php_may_have_are_served_under_100_mb(odd: Server, tmp_path: Path) -> None:
    """Each takes a little of 4 MB and then nothing for a while: nobody reads ahead for it."""
    with running.adapter(tmp_path, odd.port, {"ADAPTER_CONNECTIONS": str(SLOW_READERS)}) as adapter:
        asyncio.run(_read_slowly(adapter.port, SLOW_READERS))
        assert adapter.peak_megabytes() < MOST_MEGABYTES


async def _read_slowly(port: int, clients: int) -> None:
    async def one() -> None:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, b"GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(4):
            assert await loop.sock_recv(connection, 4096)
            await asyncio.sleep(1)
        connection.close()

    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(one() for _ in range(clients)))
