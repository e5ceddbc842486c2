"""A gate at its limit, and a gate that is told to end, as callers see it."""

import signal
import threading

import anthropic
import httpx2
import openai
import pytest

from caller import user
from conftest import Clients
from stack import wait_until

SLOW = '[[sandbox text="One, two, three, four: the stream is whole." slow_event_ms=100]]'
TEXT = "One, two, three, four: the stream is whole."


@pytest.fixture
def small(stack):
    """A gate that has room for one open request."""
    server = stack.start("small", "serve", "--config", str(stack.config), "--set", "settlement.queue=1")
    yield server
    server.stop()


@pytest.fixture
def clients(stack, small):
    return Clients(small.base_url, stack.keys["ok-anthropic"], stack.keys["ok-openai"])


def open_stream(clients):
    """A stream that has begun; what it says in the end is read by `rest`."""
    context = clients.claude().messages.stream(model="claude-sonnet-5-5", max_tokens=64, messages=user(SLOW))
    stream = context.__enter__()
    next(iter(stream))
    return stream


def test_503(clients):
    stream = open_stream(clients)
    with pytest.raises(anthropic.ServiceUnavailableError) as raised:
        clients.claude().messages.create(model="claude-sonnet-5-5", max_tokens=64, messages=user("hello"))
    assert raised.value.type == "api_error"
    with pytest.raises(openai.InternalServerError) as raised:
        clients.gpt().responses.create(model="gpt-5.5", input="hello")
    assert raised.value.status_code == 503
    assert stream.get_final_text() == TEXT


def test_an_open_stream_outlives_the_signal_to_end(clients, small):
    stream = open_stream(clients)
    small.process.send_signal(signal.SIGTERM)

    def refuses() -> bool:
        try:
            return httpx2.get(f"{small.base_url}/readyz").status_code == 503
        except httpx2.ConnectError:
            return True

    wait_until(refuses, "the gate to take no more", 5)
    assert small.process.poll() is None
    assert stream.get_final_text() == TEXT
    assert small.process.wait(timeout=10) == 0


def test_a_second_signal_ends_at_once(clients, small):
    stream = open_stream(clients)
    small.process.send_signal(signal.SIGTERM)
    # The two must not arrive as one.
    threading.Event().wait(0.1)
    small.process.send_signal(signal.SIGTERM)
    assert small.process.wait(timeout=2) != 0
    with pytest.raises((anthropic.APIError, httpx2.TransportError)):
        stream.get_final_text()


@pytest.mark.parametrize("attempt", range(3))
def test_a_gate_ends_soon_after_its_last_answer(gate, small, attempt):
    """With nothing open there is nothing to wait for, also when the last record is still on its way."""
    body = {"model": "gpt-5.5", "messages": user("hello")}
    headers = {"authorization": f"Bearer {gate.key_openai}"}
    with httpx2.Client(headers=headers) as client:
        assert client.post(f"{small.base_url}/v1/chat/completions", json=body).status_code == 200
        small.signal()
        assert small.process.wait(timeout=5) == 0
