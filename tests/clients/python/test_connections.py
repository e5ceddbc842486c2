"""Connections: kept alive after refusals, as every SDK's pool takes for granted."""

import http.client
import json
import select
import socket
import time

import anthropic
import openai
import pytest

from caller import user

BODY = json.dumps({"model": "gpt-5.5", "messages": user("[[sandbox text=pong]]")}).encode()


def head(key: str) -> bytes:
    lines = [
        "POST /v1/chat/completions HTTP/1.1",
        "host: localhost",
        "content-type: application/json",
        f"authorization: Bearer {key}",
        f"content-length: {len(BODY)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_answer(connection: socket.socket) -> http.client.HTTPResponse:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer


def test_a_refusal_before_the_body_arrives_leaves_the_connection_usable(stack):
    """SDKs send headers and body in two writes. A refusal that overtakes the body must leave the connection usable, or
    announce that it closes: otherwise the next request on it fails for no reason of its own."""
    host, port = stack.gate.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head("tg-wrong"))
        readable, _, _ = select.select([connection], [], [], 0.2)
        refusal = read_answer(connection) if readable else None
        if refusal is None or refusal.getheader("connection", "").lower() != "close":
            time.sleep(0.1)
            connection.sendall(BODY)
            refusal = refusal or read_answer(connection)
            connection.sendall(head(stack.keys["ok-openai"]) + BODY)
            assert read_answer(connection).status == 200
        assert refusal.status == 401


def test_many_refusals_on_one_connection(gate, stack):
    with gate.gpt(stack.keys["one-model-openai"]) as client:
        for _ in range(50):
            with pytest.raises(openai.PermissionDeniedError):
                client.chat.completions.create(model="gpt-5.5", messages=user("hello"))


def test_a_body_far_over_the_limit_is_refused_in_words(claude, gpt):
    """The caller still writes when the refusal is sent, and must be able to read it."""
    long = user("x" * (16 << 20))
    with pytest.raises(anthropic.RequestTooLargeError):
        claude.messages.create(model="claude-sonnet-5-5", max_tokens=64, messages=long)
    with pytest.raises(openai.APIStatusError, match="413"):
        gpt.chat.completions.create(model="gpt-5.5", messages=long)
