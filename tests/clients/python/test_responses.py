"""OpenAI Responses."""

import json

import openai
import pytest

from caller import user
from conftest import City, system_of

pytestmark = pytest.mark.lanes("responses")
MODEL = "gpt-5.5"
TEXT = "One, two, three, four: the stream is whole."
ASK = {"model": MODEL, "input": f'[[sandbox text="{TEXT}"]]'}


def test_plain(gpt):
    response = gpt.responses.create(**ASK)
    assert (response.output_text, response.status, response.model) == (TEXT, "completed", MODEL)
    assert response.usage.output_tokens == -(-len(TEXT) // 4)
    assert response._request_id


def test_async(gate):
    async def work(client):
        async with client.responses.stream(**ASK) as stream:
            return await stream.get_final_response()

    assert gate.run_gpt(work).output_text == TEXT


def test_stream_helper(gpt):
    with gpt.responses.stream(**ASK) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(deltas) == TEXT == final.output_text


def test_raw_events(gpt):
    events = list(gpt.responses.create(stream=True, **ASK))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == TEXT


@pytest.mark.parametrize("shape", ["crlf", "no_space", "split=1", "comments", "chunks=1", "chunks=2"])
def test_odd_but_legal_streams(gpt, shape):
    ask = {"model": MODEL, "input": f'[[sandbox text="{TEXT}" {shape}]]'}
    with gpt.responses.stream(**ask) as stream:
        assert stream.get_final_response().output_text == TEXT


def test_instructions_reach_the_provider(gpt):
    response = gpt.responses.create(model=MODEL, instructions="Be brief.", input="[[sandbox echo_body]]")
    assert system_of(json.loads(response.output_text)) == "Be brief."


@pytest.mark.lanes("responses", only="native")
def test_reasoning_and_back(gpt):
    asked = user('[[sandbox thinking=8 text="42"]]')
    ask = {"model": MODEL, "store": False, "include": ["reasoning.encrypted_content"]}
    first = gpt.responses.create(input=asked, **ask)
    reasoning = first.output[0]
    assert reasoning.type == "reasoning" and reasoning.encrypted_content

    items = [item.model_dump(exclude_none=True) for item in first.output]
    second = gpt.responses.create(input=[*asked, *items, *user("[[sandbox echo_body]]")], **ask)
    received = json.loads(second.output_text)["input"][1]
    assert received["encrypted_content"] == reasoning.encrypted_content


def test_the_sdks_own_parser(gpt):
    response = gpt.responses.parse(model=MODEL, input="A city, please.", text_format=City)
    assert isinstance(response.output_parsed, City)


@pytest.mark.lanes("responses", only="native")
def test_count_input_tokens(gpt):
    ask = {"model": MODEL, "input": "How long is this?"}
    counted = gpt.responses.input_tokens.count(**ask)
    assert counted.input_tokens == gpt.responses.create(**ask).usage.input_tokens


def test_stored_response(gpt):
    made = gpt.responses.create(store=True, **ASK)
    assert gpt.responses.retrieve(made.id).output_text == TEXT
    items = gpt.responses.input_items.list(made.id).data
    assert [item.role for item in items] == ["user"]
    assert gpt.responses.create(previous_response_id=made.id, **ASK).previous_response_id == made.id

    gpt.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        gpt.responses.retrieve(made.id)


@pytest.mark.lanes("responses", only="foreign")
def test_a_background_response_is_refused_where_no_one_keeps_it(gpt):
    with pytest.raises(openai.BadRequestError) as raised:
        gpt.responses.create(background=True, store=True, **ASK)
    assert raised.value.param == "background"


@pytest.mark.lanes("responses", only="native")
def test_cancel_a_background_response(gpt):
    made = gpt.responses.create(background=True, store=True, **ASK)
    assert made.status == "queued"
    assert gpt.responses.cancel(made.id).status == "cancelled"


def test_a_stored_response_is_its_keys_own(gate, stack, gpt):
    made = gpt.responses.create(store=True, **ASK)
    other = gate.gpt(stack.lane("responses"))
    with pytest.raises(openai.NotFoundError):
        other.responses.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        other.responses.delete(made.id)
    assert gpt.responses.retrieve(made.id).id == made.id
