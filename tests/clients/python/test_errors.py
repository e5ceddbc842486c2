"""What the gate itself refuses raises the SDK's own typed error, in the vendor's own words."""

import anthropic
import openai
import pytest

from caller import user

HELLO = '[[sandbox text="pong"]]'


def claude_ask(prompt=HELLO, model="claude-sonnet-5-5", **more) -> dict:
    return {"model": model, "max_tokens": 64, "messages": user(prompt)} | more


def gpt_ask(prompt=HELLO, model="gpt-5.5", **more) -> dict:
    return {"model": model, "messages": user(prompt)} | more


def claude_error(client, kind, **ask) -> anthropic.APIStatusError:
    with pytest.raises(kind) as raised:
        client.messages.create(**claude_ask(**ask))
    assert type(raised.value) is kind
    assert raised.value.request_id
    assert raised.value.body["type"] == "error"
    return raised.value


def chat_error(client, kind, **ask) -> openai.APIStatusError:
    with pytest.raises(kind) as raised:
        client.chat.completions.create(**gpt_ask(**ask))
    return check(raised.value, kind)


def responses_error(client, kind, prompt=HELLO, model="gpt-5.5", **more) -> openai.APIStatusError:
    with pytest.raises(kind) as raised:
        client.responses.create(model=model, input=prompt, **more)
    return check(raised.value, kind)


def check(error, kind):
    assert type(error) is kind
    assert error.request_id
    return error


WRONG_KEYS = ["revoked", "disabled", "expired", "wrong"]
BARRED_KEYS = ["elsewhere", "one-model", "banned", "closed"]


def key_of(stack, kind: str, platform: str) -> str:
    return "tg-wrong" if kind == "wrong" else stack.keys[f"{kind}-{platform}"]


@pytest.mark.parametrize("kind", WRONG_KEYS)
def test_401(gate, stack, kind):
    error = claude_error(gate.claude(key_of(stack, kind, "anthropic")), anthropic.AuthenticationError)
    assert error.type == "authentication_error"
    client = gate.gpt(key_of(stack, kind, "openai"))
    for error in (chat_error(client, openai.AuthenticationError), responses_error(client, openai.AuthenticationError)):
        assert (error.type, error.code) == ("invalid_request_error", "invalid_api_key")


@pytest.mark.parametrize("kind", BARRED_KEYS)
def test_403(gate, stack, kind):
    error = claude_error(gate.claude(key_of(stack, kind, "anthropic")), anthropic.PermissionDeniedError)
    assert error.type == "permission_error"
    client = gate.gpt(key_of(stack, kind, "openai"))
    chat_error(client, openai.PermissionDeniedError)
    responses_error(client, openai.PermissionDeniedError)


def test_404_names_the_model_as_it_was_written(claude, gpt):
    error = claude_error(claude, anthropic.NotFoundError, model="nobody/has-this")
    assert error.type == "not_found_error" and "nobody/has-this" in error.message
    for raise_error in (chat_error, responses_error):
        error = raise_error(gpt, openai.NotFoundError, model="nobody/has-this")
        assert error.code == "model_not_found" and "nobody/has-this" in error.message


def test_400_by_the_gate_names_the_field(claude, gpt):
    error = claude_error(claude, anthropic.BadRequestError, extra_body={"max_tokens": "many"})
    assert error.type == "invalid_request_error" and "max_tokens" in error.message
    error = chat_error(gpt, openai.BadRequestError, extra_body={"stream": "yes"})
    assert error.param == "stream" and "stream" in error.message


def test_400_by_the_provider_passes(claude, gpt):
    error = claude_error(claude, anthropic.BadRequestError, extra_body={"top_k": 5})
    assert "top_k: Extra inputs are not permitted" in error.message
    error = chat_error(gpt, openai.BadRequestError, prompt='[[sandbox status=400 message="no such thing" code=odd]]')
    assert error.code == "odd" and "no such thing" in error.message
    error = responses_error(gpt, openai.BadRequestError, prompt="[[sandbox status=400 error_type=odd_error]]")
    assert error.type == "odd_error"


def test_413(claude, gpt):
    long = "x" * (1 << 20)
    error = claude_error(claude, anthropic.RequestTooLargeError, prompt=long)
    assert error.type == "request_too_large"
    for raise_error in (chat_error, responses_error):
        assert raise_error(gpt, openai.APIStatusError, prompt=long).status_code == 413


def test_a_used_up_balance(gate, stack):
    error = claude_error(gate.claude(stack.keys["broke-anthropic"]), anthropic.PaymentRequiredError)
    assert (error.status_code, error.type) == (402, "billing_error")
    client = gate.gpt(stack.keys["broke-openai"])
    for raise_error in (chat_error, responses_error):
        error = raise_error(client, openai.RateLimitError)
        assert (error.type, error.code) == ("insufficient_quota", "insufficient_quota")
