"""A stream that breaks off raises in every SDK: no truncated text passes for an answer."""

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
def lane(stack):
    """Clients of accounts of their own, since a broken stream speaks against its account."""
    return stack.lane


@pytest.mark.parametrize("fault", BREAKS)
def test_messages(gate, lane, fault):
    client = gate.claude(lane("anthropic"))
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


@pytest.mark.parametrize("fault", BREAKS)
def test_chat(gate, lane, fault):
    client = gate.gpt(lane("openai"))
    ask = {"model": "gpt-5.5", "messages": user(prompt(fault, 5))}
    seen = []
    with pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(stream=True, **ask):
            seen.append(chunk)
    assert seen
    with pytest.raises(openai.APIError):
        with client.chat.completions.stream(**ask) as stream:
            stream.get_final_completion()


@pytest.mark.parametrize("fault", BREAKS)
def test_responses(gate, lane, fault):
    client = gate.gpt(lane("openai"))
    ask = {"model": "gpt-5.5", "input": prompt(fault, 8)}
    with pytest.raises(RuntimeError, match="response.completed"):
        with client.responses.stream(**ask) as stream:
            stream.get_final_response()
    # The raw iterator of this SDK raises for nothing; the stream says it in words.
    last = list(client.responses.create(stream=True, **ask))[-1]
    assert last.type == "response.failed"
    assert last.response.status == "failed" and last.response.error.code


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
def test_envelope(gate, lane, fault):
    ask = {"model": "claude-sonnet-5-5", "max_tokens": 512, "stream": True, "messages": user(prompt(fault, 5))}
    headers = {"authorization": f"Bearer {lane('anthropic')}"}
    answer = httpx2.post(f"{gate.base_url}/api/v1/messages", json=ask, headers=headers)
    assert answer.status_code == 200
    assert "[DONE]" not in answer.text
    assert '"success":false' in answer.text.strip().splitlines()[-1]


def test_an_answer_that_is_no_stream_is_not_cut_short(gate, lane):
    with pytest.raises(anthropic.InternalServerError):
        gate.claude(lane("anthropic")).messages.create(
            model="claude-sonnet-5-5", max_tokens=512, messages=user("[[sandbox cut_after=60]]")
        )
