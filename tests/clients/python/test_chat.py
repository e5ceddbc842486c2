"""OpenAI Chat Completions."""

import json

import openai
import pytest

from caller import user
from conftest import City, system_of

pytestmark = pytest.mark.lanes("chat")
MODEL = "gpt-5.5"
TEXT = "One, two, three, four: the stream is whole."
ASK = {"model": MODEL, "messages": user(f'[[sandbox text="{TEXT}"]]')}


def test_plain(gpt):
    completion = gpt.chat.completions.create(**ASK)
    choice = completion.choices[0]
    assert (choice.message.content, choice.finish_reason) == (TEXT, "stop")
    assert completion.model == MODEL
    assert completion.usage.completion_tokens == -(-len(TEXT) // 4)
    assert completion._request_id


@pytest.mark.parametrize("model", ["ZHIPU/GLM-4.6", "xiaomi/mimo-v2", "deepseek-chat"])
def test_prefixed_model_names(gpt, model):
    assert gpt.chat.completions.create(**ASK | {"model": model}).model == model


def test_async(gate):
    async def work(client):
        stream = await client.chat.completions.create(stream=True, **ASK)
        return [chunk async for chunk in stream]

    chunks = gate.run_gpt(work)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == TEXT


@pytest.mark.parametrize("options", [{}, {"stream_options": {"include_usage": False}}], ids=["absent", "false"])
def test_no_usage_chunk_unless_asked(gpt, options):
    chunks = list(gpt.chat.completions.create(stream=True, **options, **ASK))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == TEXT
    assert all(len(chunk.choices) == 1 for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_one_usage_chunk_when_asked(gpt):
    chunks = list(gpt.chat.completions.create(stream=True, stream_options={"include_usage": True}, **ASK))
    assert [len(chunk.choices) for chunk in chunks[-2:]] == [1, 0]
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].usage.completion_tokens == -(-len(TEXT) // 4)


def test_stream_helper(gpt):
    with gpt.chat.completions.stream(**ASK) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert "".join(deltas) == TEXT == final.choices[0].message.content


@pytest.mark.parametrize("shape", ["crlf", "cr", "no_space", "split=1", "comments", "chunks=1", "chunks=2"])
def test_odd_but_legal_streams(gpt, shape):
    ask = {"model": MODEL, "messages": user(f'[[sandbox text="{TEXT}" {shape}]]')}
    chunks = list(gpt.chat.completions.create(stream=True, **ask))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == TEXT


@pytest.mark.lanes("chat", only="native")
def test_several_choices(gpt):
    completion = gpt.chat.completions.create(n=3, **ASK)
    assert [choice.message.content for choice in completion.choices] == [TEXT] * 3


@pytest.mark.lanes("chat", only="foreign")
def test_several_choices_are_refused_where_there_is_one(gpt):
    with pytest.raises(openai.BadRequestError) as raised:
        gpt.chat.completions.create(n=3, **ASK)
    assert raised.value.param == "n"


@pytest.mark.parametrize("role", ["system", "developer"])
def test_system_reaches_the_provider(gpt, lane, role):
    messages = [{"role": role, "content": "Be brief."}, *user("[[sandbox echo_body]]")]
    completion = gpt.chat.completions.create(model=MODEL, messages=messages)
    received = json.loads(completion.choices[0].message.content)
    if lane.native:
        assert received["messages"] == messages
    assert system_of(received) == "Be brief."


def test_reasoning_tokens(gpt):
    completion = gpt.chat.completions.create(
        model=MODEL, messages=user('[[sandbox thinking=20 text="42"]]'), reasoning_effort="high"
    )
    assert completion.choices[0].message.content == "42"
    assert completion.usage.completion_tokens_details.reasoning_tokens > 0


def test_the_sdks_own_parser(gpt):
    completion = gpt.chat.completions.parse(model=MODEL, messages=user("A city, please."), response_format=City)
    assert isinstance(completion.choices[0].message.parsed, City)
