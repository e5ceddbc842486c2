"""The house styles: `style` on Chat Completions, and the envelope under `/api/v1`."""

import json

import anthropic
import httpx2
import openai
import pytest
from anthropic.types import Message

from caller import user

TEXT = "One, two, three: whole."
PROMPT = f'[[sandbox text="{TEXT}"]]'
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.mark.lanes("chat")
def test_style_claude_is_a_messages_answer(gpt):
    raw = gpt.chat.completions.with_raw_response.create(
        model="gpt-5.5", messages=user(PROMPT), extra_body={"style": "claude"}
    )
    message = Message.model_validate_json(raw.text)
    assert (message.content[0].text, message.stop_reason, message.model) == (TEXT, "end_turn", "gpt-5.5")
    assert message.usage.output_tokens == -(-len(TEXT) // 4)


@pytest.mark.lanes("chat")
def test_style_claude_with_a_tool_call(gpt):
    raw = gpt.chat.completions.with_raw_response.create(
        model="gpt-5.5", messages=user("[[sandbox tools=1]]"), tools=[TOOL], extra_body={"style": "claude"}
    )
    message = Message.model_validate_json(raw.text)
    assert (message.stop_reason, message.content[-1].type) == ("tool_use", "tool_use")
    assert (message.content[-1].name, message.content[-1].input) == ("weather", {})


@pytest.mark.lanes("chat")
def test_style_claude_streams_to_the_anthropic_sdk(gate):
    """The Anthropic SDK itself reads the stream, sent to the chat path with a chat body."""

    def redirect(request: httpx2.Request) -> None:
        request.url = request.url.copy_with(path="/v1/chat/completions")

    with httpx2.Client(event_hooks={"request": [redirect]}) as http_client:
        client = anthropic.Anthropic(
            base_url=gate.base_url, api_key=gate.key_openai, max_retries=0, http_client=http_client
        )
        # A model that takes `max_tokens`, without which this SDK sends nothing.
        with client.messages.stream(
            model="gpt-4o", max_tokens=64, messages=user(PROMPT), extra_body={"style": "claude"}
        ) as stream:
            final = stream.get_final_message()
    assert (final.content[0].text, final.stop_reason) == (TEXT, "end_turn")
    assert final.usage.output_tokens == -(-len(TEXT) // 4)


@pytest.mark.lanes("chat")
def test_style_openai_is_the_default(gpt):
    completion = gpt.chat.completions.create(model="gpt-5.5", messages=user(PROMPT), extra_body={"style": "openai"})
    assert completion.choices[0].message.content == TEXT


def test_any_other_style_is_refused_with_the_list(gpt):
    with pytest.raises(openai.BadRequestError) as raised:
        gpt.chat.completions.create(model="gpt-5.5", messages=user(PROMPT), extra_body={"style": "gemini"})
    assert raised.value.param == "style"
    assert "openai" in raised.value.message and "claude" in raised.value.message


@pytest.fixture
def api(gate):
    """`/api/v1` by plain HTTP."""

    def send(path: str, key: str, body: dict | None = None) -> httpx2.Response:
        method = "POST" if body else "GET"
        headers = {"authorization": f"Bearer {key}"}
        return httpx2.request(method, f"{gate.base_url}/api/v1{path}", json=body, headers=headers, timeout=30)

    return send


def data_of(answer: httpx2.Response):
    assert answer.status_code == 200
    body = answer.json()
    assert (body["success"], body["code"], body["message"]) == (True, "200", "successful")
    return body["data"]


@pytest.mark.lanes("messages")
def test_envelope_messages(api, gate):
    body = {"model": "claude-sonnet-5-5", "max_tokens": 64, "messages": user(PROMPT)}
    data = data_of(api("/messages", gate.key_anthropic, body))
    assert set(data) >= {"id", "model", "choices", "usage"}
    assert data["model"] == "claude-sonnet-5-5"
    assert data["choices"][0]["index"] == 0
    message = data["choices"][0]["message"]
    assert (message["role"], message["content"]) == ("assistant", TEXT)


@pytest.mark.lanes("messages")
def test_envelope_messages_as_a_stream(api, gate):
    body = {"model": "claude-sonnet-5-5", "max_tokens": 64, "stream": True, "messages": user(PROMPT)}
    answer = api("/messages", gate.key_anthropic, body)
    assert_stream(answer)


def assert_stream(answer: httpx2.Response) -> None:
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    texts = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    assert "".join(texts) == TEXT


@pytest.mark.lanes("chat")
def test_envelope_chat(api, gate):
    data = data_of(api("/chat/completions", gate.key_openai, {"model": "gpt-5.5", "messages": user(PROMPT)}))
    assert data["choices"][0]["message"]["content"] == TEXT


@pytest.mark.lanes("chat")
def test_envelope_chat_as_a_stream(api, gate):
    body = {"model": "gpt-5.5", "stream": True, "messages": user(PROMPT)}
    assert_stream(api("/chat/completions", gate.key_openai, body))


def test_envelope_models(api, gate):
    data = data_of(api("/models", gate.key_openai))
    models = data if isinstance(data, list) else data["data"]
    assert "ZHIPU/GLM-4.6" in [model["id"] for model in models]


@pytest.mark.parametrize(
    ("key", "model", "status"),
    [("tg-wrong", "gpt-5.5", 401), ("broke", "gpt-5.5", 402), ("ok", "nobody/has-this", 404)],
)
def test_envelope_failures_keep_their_status(api, stack, key, model, status):
    key = stack.keys.get(f"{key}-openai", key)
    answer = api("/chat/completions", key, {"model": model, "messages": user(PROMPT)})
    body = answer.json()
    assert answer.status_code == status
    assert set(body) == {"success", "code", "message", "data"}
    assert (body["success"], body["code"], body["data"]) == (False, str(status), None)
    assert body["message"]
