"""Tool rounds: call, result, answer, in all three protocols, with two calls at a time."""

import json

import pytest

from conftest import user

ASK = "Is it warm in Oslo? [[sandbox tools=2]]"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
NAMES = ["weather", "air"]
RESULTS = {"weather": "21 degrees", "air": "clean"}


def says_both(text: str) -> bool:
    return all(result in text for result in RESULTS.values())


@pytest.mark.lanes("messages")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_messages(claude, streamed):
    ask = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 1024,
        "tools": [{"name": name, "description": name, "input_schema": SCHEMA} for name in NAMES],
    }

    def send(messages):
        if not streamed:
            return claude.messages.create(messages=messages, **ask)
        with claude.messages.stream(messages=messages, **ask) as stream:
            return stream.get_final_message()

    asked = user(ASK)
    first = send(asked)
    calls = [block for block in first.content if block.type == "tool_use"]
    assert first.stop_reason == "tool_use"
    assert [call.name for call in calls] == NAMES
    assert all(isinstance(call.input["city"], str) for call in calls)
    assert len({call.id for call in calls}) == 2

    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": RESULTS[call.name]} for call in calls
    ]
    last = send([*asked, {"role": "assistant", "content": first.content}, *user(results)])
    assert last.stop_reason == "end_turn"
    assert says_both(last.content[0].text)


@pytest.mark.lanes("chat")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_chat(gpt, streamed):
    functions = [{"name": name, "parameters": SCHEMA, "strict": True} for name in NAMES]
    ask = {
        "model": "gpt-5.5",
        "tools": [{"type": "function", "function": function} for function in functions],
    }

    def send(messages):
        if not streamed:
            return gpt.chat.completions.create(messages=messages, **ask).choices[0]
        with gpt.chat.completions.stream(messages=messages, **ask) as stream:
            return stream.get_final_completion().choices[0]

    asked = user(ASK)
    first = send(asked)
    calls = first.message.tool_calls
    assert first.finish_reason == "tool_calls"
    assert [call.function.name for call in calls] == NAMES
    assert all("city" in json.loads(call.function.arguments) for call in calls)

    results = [
        {"role": "tool", "tool_call_id": call.id, "content": RESULTS[call.function.name]} for call in calls
    ]
    last = send([*asked, first.message.model_dump(exclude_none=True), *results])
    assert last.finish_reason == "stop"
    assert says_both(last.message.content)


@pytest.mark.lanes("responses")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_responses(gpt, streamed):
    tools = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": True} for name in NAMES]
    ask = {"model": "gpt-5.5", "tools": tools, "store": False}

    def send(items):
        if not streamed:
            return gpt.responses.create(input=items, **ask)
        with gpt.responses.stream(input=items, **ask) as stream:
            return stream.get_final_response()

    asked = user(ASK)
    first = send(asked)
    calls = [item for item in first.output if item.type == "function_call"]
    assert [call.name for call in calls] == NAMES
    assert all("city" in json.loads(call.arguments) for call in calls)

    echoed = [call.model_dump(exclude={"parsed_arguments"}, exclude_none=True) for call in calls]
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": RESULTS[call.name]}
        for call in calls
    ]
    assert says_both(send([*asked, *echoed, *results]).output_text)
