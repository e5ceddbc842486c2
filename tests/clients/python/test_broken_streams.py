"""A stream that breaks off raises in every SDK: no truncated text passes for an answer."""

import uuid
from decimal import Decimal

import anthropic
import httpx2
import openai
import pytest

from conftest import user

# After the first text: the connection is reset, the body ends as if it were whole, the provider reports an error.
BREAKS = ["cut_after={}", "eof_after={}", "error_after={}"]
LONG = "words=40"


def prompt(fault: str, events: int) -> str:
    return f"[[sandbox {LONG} {fault.format(events)}]]"


@pytest.fixture
def account(stack, lane):
    """A key of an account of its own, since a broken stream speaks against its account, and under a name of its own."""

    def made(platform: str) -> str:
        made.name = f"broken-{uuid.uuid4().hex[:12]}"
        return stack.lane_named(made.name, platform, lane.account)

    return made


def assert_settled(stack, name: str, count: int) -> None:
    """Each request has its record, and none passes for a whole answer. It is charged for what came, except where a
    relayed stream of Chat or Responses broke off: those tell of usage at their end only, and are not read."""
    records = stack.records(count, "--key", name)
    for record in records:
        assert record["stream_end"] in ("upstream_cut", "upstream_error")
        relayed = record["client_protocol"] == record["upstream_protocol"] != "messages"
        assert relayed == (Decimal(record["cost"]) == 0), record
        assert relayed == (record["usage"]["output_tokens"] == 0), record


@pytest.mark.lanes("messages")
@pytest.mark.parametrize("fault", BREAKS)
def test_messages(stack, gate, account, fault):
    client = gate.claude(account("anthropic"))
    ask = {"model": "claude-sonnet-5-5", "max_tokens": 512, "messages": user(prompt(fault, 5))}
    seen = []
    with pytest.raises(anthropic.APIStatusError):
        with client.messages.stream(**ask) as stream:
            seen.extend(stream.text_stream)
    assert seen, "what came before the break is passed on"
    with pytest.raises(anthropic.APIStatusError):
        with client.messages.stream(**ask) as stream:
            stream.get_final_message()
    with pytest.raises(anthropic.APIStatusError):
        list(client.messages.create(stream=True, **ask))
    assert_settled(stack, account.name, 3)


@pytest.mark.lanes("chat")
@pytest.mark.parametrize("fault", BREAKS)
def test_chat(stack, gate, account, fault):
    client = gate.gpt(account("openai"))
    ask = {"model": "gpt-5.5", "messages": user(prompt(fault, 5))}
    seen = []
    with pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(stream=True, **ask):
            seen.append(chunk)
    assert seen
    with pytest.raises(openai.APIError):
        with client.chat.completions.stream(**ask) as stream:
            stream.get_final_completion()
    assert_settled(stack, account.name, 2)


@pytest.mark.lanes("responses")
@pytest.mark.parametrize("fault", BREAKS)
def test_responses(stack, gate, account, fault):
    client = gate.gpt(account("openai"))
    ask = {"model": "gpt-5.5", "input": prompt(fault, 8)}
    with pytest.raises(RuntimeError, match="response.completed"):
        with client.responses.stream(**ask) as stream:
            stream.get_final_response()
    # The raw iterator of this SDK raises for nothing; the stream says it in words.
    last = list(client.responses.create(stream=True, **ask))[-1]
    assert last.type == "response.failed"
    assert last.response.status == "failed" and last.response.error.code
    assert_settled(stack, account.name, 2)


@pytest.mark.lanes("messages")
@pytest.mark.parametrize("fault", BREAKS)
def test_async_too(gate, fault):
    async def work(client):
        async with client.messages.stream(
            model="claude-sonnet-5-5", max_tokens=512, messages=user(prompt(fault, 5))
        ) as stream:
            await stream.get_final_message()

    with pytest.raises(anthropic.APIStatusError):
        gate.run_claude(work)


@pytest.mark.parametrize("fault", BREAKS)
def test_envelope(gate, account, fault):
    ask = {"model": "claude-sonnet-5-5", "max_tokens": 512, "stream": True, "messages": user(prompt(fault, 5))}
    headers = {"authorization": f"Bearer {account('anthropic')}"}
    answer = httpx2.post(f"{gate.base_url}/api/v1/messages", json=ask, headers=headers)
    assert answer.status_code == 200
    assert "[DONE]" not in answer.text
    assert '"success":false' in answer.text.strip().splitlines()[-1]


def test_an_answer_that_is_no_stream_is_not_cut_short(gate, account):
    with pytest.raises(anthropic.InternalServerError):
        gate.claude(account("anthropic")).messages.create(
            model="claude-sonnet-5-5", max_tokens=512, messages=user("[[sandbox cut_after=60]]")
        )


# What is relayed as it came breaks in the SDK; what is translated breaks in the gate, which says so.
MALFORMED = ["bad_json", "html"]


@pytest.mark.lanes("messages", "chat", "responses")
@pytest.mark.parametrize("fault", MALFORMED)
def test_malformed_messages(gate, account, fault):
    client = gate.claude(account("anthropic"))
    ask = {"model": "claude-sonnet-5-5", "max_tokens": 512, "messages": user(f"[[sandbox {LONG} {fault}]]")}
    with pytest.raises(anthropic.APIStatusError):
        with client.messages.stream(**ask) as stream:
            stream.get_final_message()
    with pytest.raises(anthropic.InternalServerError):
        client.messages.create(**ask)


@pytest.mark.lanes("chat", "messages", "responses")
@pytest.mark.parametrize("fault", MALFORMED)
def test_malformed_chat(gate, account, fault):
    client = gate.gpt(account("openai"))
    ask = {"model": "gpt-5.5", "messages": user(f"[[sandbox {LONG} {fault}]]")}
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(stream=True, **ask))
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**ask)


@pytest.mark.lanes("responses", "messages", "chat")
@pytest.mark.parametrize("fault", MALFORMED)
def test_malformed_responses(gate, account, fault):
    client = gate.gpt(account("openai"))
    ask = {"model": "gpt-5.5", "input": f"[[sandbox {LONG} {fault}]]"}
    with pytest.raises((openai.APIError, RuntimeError)):
        with client.responses.stream(**ask) as stream:
            stream.get_final_response()
    with pytest.raises(openai.InternalServerError):
        client.responses.create(**ask)
