"""Claude Code through the gate: a turn, a tool round, and an edit of a file on every kind of account."""

import json
import subprocess
from pathlib import Path

import pytest

from stack import environment

CLAUDE = Path(__file__).parents[1] / "node_modules" / ".bin" / "claude"
MODEL = "claude-sonnet-5-5"


@pytest.fixture
def home(tmp_path):
    for name in ("home", "config", "work"):
        (tmp_path / name).mkdir()
    return tmp_path


def turn(base_url: str, key: str, home: Path, prompt: str, *args: str) -> dict:
    """One turn; what Claude Code reports of it."""
    env = environment(
        ANTHROPIC_BASE_URL=base_url,
        ANTHROPIC_AUTH_TOKEN=key,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
        CLAUDE_CONFIG_DIR=str(home / "config"),
        HOME=str(home / "home"),
    )
    env.pop("ANTHROPIC_API_KEY", None)
    command = [CLAUDE, "-p", prompt, "--model", MODEL, "--output-format", "json", *args]
    done = subprocess.run(
        command, env=env, cwd=home / "work", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    report = json.loads(done.stdout)
    # Some versions report all messages, the result last.
    return report[-1] if isinstance(report, list) else report


def test_a_turn(stack, home):
    key = stack.lane("messages", name="claude-code-turn")
    report = turn(stack.gate.base_url, key, home, '[[sandbox text="pong"]]')
    assert (report["result"], report["is_error"]) == ("pong", False)
    (record,) = stack.records(1, "--key", "claude-code-turn")
    assert (record["status"], record["requested_model"], record["stream_end"]) == (200, MODEL, "complete")
    assert record["client_agent"].startswith("claude-cli/")
    assert record["session"]


def test_a_tool_round(stack, home):
    """The answer asks for a file to be read; the next request brings what is in it."""
    note = home / "work" / "note.txt"
    note.write_text("the word is marzipan\n")
    key = stack.lane("messages", name="claude-code-tool")
    arguments = json.dumps({"file_path": str(note)})
    prompt = f"[[sandbox tool=Read args='{arguments}']]"
    report = turn(stack.gate.base_url, key, home, prompt, "--allowedTools", "Read")
    assert "marzipan" in report["result"]
    records = stack.records(2, "--key", "claude-code-tool")
    assert [record["status"] for record in records] == [200, 200]
    assert [record["stop_reason"] for record in records] == ["tool_use", "end_turn"]
    assert len({record["session"] for record in records}) == 1


@pytest.mark.lanes("messages")
def test_a_file_is_read_and_edited(stack, home, lane):
    note = home / "work" / "note.txt"
    note.write_text("the word is marzipan\n")
    name = f"claude-code-edit-{lane.spoken}"
    key = stack.lane(lane.caller, lane.spoken, name)
    change = {"file_path": str(note), "old_string": "marzipan", "new_string": "nougat"}
    steps = [
        {"thinking": 5, "tool": "Read", "args": {"file_path": str(note)}},
        {"thinking": 4, "text": "Now the change.", "tool": "Edit", "args": change},
        {"text": "It is done."},
    ]
    prompt = f"Change the word. [[sandbox steps='{json.dumps(steps)}']]"
    report = turn(stack.gate.base_url, key, home, prompt, "--allowedTools", "Read,Edit")
    assert (report["result"], report["is_error"]) == ("It is done.", False)
    assert note.read_text() == "the word is nougat\n"
    records = stack.records(3, "--key", name)
    assert [record["status"] for record in records] == [200] * 3
    assert len({record["session"] for record in records}) == 1
