"""Tool loops of three rounds with thinking and calls at a time: what the model thought comes back to it unchanged."""

import json

import pytest

from caller import user

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
NAMES = ["weather", "air"]
DONE = "Warm and clean."
ROUNDS = [["weather", "air"], ["air"], ["weather", "air"]]
# Thinking of 6, 5 and 4 words before the calls, of 3 before the end.
STEPS = [
    {"thinking": 6 - number, "calls": [{"tool": name, "args": {"city": f"Oslo {number}"}} for name in names]}
    for number, names in enumerate(ROUNDS)
] + [{"thinking": 3, "text": DONE}]
ASK = f"How is Oslo? [[sandbox steps='{json.dumps(STEPS)}']]"
# A model whose provider wants its thinking back as text.
PLAIN = "deepseek-chat"


def reasoning_of(requests: list[dict], spoken: str) -> list[str]:
    """The thinking in the last request that the provider got, one string for each round. The sandbox has checked
    signatures and encrypted contents: it refuses what it did not make, and what was changed."""
    body = requests[-1]["body"]
    if spoken == "messages":
        blocks = [block for turn in body["messages"] if turn["role"] == "assistant" for block in turn["content"]]
        assert all(block["signature"] for block in blocks if block["type"] == "thinking")
        return [block["thinking"] for block in blocks if block["type"] == "thinking"]
    if spoken == "responses":
        return [item["encrypted_content"] for item in body["input"] if item.get("type") == "reasoning"]
    return [turn["reasoning_content"] for turn in body["messages"] if turn["role"] == "assistant"]


def assert_results_arrived(requests: list[dict]) -> None:
    assert len(requests) == len(STEPS)
    last = json.dumps(requests[-1]["body"])
    for number, names in enumerate(ROUNDS):
        assert all(result_of(name, {"city": f"Oslo {number}"}) in last for name in names)


def assert_thinking_came_back(requests: list[dict], spoken: str, text_too: bool = True) -> None:
    assert_results_arrived(requests)
    thoughts = reasoning_of(requests, spoken)
    assert len(thoughts) == len(ROUNDS)
    if spoken == "responses":
        assert len(set(thoughts)) == len(ROUNDS)
    elif text_too:
        assert [len(thought.split()) for thought in thoughts] == [6, 5, 4]


def result_of(name: str, arguments: dict) -> str:
    return f"{name} of {arguments['city']}"


@pytest.mark.lanes("messages")
@pytest.mark.parametrize("display", [None, "omitted"])
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_messages(claude, lane, recorded, streamed, display):
    thinking = {"type": "adaptive"} | ({"display": display} if display else {})
    ask = {
        "model": PLAIN if lane.spoken == "chat" else "claude-sonnet-5-5",
        "max_tokens": 1024,
        "thinking": thinking,
        "tools": [{"name": name, "description": name, "input_schema": SCHEMA} for name in NAMES],
    }

    def send(messages):
        if not streamed:
            return claude.messages.create(messages=messages, **ask)
        with claude.messages.stream(messages=messages, **ask) as stream:
            return stream.get_final_message()

    turns = user(ASK)
    for number, names in enumerate(ROUNDS):
        answer = send(turns)
        calls = [block for block in answer.content if block.type == "tool_use"]
        assert answer.stop_reason == "tool_use"
        assert [(call.name, call.input) for call in calls] == [(name, {"city": f"Oslo {number}"}) for name in names]
        thought = answer.content[0]
        assert thought.type == "thinking" and thought.signature
        assert len(thought.thinking.split()) == (0 if display else 6 - number)
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": result_of(call.name, call.input)}
            for call in calls
        ]
        turns = [*turns, {"role": "assistant", "content": answer.content}, *user(results)]
    last = send(turns)
    assert (last.stop_reason, last.content[-1].text) == ("end_turn", DONE)
    # The provider itself leaves the text out where it is asked to.
    text_too = not (lane.native and display)
    assert_thinking_came_back(recorded(), lane.spoken, text_too)


