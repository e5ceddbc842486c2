"""A caller in any of the three protocols: it puts a question, and reads the answer, in the protocol's own words."""

import uuid

import httpx2

from stack import Lane, wait_until


def user(content) -> list[dict]:
    """A conversation of one user message, in Messages, Chat and Responses alike."""
    return [{"role": "user", "content": content}]


class Caller:
    """An SDK with a key of a lane of its own. Key, group, account and the account's credential have one name."""

    def __init__(self, stack, gate, lane: Lane):
        self.stack, self.lane, self.protocol = stack, lane, lane.caller
        self.name = f"{lane}-{uuid.uuid4().hex[:8]}"
        self.key = stack.lane(lane.caller, lane.spoken, self.name)
        self.sdk = gate.claude(self.key) if self.protocol == "messages" else gate.gpt(self.key)

    def body(self, content, **more) -> dict:
        if self.protocol == "messages":
            return {"model": "claude-sonnet-5-5", "max_tokens": 2048, "messages": user(content)} | more
        turns = "messages" if self.protocol == "chat" else "input"
        return {"model": "gpt-5.5", turns: user(content)} | more

    def create(self, content, **more):
        body = self.body(content, **more)
        if self.protocol == "messages":
            return self.sdk.messages.create(**body)
        return (
            self.sdk.chat.completions.create(**body) if self.protocol == "chat" else self.sdk.responses.create(**body)
        )

    def stream(self, content, **more):
        """The SDK's own accumulator's last word."""
        body = self.body(content, **more)
        if self.protocol == "messages":
            with self.sdk.messages.stream(**body) as stream:
                return stream.get_final_message()
        if self.protocol == "chat":
            with self.sdk.chat.completions.stream(stream_options={"include_usage": True}, **body) as stream:
                return stream.get_final_completion()
        with self.sdk.responses.stream(**body) as stream:
            return stream.get_final_response()

    def text(self, answer) -> str:
        if self.protocol == "messages":
            return "".join(block.text for block in answer.content if block.type == "text")
        return answer.choices[0].message.content if self.protocol == "chat" else answer.output_text

    def part(self, kind: str, source: str) -> dict:
        """A picture or a document, in the protocol's own words."""
        linked = source.startswith("http")
        if self.protocol == "messages":
            if linked:
                return {"type": kind, "source": {"type": "url", "url": source}}
            media = "image/png" if kind == "image" else "application/pdf"
            return {"type": kind, "source": {"type": "base64", "media_type": media, "data": source}}
        data = f"data:{'image/png' if kind == 'image' else 'application/pdf'};base64,{source}"
        if kind == "document":
            named = {"filename": "a.pdf", "file_data": data}
            return {"type": "file", "file": named} if self.protocol == "chat" else {"type": "input_file"} | named
        url = source if linked else data
        chat = {"type": "image_url", "image_url": {"url": url}}
        return chat if self.protocol == "chat" else {"type": "input_image", "image_url": url, "detail": "auto"}

    def said(self, text: str) -> dict:
        return {"type": "input_text" if self.protocol == "responses" else "text", "text": text}

    def record(self) -> dict:
        """The usage record of the only request."""
        (record,) = self.stack.records(1, "--key", self.name)
        return record

    def served(self) -> dict:
        """What the sandbox counted of that request, a moment after the record."""

        def entries() -> list[dict]:
            counts = httpx2.get(f"{self.stack.sandbox.base_url}/sandbox/counts").json()
            return [entry for entry in counts["served"] if entry["credential"] == self.name]

        wait_until(entries, "the sandbox's count")
        (entry,) = entries()
        return entry
