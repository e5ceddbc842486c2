"""Sessions of coding agents: they keep one account through many turns, and survive its failure between turns."""

import json

import pytest

import test_claude_code
import test_codex

ACCOUNTS = 4


def choice(stack, name: str, platform: str) -> str:
    """A key whose group has a choice of equal accounts."""
    stack.group(name, platform)
    for number in range(1, ACCOUNTS):
        stack.account(f"{name}-{number}", platform, name)
    return stack.ready_key(name, name)


def claude_code(stack, key, home):
    """Puts a prompt to Claude Code, in a new session or in the last one; what it answers."""

    def ask(prompt: str, again: bool) -> str:
        args = ["--continue"] if again else []
        return test_claude_code.turn(stack.gate.base_url, key, home, prompt, *args)["result"]

    return ask


def codex(stack, key, home):
    """The same for Codex."""

    def ask(prompt: str, again: bool) -> str:
        args = ["resume", "--last"] if again else []
        events = test_codex.turn(stack.gate.base_url, key, home, prompt, *args)
        return test_codex.items(events, "agent_message")[-1]["text"]

    return ask


@pytest.mark.parametrize(
    ("agent", "platform", "dropped"),
    [(claude_code, "anthropic", "thinking"), (codex, "openai", "reasoning")],
    ids=["claude-code", "codex"],
)
def test_a_session_keeps_its_account_and_survives_its_failure(stack, tmp_path, agent, platform, dropped):
    for folder in ("home", "config", "codex", "work"):
        (tmp_path / folder).mkdir()
    name = f"session-{platform}"
    ask = agent(stack, choice(stack, name, platform), tmp_path)
    for number in range(4):
        text = f"turn {number}"
        assert ask(f'[[sandbox thinking=5 text="{text}"]]', again=number > 0) == text
    before = stack.records(4, "--key", name)
    (account,) = {record["account_id"] for record in before}
    (credential,) = [a["name"] for a in stack.json("account", "list") if a["id"] == account]
    # Its account fails, for this turn alone: the session goes on elsewhere, without what only that account takes.
    failing = f'[[sandbox thinking=4 text="it goes on" status=529 account={credential}]]'
    assert ask(failing, again=True) == "it goes on"
    for number in range(2):
        text = f"elsewhere {number}"
        assert ask(f'[[sandbox thinking=5 text="{text}"]]', again=True) == text
    records = stack.records(7, "--key", name)
    assert len({record["session"] for record in records}) == 1
    (other,) = {record["account_id"] for record in records[4:]}
    assert other != account
    assert [record["status"] for record in records] == [200] * 7
    assert [record["attempts"] for record in records] == [1, 1, 1, 1, 2, 1, 1]
    assert [record["dropped"] for record in records] == [None] * 4 + [dropped] * 3


def test_the_rounds_of_a_tool_loop_keep_one_account(stack, tmp_path):
    """Every round of a loop is a request of its own, with the thinking of those before."""
    for folder in ("home", "config", "work"):
        (tmp_path / folder).mkdir()
    note = tmp_path / "work" / "note.txt"
    note.write_text("the word is marzipan\n")
    name = "session-loop"
    key = choice(stack, name, "anthropic")
    read = {"thinking": 5, "tool": "Read", "args": {"file_path": str(note)}}
    steps = [read, read, read, {"thinking": 3, "text": "It is read."}]
    prompt = f"Read it. [[sandbox steps='{json.dumps(steps)}']]"
    report = test_claude_code.turn(stack.gate.base_url, key, tmp_path, prompt, "--allowedTools", "Read")
    assert (report["result"], report["is_error"]) == ("It is read.", False)
    records = stack.records(4, "--key", name)
    assert len({record["account_id"] for record in records}) == 1
    assert [record["attempts"] for record in records] == [1] * 4
