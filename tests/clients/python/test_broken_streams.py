"""A stream that breaks off raises in every SDK: no truncated text passes for an answer."""

from decimal import Decimal

import anthropic
import httpx2
import openai
import pytest

# After the first text: the connection is reset, the body ends as if it were whole, the provider reports an error. Each
# speaks against its account, so each test has its own.
BREAKS = ["cut_after={}", "eof_after={}", "error_after={}"]
LONG = "words=40"


def prompt(fault: str, events: int) -> str:
    return f"[[sandbox {LONG} {fault.format(events)}]]"


def assert_settled(caller, count: int) -> None:
    """Each request has its record, and none passes for a whole answer. It is charged for what came, by the gate's own
    count."""
    records = caller.stack.records(count, "--key", caller.name)
    for record in records:
        assert record["stream_end"] in ("upstream_cut", "upstream_error")
        assert Decimal(record["cost"]) > 0, record
        assert record["usage"]["output_tokens"] > 0, record
        assert record["estimated"], record


@pytest.mark.lanes("messages")
@pytest.mark.parametrize("fault", BREAKS)
def test_messages(caller, fault):
    ask = caller.body(prompt(fault, 5))
    seen = []
    with pytest.raises(anthropic.APIStatusError):
        with caller.sdk.messages.stream(**ask) as stream:
            seen.extend(stream.text_stream)
    assert seen, "what came before the break is passed on"
    with pytest.raises(anthropic.APIStatusError):
        with caller.sdk.messages.stream(**ask) as stream:
            stream.get_final_message()
    with pytest.raises(anthropic.APIStatusError):
        list(caller.sdk.messages.create(stream=True, **ask))
    assert_settled(caller, 3)


@pytest.mark.lanes("chat")
@pytest.mark.parametrize("fault", BREAKS)
def test_chat(caller, fault):
    ask = caller.body(prompt(fault, 5))
    seen = []
    with pytest.raises(openai.APIError):
        for chunk in caller.sdk.chat.completions.create(stream=True, **ask):
            seen.append(chunk)
    assert seen
    with pytest.raises(openai.APIError):
        with caller.sdk.chat.completions.stream(**ask) as stream:
            stream.get_final_completion()
    assert_settled(caller, 2)


@pytest.mark.lanes("responses")
@pytest.mark.parametrize("fault", BREAKS)
def test_responses(caller, fault):
    ask = caller.body(prompt(fault, 8))
    with pytest.raises(RuntimeError, match="response.completed"):
        with caller.sdk.responses.stream(**ask) as stream:
            stream.get_final_response()
    # The raw iterator of this SDK raises for nothing; the stream says it in words.
    last = list(caller.sdk.responses.create(stream=True, **ask))[-1]
    assert last.type == "response.failed"
    assert last.response.status == "failed" and last.response.error.code
    assert_settled(caller, 2)


@pytest.mark.lanes("messages")
@pytest.mark.parametrize("fault", BREAKS)
def test_async_too(gate, caller, fault):
    async def work(client):
        async with client.messages.stream(**caller.body(prompt(fault, 5))) as stream:
            await stream.get_final_message()

    with pytest.raises(anthropic.APIStatusError):
        gate.run_claude(work, caller.key)


@pytest.mark.lanes("messages")
@pytest.mark.parametrize("fault", BREAKS)
def test_envelope(gate, caller, fault):
    body = caller.body(prompt(fault, 5), stream=True)
    headers = {"authorization": f"Bearer {caller.key}"}
    answer = httpx2.post(f"{gate.base_url}/api/v1/messages", json=body, headers=headers)
    assert answer.status_code == 200
    assert "[DONE]" not in answer.text
    assert '"success":false' in answer.text.strip().splitlines()[-1]


@pytest.mark.lanes("messages")
def test_an_answer_that_is_no_stream_is_not_cut_short(caller):
    with pytest.raises(anthropic.InternalServerError):
        caller.create("[[sandbox cut_after=60]]")


@pytest.mark.lanes(only="foreign")
def test_half_an_event(caller):
    """What is relayed as it came breaks in the SDK; what is translated breaks in the gate, which says so."""
    with pytest.raises((anthropic.APIStatusError, openai.APIError, RuntimeError)):
        caller.stream(f"[[sandbox {LONG} bad_json]]")
