"""Records, charges and balance agree with what the provider says it served, to the nano-dollar."""

import uuid
from decimal import Decimal
from fractions import Fraction

import anthropic
import httpx2
import openai
import pytest

import stack as stacks
from caller import user

RATES = {"group": "1.35", "user": "0.873"}
# Dollars per million tokens; the cache prices of the first are the defaults, as fractions of its input price.
PRICES = {
    "claude": {"input": "2.345678901", "output": "10.000000007"},
    "gpt": {"input": "1.1", "output": "7.77", "cache-read": "0.123456789"},
}
DEFAULTS = {"cache-write-5m": Fraction(5, 4), "cache-write-1h": Fraction(2), "cache-read": Fraction(1, 10)}
BUCKETS = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_write_5m_tokens": "cache-write-5m",
    "cache_write_1h_tokens": "cache-write-1h",
    "cache_read_tokens": "cache-read",
}


def nanos(usage: dict, price: dict[str, str], rate: Fraction = Fraction(1)) -> int:
    """The charge by the documented formula: exact, rounded half to even once."""

    def of(name: str) -> Fraction:
        return Fraction(price[name]) if name in price else Fraction(price["input"]) * DEFAULTS[name]

    dollars = sum(usage[bucket] * of(name) for bucket, name in BUCKETS.items()) / 1_000_000
    return round(dollars * rate * 10**9)


class Payer:
    """A user of its own with a key in each of two groups of its own, and models no one else asks for."""

    def __init__(self, stack, gate):
        self.stack = stack
        self.name = f"payer-{uuid.uuid4().hex[:8]}"
        self.models = {family: f"{family}-{self.name}" for family in PRICES}
        stack.user(self.name, "10", "--rate", RATES["user"])
        for family, model in self.models.items():
            prices = [word for name, price in PRICES[family].items() for word in (f"--{name}", price)]
            stack.cli("model", "create", model, *prices)
        keys = {}
        for family, platform in (("claude", "anthropic"), ("gpt", "openai")):
            group = f"{self.name}-{family}"
            stack.group(group, platform, "--rate", RATES["group"])
            keys[family] = stack.ready_key(group, group, self.name)
        self.claude = gate.claude(keys["claude"])
        self.gpt = gate.gpt(keys["gpt"])

    def records(self, count: int) -> list[dict]:
        return self.stack.records(count, "--user", self.name)

    def spent_nanos(self) -> int:
        balance = Decimal(self.stack.json("user", "show", self.name)["balance"])
        return int((Decimal(10) - balance) * 10**9)

    def served(self) -> list[dict]:
        """What the provider noted of these models, oldest first."""
        counts = httpx2.get(f"{self.stack.sandbox.base_url}/sandbox/counts").json()
        return [entry for entry in counts["served"] if entry["model"] in self.models.values()]


@pytest.fixture
def payer(stack, gate):
    return Payer(stack, gate)


def spend(payer) -> int:
    """One request of each kind; how many there were."""
    claude = {"model": payer.models["claude"], "max_tokens": 512}
    gpt = {"model": payer.models["gpt"]}
    payer.claude.messages.create(messages=user("[[sandbox words=7]]"), **claude)
    cached = "[[sandbox words=3 cache_read=12345 cache_write=678 cache_write_1h=91]]"
    payer.claude.messages.create(messages=user(cached), **claude)
    with payer.claude.messages.stream(messages=user("[[sandbox thinking=9 cache_read=7]]"), **claude) as stream:
        stream.get_final_message()
    payer.gpt.chat.completions.create(messages=user("[[sandbox words=11 cache_read=1001]]"), **gpt)
    list(payer.gpt.chat.completions.create(stream=True, messages=user("[[sandbox words=5]]"), **gpt))
    usage_asked = {"stream": True, "stream_options": {"include_usage": True}}
    list(payer.gpt.chat.completions.create(messages=user("[[sandbox thinking=4]]"), **usage_asked, **gpt))
    # Chat reports no one-hour cache of its own.
    written = "[[sandbox words=3 cache_read=12345 cache_write=678]]"
    payer.gpt.chat.completions.create(messages=user(written), extra_body={"style": "claude"}, **gpt)
    payer.gpt.responses.create(input="[[sandbox words=13 thinking=2]]", **gpt)
    with payer.gpt.responses.stream(input="[[sandbox words=3 cache_read=77]]", **gpt) as stream:
        stream.get_final_response()
    return 9


