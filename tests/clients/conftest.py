"""What the tests share: one stack for all of them, and clients of it."""

import asyncio
import json
import os

import anthropic
import httpx2
import openai
import pytest
from pydantic import BaseModel

import stack as stacks
from caller import Caller

os.environ.update(NO_PROXY="127.0.0.1,localhost", no_proxy="127.0.0.1,localhost")
stacks.end_on_sigterm()


@pytest.fixture(scope="session")
def stack():
    """The gate under test, with a sandbox behind it."""
    with stacks.Stack() as started:
        yield started


def pytest_generate_tests(metafunc):
    """Tests marked `lanes(PROTOCOL, ...)` run for callers of these protocols (of all, if none is named) natively and on
    accounts of each other protocol; with `only="native"` or `only="foreign"` on these lanes alone. The mark nearest to
    the test counts."""
    mark = metafunc.definition.get_closest_marker("lanes")
    if mark and "lane" in metafunc.fixturenames:
        wanted = {"native": stacks.NATIVE_LANES, "foreign": stacks.FOREIGN_LANES}
        lanes = wanted.get(mark.kwargs.get("only"), stacks.NATIVE_LANES + stacks.FOREIGN_LANES)
        lanes = [lane for lane in lanes if lane.caller in (mark.args or stacks.FOREIGN)]
        metafunc.parametrize("lane", lanes, indirect=True, ids=str)


@pytest.fixture
def lane(request):
    """None, unless the test is marked."""
    return getattr(request, "param", None)


@pytest.fixture
def gate(stack, lane):
    """Clients with the keys that all tests share: native ones, but where the lane says otherwise."""
    keys = {platform: stack.keys[f"ok-{platform}"] for platform in ("anthropic", "openai")}
    if lane:
        keys[stacks.platform_of(lane.caller)] = stack.shared_key(lane)
    return Clients(stack.gate.base_url, keys["anthropic"], keys["openai"])


@pytest.fixture
def caller(stack, gate, lane):
    """The SDK of the lane's caller, with an account of its own."""
    return Caller(stack, gate, lane)


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


@pytest.fixture
def recorded(stack):
    """What the sandbox received during the test: path, headers and body, the body as JSON."""
    httpx2.post(f"{stack.sandbox.base_url}/sandbox/record")
    before = len(httpx2.get(f"{stack.sandbox.base_url}/sandbox/requests").json()["requests"])

    def read() -> list[dict]:
        kept = httpx2.get(f"{stack.sandbox.base_url}/sandbox/requests").json()["requests"][before:]
        return [entry | {"body": json.loads(entry["body"])} for entry in kept if entry["body"]]

    yield read
    httpx2.post(f"{stack.sandbox.base_url}/sandbox/record?off")


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

    def run_claude(self, work, key: str | None = None):
        """Runs `work` with an asynchronous client."""
        return asyncio.run(self._run(self.claude(key, make=anthropic.AsyncAnthropic), work))

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


def system_of(body: dict) -> str:
    """The system text of a request in any protocol."""
    turns = body.get("messages") or body.get("input") or []
    turns = [] if isinstance(turns, str) else turns
    texts = [body.get("system"), body.get("instructions")]
    texts += [turn["content"] for turn in turns if turn.get("role") in ("system", "developer")]
    parts = [part for text in texts if text for part in ([text] if isinstance(text, str) else text)]
    return " ".join(part if isinstance(part, str) else part["text"] for part in parts)


class City(BaseModel):
    """A structured output."""

    name: str
    people: int