@pytest.mark.lanes("chat")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_chat(gpt, lane, recorded, streamed):
    """A Chat client sends no thinking back: the gate remembers it where it translates."""
    ask = {
        "model": "gpt-5.5",
        "reasoning_effort": "medium",
        "tools": [
            {"type": "function", "function": {"name": name, "parameters": SCHEMA, "strict": True}} for name in NAMES
        ],
    }

    def send(messages):
        if not streamed:
            return gpt.chat.completions.create(messages=messages, **ask).choices[0]
        with gpt.chat.completions.stream(messages=messages, **ask) as stream:
            return stream.get_final_completion().choices[0]

    turns = user(ASK)
    for number, names in enumerate(ROUNDS):
        answer = send(turns)
        calls = answer.message.tool_calls
        assert answer.finish_reason == "tool_calls"
        made = [(call.function.name, json.loads(call.function.arguments)) for call in calls]
        assert made == [(name, {"city": f"Oslo {number}"}) for name in names]
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": result_of(name, arguments)}
            for call, (name, arguments) in zip(calls, made, strict=True)
        ]
        echoed = [
            {"type": "function", "id": call.id, "function": {"name": name, "arguments": call.function.arguments}}
            for call, (name, _) in zip(calls, made, strict=True)
        ]
        turns = [*turns, {"role": "assistant", "content": answer.message.content, "tool_calls": echoed}, *results]
    last = send(turns)
    assert (last.finish_reason, last.message.content) == ("stop", DONE)
    if lane.native:
        assert_results_arrived(recorded())
    else:
        assert_thinking_came_back(recorded(), lane.spoken)


@pytest.mark.lanes("responses")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_responses(gpt, lane, recorded, streamed):
    run_responses(gpt, lane, streamed, continued=False)
    assert_thinking_came_back(recorded(), lane.spoken)


@pytest.mark.lanes("responses", only="foreign")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_responses_continued(gpt, lane, recorded, streamed):
    """The provider keeps nothing, the gate does: only the results are sent, with the id of the response before."""
    run_responses(gpt, lane, streamed, continued=True)
    assert_thinking_came_back(recorded(), lane.spoken)


def run_responses(gpt, lane, streamed: bool, continued: bool) -> None:
    """The whole loop. The items are sent back as they came, or the response is continued by its id."""
    ask = {
        "model": PLAIN if lane.spoken == "chat" else "gpt-5.5",
        "reasoning": {"effort": "medium", "summary": "auto"},
        "tools": [{"type": "function", "name": name, "parameters": SCHEMA, "strict": True} for name in NAMES],
    }
    if not continued:
        ask |= {"store": False, "include": ["reasoning.encrypted_content"]}

    def send(items, previous):
        options = ask | ({"previous_response_id": previous} if previous else {})
        if not streamed:
            return gpt.responses.create(input=items, **options)
        with gpt.responses.stream(input=items, **options) as stream:
            return stream.get_final_response()

    items, previous = user(ASK), None
    for number, names in enumerate(ROUNDS):
        answer = send(items, previous)
        calls = [item for item in answer.output if item.type == "function_call"]
        made = [(call.name, json.loads(call.arguments)) for call in calls]
        assert made == [(name, {"city": f"Oslo {number}"}) for name in names]
        thought = answer.output[0]
        assert thought.type == "reasoning"
        assert len(thought.summary[0].text.split()) == 6 - number
        results = [
            {"type": "function_call_output", "call_id": call.call_id, "output": result_of(name, arguments)}
            for call, (name, arguments) in zip(calls, made, strict=True)
        ]
        if continued:
            items, previous = results, answer.id
        else:
            echoed = [item.model_dump(exclude={"parsed_arguments"}, exclude_none=True) for item in answer.output]
            items = [*items, *echoed, *results]
    assert send(items, previous).output_text == DONE
