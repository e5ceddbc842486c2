"""What the SDKs do by themselves after an error, with their default number of retries."""

import time
import uuid

import anthropic
import openai
import pytest

from caller import user


def once(status: str) -> str:
    """A fault of the first request, and a good answer after it."""
    return f'[[sandbox {status} times=1 id={uuid.uuid4().hex} text="pong"]]'


@pytest.mark.lanes()
def test_retry_after_is_waited_for(caller, calls):
    caller.sdk = caller.sdk.with_options(max_retries=2, http_client=calls.client)
    started = time.monotonic()
    answer = caller.create(once("status=429 retry_after=1"))
    assert 1 <= time.monotonic() - started < 5
    assert caller.text(answer) == "pong"
    assert len(calls) == 2


@pytest.mark.lanes()
def test_an_overload_is_retried(caller, calls):
    caller.sdk = caller.sdk.with_options(max_retries=2, http_client=calls.client)
    assert caller.text(caller.stream(once("error_first"))) == "pong"
    assert len(calls) == 2


@pytest.mark.parametrize("kind", ["revoked", "broke"])
def test_what_will_not_heal_is_asked_once(gate, stack, calls, kind):
    client = gate.claude(stack.keys[f"{kind}-anthropic"], max_retries=2, http_client=calls.client)
    with pytest.raises(anthropic.APIStatusError) as raised:
        client.messages.create(model="claude-sonnet-5-5", max_tokens=64, messages=user("hello"))
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert len(calls) == 1


def test_a_429_that_will_not_heal_is_asked_once(gate, stack, calls):
    """Without `x-should-retry: false` the SDK would try a used-up balance three times."""
    client = gate.gpt(stack.keys["broke-openai"], max_retries=2, http_client=calls.client)
    with pytest.raises(openai.RateLimitError):
        client.responses.create(model="gpt-5.5", input="hello")
    assert len(calls) == 1


def test_another_account_answers_without_the_callers_help(stack, gate, calls, sandbox):
    """The first account is limited, the second answers: one call here, two at the provider."""
    group = f"pair-{uuid.uuid4().hex[:8]}"
    model = f"claude-{group}"
    stack.group(group, "anthropic")
    stack.account(f"{group}-spare", "anthropic", group, "--priority", "9")
    key = stack.ready_key(group, group)
    client = gate.claude(key, http_client=calls.client)
    message = client.messages.create(
        model=model, max_tokens=64, messages=user(f"[[sandbox status=429 account={group} text=pong]]")
    )
    assert message.content[0].text == "pong"
    assert len(calls) == 1
    assert (sandbox(model)["refused"], sandbox(model)["answered"]) == (1, 1)
    (record,) = stack.records(1, "--key", group)
    assert (record["attempts"], record["status"]) == (2, 200)
