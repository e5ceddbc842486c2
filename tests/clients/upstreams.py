"""What the account behind the gate speaks: the caller's own protocol, or one that the gate translates to.

A test that takes `upstream` and is parametrized with `on(PROTOCOL)` runs natively and on a group of the other platform whose
account speaks one protocol alone. The group maps the usual models of the caller's platform
to those of its own; models of its own are asked for as they are.
"""

import pytest

# The protocol a caller speaks, and those of the other platform.
OTHERS = {"messages": ("chat", "responses"), "chat": ("messages",), "responses": ("messages",)}
PLATFORMS = {"messages": "anthropic", "chat": "openai", "responses": "openai"}
MAPPED = {
    "anthropic": {"gpt-5.5": "claude-sonnet-5-5", "gpt-4o": "claude-haiku-4-5"},
    "openai": {"claude-sonnet-5-5": "gpt-5.5", "claude-haiku-4-5": "gpt-4o"},
}


def on(*protocols: str):
    """Runs a test for each of the callers' protocols on each upstream, as `(protocol, upstream)`."""
    lanes = [(own, other) for own in protocols for other in ("native", *OTHERS[own])]
    return pytest.mark.parametrize("upstream", lanes, ids=["-on-".join(lane) for lane in lanes])


class Lane:
    """Keys of groups of their own, on accounts that speak what the lane says."""

    def __init__(self, stack, own: str, other: str):
        self.stack, self.own = stack, own
        self.spoken = own if other == "native" else other
        self.native = other == "native"

    def key(self, name: str) -> str:
        """A key of a new group with one account; its records are found by `name`."""
        platform = PLATFORMS[self.spoken]
        maps = [] if self.native else MAPPED[platform].items()
        self.stack.cli(
            "group", "create", name, "--platform", platform,
            *(word for asked, sent in maps for word in ("--map", f"{asked}={sent}")),
        )  # fmt: skip
        address = "--base-url" if self.native else f"--base-url-{self.spoken}"
        self.stack.cli(
            "account", "create", name, "--platform", platform, "--group", name,
            address, self.stack.sandbox.base_url, "--credential-stdin",
            stdin=name,
        )  # fmt: skip
        return self.stack.ready_key(name, name)
