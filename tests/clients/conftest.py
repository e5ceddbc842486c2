"""What the tests share: one stack for all of them, and clients of it."""

import asyncio
import os

import anthropic
import httpx2
import openai
import pytest

import stack as stacks

os.environ.update(NO_PROXY="127.0.0.1,localhost", no_proxy="127.0.0.1,localhost")
stacks.end_on_sigterm()


@pytest.fixture(scope="session")
def stack():
    """The gate under test, with a sandbox behind it."""
    with stacks.Stack() as started:
        yield started


@pytest.fixture(scope="session")
def gate(stack):
    return Clients(stack.gate.base_url, stack.keys["ok-anthropic"], stack.keys["ok-openai"])


@pytest.fixture
def claude(gate):
    """The Anthropic SDK."""
    return gate.claude()


@pytest.fixture
def gpt(gate):
    """The OpenAI SDK."""
    return gate.gpt()


@pytest.fixture
def sandbox(stack):
    """What the sandbox counted of one model: tests that count use a model name of their own."""

    def counted(model: str) -> dict:
        counts = httpx2.get(f"{stack.sandbox.base_url}/sandbox/counts").json()
        return counts["models"].get(model, {"received": 0})

    return counted


class Clients:
    """Makes SDK clients of a gate. They do not retry unless a test is about that."""

    def __init__(self, base_url: str, key_anthropic: str, key_openai: str):
        self.base_url = base_url
        self.key_anthropic = key_anthropic
        self.key_openai = key_openai

    def claude(self, key: str | None = None, make=anthropic.Anthropic, **options):
        options = {"max_retries": 0, "timeout": 30, "api_key": key or self.key_anthropic} | options
        return make(base_url=self.base_url, **options)

    def gpt(self, key: str | None = None, make=openai.OpenAI, **options):
        options = {"max_retries": 0, "timeout": 30, "api_key": key or self.key_openai} | options
        return make(base_url=f"{self.base_url}/v1", **options)

    def run_claude(self, work):
        """Runs `work` with an asynchronous client."""
        return asyncio.run(self._run(self.claude(make=anthropic.AsyncAnthropic), work))

    def run_gpt(self, work):
        return asyncio.run(self._run(self.gpt(make=openai.AsyncOpenAI), work))

    async def _run(self, client, work):
        async with client:
            return await work(client)


class Calls:
    """An HTTP client that notes the requests an SDK makes."""

    def __init__(self):
        self.requests: list[httpx2.Request] = []
        self.client = httpx2.Client(event_hooks={"request": [self.requests.append]})

    def __len__(self) -> int:
        return len(self.requests)


@pytest.fixture
def calls():
    noted = Calls()
    with noted.client:
        yield noted


def user(content) -> list[dict]:
    """A conversation of one user message, in Messages, Chat and Responses alike."""
    return [{"role": "user", "content": content}]
