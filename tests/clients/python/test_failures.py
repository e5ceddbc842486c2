"""What goes wrong at the account reaches the caller as the vendor's own error, and costs nothing."""

from decimal import Decimal

import anthropic
import openai
import pytest

# The SDK's class, the status, and the error's type or code, in Anthropic's words and in OpenAI's.
REFUSED = (
    (anthropic.BadRequestError, 400, "invalid_request_error"),
    (openai.BadRequestError, 400, "invalid_request_error"),
)
TOO_LARGE = (
    (anthropic.RequestTooLargeError, 413, "request_too_large"),
    (openai.APIStatusError, 413, "invalid_request_error"),
)
LIMITED = (
    (anthropic.RateLimitError, 429, "rate_limit_error"),
    (openai.RateLimitError, 429, "rate_limit_exceeded"),
)
FAILED = (
    (anthropic.InternalServerError, 500, "api_error"),
    (openai.InternalServerError, 500, "server_error"),
)
GARBLED = (
    (anthropic.InternalServerError, 502, "api_error"),
    (openai.InternalServerError, 502, "server_error"),
)
OVERLOADED = (
    (anthropic.OverloadedError, 529, "overloaded_error"),
    (openai.InternalServerError, 503, "server_is_overloaded"),
)
FAILURES = {
    "status=400": REFUSED,
    "status=413": TOO_LARGE,
    "status=429 retry_after=1": LIMITED,
    "status=500": FAILED,
    "status=503": OVERLOADED,
    "status=529": OVERLOADED,
    "error_first": OVERLOADED,
    # The account's own trouble is not the caller's.
    "status=401": OVERLOADED,
    "status=402": OVERLOADED,
    "status=403": OVERLOADED,
    "html": GARBLED,
    "status=502 html": GARBLED,
    "reset": GARBLED,
}


@pytest.mark.lanes()
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("fault", FAILURES)
def test_every_failure(caller, fault, streamed):
    """Until something was sent an error has its own status, also where a stream was asked for."""
    kind, status, *words = FAILURES[fault][0 if caller.protocol == "messages" else 1]
    error = raised_by(caller, f'{fault} message="the account\'s own words"', stream=streamed)
    assert (type(error), error.status_code) == (kind, status)
    assert {error.type, getattr(error, "code", None)} & {*words}
    if fault in ("status=401", "status=402", "status=403"):
        assert "own words" not in error.message
    if "retry_after" in fault:
        assert error.response.headers["retry-after"] == "1"
    assert Decimal(caller.record()["cost"]) == 0


def raised_by(caller, directives: str, **more):
    with pytest.raises((anthropic.APIStatusError, openai.APIStatusError)) as raised:
        caller.create(f"[[sandbox {directives}]]", **more)
    assert raised.value.request_id
    return raised.value


@pytest.mark.lanes()
def test_half_an_answer(caller):
    """Half a stream is among the broken streams."""
    error = raised_by(caller, "bad_json")
    assert (type(error), error.status_code) == GARBLED[0 if caller.protocol == "messages" else 1][:2]


@pytest.mark.lanes()
def test_what_the_provider_refuses_is_told_in_its_words(caller):
    assert "no such thing" in raised_by(caller, 'status=400 message="no such thing"').message


@pytest.mark.lanes("messages", only="native")
def test_a_long_rate_limit_is_not_waited_for(caller):
    error = raised_by(caller, "status=429 retry_after=900")
    assert type(error) is anthropic.RateLimitError
    assert error.response.headers["retry-after"] == "60"
    assert error.response.headers["x-should-retry"] == "false"
