"""Anthropic Messages as a stream."""

import pytest

from caller import user

pytestmark = pytest.mark.lanes("messages")
MODEL = "claude-sonnet-5-5"
TEXT = "One, two, three, four: the stream is whole. Ünïcödé too."


def ask(directives: str) -> dict:
    prompt = f'[[sandbox text="{TEXT}" {directives}]]'
    return {"model": MODEL, "max_tokens": 512, "messages": user(prompt)}


def test_text_stream_and_final_message(claude):
    with claude.messages.stream(**ask("")) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(pieces) > 1
    assert "".join(pieces) == TEXT == final.content[0].text
    assert (final.stop_reason, final.model) == ("end_turn", MODEL)
    assert final.usage.output_tokens == -(-len(TEXT.encode()) // 4)


def test_raw_events(claude):
    events = list(claude.messages.create(stream=True, **ask("thinking=3")))
    types = [event.type for event in events]
    assert types[0] == "message_start"
    assert types[-2:] == ["message_delta", "message_stop"]
    blocks = [event.content_block.type for event in events if event.type == "content_block_start"]
    assert blocks == ["thinking", "text"]
    deltas = [event.delta.type for event in events if event.type == "content_block_delta"]
    assert {"thinking_delta", "signature_delta", "text_delta"} == set(deltas)


def test_async(gate):
    async def work(client):
        async with client.messages.stream(**ask("")) as stream:
            pieces = [piece async for piece in stream.text_stream]
            return pieces, await stream.get_final_message()

    pieces, final = gate.run_claude(work)
    assert "".join(pieces) == TEXT == final.content[0].text


@pytest.mark.parametrize(
    "shape",
    ["crlf", "cr", "no_space", "split=1", "split=7 crlf", "comments", "ping=1", "chunks=1", "chunks=2", "extra_event"],
)
def test_odd_but_legal_streams(claude, shape):
    with claude.messages.stream(**ask(shape)) as stream:
        assert stream.get_final_text() == TEXT


def test_an_event_of_300_kilobytes(claude):
    with claude.messages.stream(**ask("huge=300000")) as stream:
        assert stream.get_final_text() == TEXT + "x" * 300_000
