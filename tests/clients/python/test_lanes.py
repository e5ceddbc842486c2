"""What each SDK can ask for beside text and tools, on accounts of its own protocol and of the others."""

import base64
import struct
import zlib

import pytest

from conftest import user


def png() -> str:
    """One white pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b"")
    return base64.b64encode(data).decode()


PNG = png()
PDF = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()
URL = "https://example.com/pixel.png"
LOOK = "[[sandbox image]]"
SEEN = "The sandbox saw 1 image."
CLAUDE, GPT = "claude-sonnet-5-5", "gpt-5.5"
STOPPED = '[[sandbox text="one two STOP three"]]'


@pytest.mark.lanes("messages")
class TestMessages:
    @pytest.mark.parametrize("kind", ["base64", "url"])
    def test_vision(self, claude, kind):
        source = {"type": "url", "url": URL}
        if kind == "base64":
            source = {"type": "base64", "media_type": "image/png", "data": PNG}
        content = [{"type": "image", "source": source}, {"type": "text", "text": LOOK}]
        message = claude.messages.create(model=CLAUDE, max_tokens=64, messages=user(content))
        assert message.content[0].text == SEEN

    def test_a_document(self, claude, recorded):
        source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
        content = [{"type": "document", "source": source, "title": "a"}, {"type": "text", "text": "[[sandbox text=read]]"}]
        message = claude.messages.create(model=CLAUDE, max_tokens=64, messages=user(content))
        assert message.content[0].text == "read"
        assert PDF in str(recorded()[-1]["body"])

    @pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
    def test_stop_sequences(self, claude, streamed):
        ask = {"model": CLAUDE, "max_tokens": 64, "stop_sequences": ["STOP"], "messages": user(STOPPED)}
        if streamed:
            with claude.messages.stream(**ask) as stream:
                message = stream.get_final_message()
        else:
            message = claude.messages.create(**ask)
        assert message.content[0].text.strip() == "one two"
        assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "STOP")

    def test_the_helpers_message_is_the_plain_one(self, claude):
        ask = {"model": CLAUDE, "max_tokens": 512, "messages": user("[[sandbox words=30 thinking=9]]")}
        ask["thinking"] = {"type": "adaptive"}
        with claude.messages.stream(**ask) as stream:
            streamed = stream.get_final_message().model_dump()
        plain = claude.messages.create(**ask).model_dump()
        for message in (streamed, plain):
            for block in message["content"]:
                block.pop("signature", None)
                block.pop("parsed_output", None)
        for member in ("content", "stop_reason", "stop_sequence", "model", "role", "type"):
            assert streamed[member] == plain[member], member
        for bucket in ("input_tokens", "output_tokens"):
            assert streamed["usage"][bucket] == plain["usage"][bucket]

    def test_a_caller_that_leaves_is_charged_for_what_it_got(self, stack, gate, lane):
        name = f"gone-messages-{lane.spoken}"
        client = gate.claude(stack.lane_named(name, "anthropic", lane.account))
        ask = {"model": CLAUDE, "max_tokens": 512, "messages": user("[[sandbox words=60 slow_event_ms=20]]")}
        with client.messages.stream(**ask) as stream:
            next(iter(stream.text_stream))
        assert_gone(stack, name)


@pytest.mark.lanes("chat")
class TestChat:
    @pytest.mark.parametrize("url", [f"data:image/png;base64,{PNG}", URL], ids=["base64", "url"])
    def test_vision(self, gpt, url):
        content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": LOOK}]
        completion = gpt.chat.completions.create(model=GPT, messages=user(content))
        assert completion.choices[0].message.content == SEEN

    def test_a_document(self, gpt, recorded):
        file = {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
        content = [{"type": "file", "file": file}, {"type": "text", "text": "[[sandbox text=read]]"}]
        completion = gpt.chat.completions.create(model=GPT, messages=user(content))
        assert completion.choices[0].message.content == "read"
        assert PDF in str(recorded()[-1]["body"])

    @pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
    def test_stop_sequences(self, gpt, streamed):
        ask = {"model": "gpt-4o", "stop": ["STOP"], "messages": user(STOPPED)}
        if streamed:
            with gpt.chat.completions.stream(**ask) as stream:
                choice = stream.get_final_completion().choices[0]
        else:
            choice = gpt.chat.completions.create(**ask).choices[0]
        assert (choice.message.content.strip(), choice.finish_reason) == ("one two", "stop")

    def test_the_helpers_completion_is_the_plain_one(self, gpt):
        ask = {"model": GPT, "messages": user("[[sandbox words=30]]")}
        with gpt.chat.completions.stream(stream_options={"include_usage": True}, **ask) as stream:
            streamed = stream.get_final_completion()
        plain = gpt.chat.completions.create(**ask)
        assert streamed.choices[0].message.content == plain.choices[0].message.content
        assert streamed.choices[0].finish_reason == plain.choices[0].finish_reason
        assert streamed.usage.completion_tokens == plain.usage.completion_tokens
        assert streamed.usage.prompt_tokens == plain.usage.prompt_tokens

    def test_a_caller_that_leaves_is_charged_for_what_it_got(self, stack, gate, lane):
        name = f"gone-chat-{lane.spoken}"
        client = gate.gpt(stack.lane_named(name, "openai", lane.account))
        ask = {"model": GPT, "messages": user("[[sandbox words=60 slow_event_ms=20]]")}
        with client.chat.completions.create(stream=True, **ask) as stream:
            next(iter(stream))
        assert_gone(stack, name)


@pytest.mark.lanes("responses")
class TestResponses:
    @pytest.mark.parametrize("url", [f"data:image/png;base64,{PNG}", URL], ids=["base64", "url"])
    def test_vision(self, gpt, url):
        content = [{"type": "input_image", "image_url": url, "detail": "auto"}, {"type": "input_text", "text": LOOK}]
        assert gpt.responses.create(model=GPT, input=user(content)).output_text == SEEN

    def test_a_document(self, gpt, recorded):
        file = {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
        content = [file, {"type": "input_text", "text": "[[sandbox text=read]]"}]
        assert gpt.responses.create(model=GPT, input=user(content)).output_text == "read"
        assert PDF in str(recorded()[-1]["body"])

    def test_the_helpers_response_is_the_plain_one(self, gpt):
        ask = {"model": GPT, "input": "[[sandbox words=30 thinking=9]]", "reasoning": {"summary": "auto"}}
        with gpt.responses.stream(**ask) as stream:
            streamed = stream.get_final_response()
        plain = gpt.responses.create(**ask)
        assert streamed.output_text == plain.output_text
        assert [item.type for item in streamed.output] == [item.type for item in plain.output]
        assert streamed.output[0].summary[0].text == plain.output[0].summary[0].text
        assert (streamed.status, streamed.usage.total_tokens) == (plain.status, plain.usage.total_tokens)

    def test_a_caller_that_leaves_is_charged_for_what_it_got(self, stack, gate, lane):
        name = f"gone-responses-{lane.spoken}"
        client = gate.gpt(stack.lane_named(name, "openai", lane.account))
        with client.responses.create(model=GPT, input="[[sandbox words=60 slow_event_ms=20]]", stream=True) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    break
        assert_gone(stack, name)


def assert_gone(stack, name: str) -> None:
    (record,) = stack.records(1, "--key", name)
    assert record["stream_end"] == "client_gone"
    assert record["usage"]["input_tokens"] > 0 and record["usage"]["output_tokens"] > 0