def test_every_kind_of_request(payer):
    count = spend(payer)
    records, served = payer.records(count), payer.served()
    assert len(served) == count
    rate = Fraction(RATES["group"]) * Fraction(RATES["user"])
    for record, entry in zip(records, served, strict=True):
        family = "claude" if record["client_protocol"] == "messages" else "gpt"
        assert record["upstream_request_id"] == entry["request_id"]
        assert record["requested_model"] == entry["model"] == payer.models[family]
        assert record["usage"] == entry["usage"], record
        assert int(Decimal(record["cost"]) * 10**9) == nanos(entry["usage"], PRICES[family], rate), record
        assert (record["status"], record["stream"]) == (200, entry["stream"])
        assert not record["estimated"]
    assert payer.spent_nanos() == sum(int(Decimal(record["cost"]) * 10**9) for record in records)


def test_failures_cost_nothing(payer):
    claude = {"model": payer.models["claude"], "max_tokens": 64}
    for fault, error in (("status=400", anthropic.BadRequestError), ("status=529", anthropic.OverloadedError)):
        with pytest.raises(error):
            payer.claude.messages.create(messages=user(f"[[sandbox {fault}]]"), **claude)
    with pytest.raises(openai.InternalServerError):
        payer.gpt.responses.create(model=payer.models["gpt"], input="[[sandbox html]]")
    records = payer.records(3)
    assert [record["status"] for record in records] == [400, 529, 502]
    assert {Decimal(record["cost"]) for record in records} == {Decimal(0)}
    assert payer.spent_nanos() == 0


def test_counting_and_listing_leave_no_record(payer):
    payer.claude.messages.count_tokens(model=payer.models["claude"], messages=user("How long is this?"))
    list(payer.claude.models.list())
    # A last request shows that everything before it is written.
    payer.claude.messages.create(model=payer.models["claude"], max_tokens=64, messages=user("[[sandbox words=1]]"))
    (record,) = payer.records(1)
    assert record["endpoint"] == "/v1/messages"


def test_the_record_knows_the_caller(payer):
    payer.claude.messages.create(
        model=payer.models["claude"],
        max_tokens=64,
        messages=user("[[sandbox words=1]]"),
        metadata={"user_id": "someone"},
    )
    (record,) = payer.records(1)
    assert (record["client_user"], record["client_address"]) == ("someone", "127.0.0.1")
    assert record["client_agent"].startswith("Anthropic/Python")
    assert (record["attempts"], record["stop_reason"]) == (1, "end_turn")


# Thinking, tools and cache reads and writes; not for how long something was written, which Chat cannot tell.
SPENT = "words=11 thinking=5 cache_read=1001 cache_write=77"


@pytest.mark.lanes()
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_money_is_what_the_provider_counted(caller, streamed):
    (caller.stream if streamed else caller.create)(f"[[sandbox {SPENT}]]")
    record, entry = caller.record(), caller.served()
    assert (record["client_protocol"], record["upstream_protocol"]) == (caller.protocol, caller.lane.spoken)
    assert record["usage"] == entry["usage"]
    assert (record["upstream_request_id"], record["upstream_model"]) == (entry["request_id"], entry["model"])
    assert not record["estimated"]
    prices = {name: {"input": given, "output": made} for name, given, made in stacks.MODELS}
    assert int(Decimal(record["cost"]) * 10**9) == nanos(entry["usage"], prices[record["requested_model"]])
