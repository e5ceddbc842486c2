"""Codex through the gate: a turn, a tool round, and an edit of a file on every kind of account."""

import json
import subprocess
from pathlib import Path

import pytest

from stack import environment

CODEX = Path(__file__).parents[1] / "node_modules" / ".bin" / "codex"
MODEL = "gpt-5.5"

CONFIG = """\
model = "{model}"
model_provider = "tollgate"
[model_providers.tollgate]
name = "Tollgate"
base_url = "{base_url}/v1"
env_key = "GATE_KEY"
wire_api = "responses"
"""


@pytest.fixture
def home(tmp_path):
    for name in ("home", "codex", "work"):
        (tmp_path / name).mkdir()
    return tmp_path


def turn(base_url: str, key: str, home: Path, prompt: str, *args: str) -> list[dict]:
    """One turn; the events Codex reports."""
    (home / "codex" / "config.toml").write_text(CONFIG.format(model=MODEL, base_url=base_url))
    env = environment(GATE_KEY=key, CODEX_HOME=str(home / "codex"), HOME=str(home / "home"))
    command = [CODEX, "exec", "--json", "--skip-git-repo-check", *args, prompt]
    done = subprocess.run(
        command, env=env, cwd=home / "work", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def items(events: list[dict], kind: str) -> list[dict]:
    done = [event["item"] for event in events if event["type"] == "item.completed"]
    return [item for item in done if item["type"] == kind]


def test_a_turn(stack, home):
    key = stack.lane("responses", name="codex-turn")
    events = turn(stack.gate.base_url, key, home, '[[sandbox text="pong"]]')
    assert [item["text"] for item in items(events, "agent_message")] == ["pong"]
    assert events[-1]["type"] == "turn.completed"
    (record,) = stack.records(1, "--key", "codex-turn")
    assert (record["status"], record["requested_model"], record["stream_end"]) == (200, MODEL, "complete")
    assert record["client_agent"].startswith("codex_exec/")
    assert record["session"]


def test_a_tool_round(stack, home):
    """The answer asks for a command to be run; the next request brings its output."""
    key = stack.lane("responses", name="codex-tool")
    arguments = json.dumps({"cmd": "echo marzipan"})
    prompt = f"[[sandbox tool=exec_command args='{arguments}']]"
    events = turn(stack.gate.base_url, key, home, prompt, "--dangerously-bypass-approvals-and-sandbox")
    (command,) = items(events, "command_execution")
    assert "marzipan" in command["aggregated_output"]
    # The sandbox repeats the first words of what it was brought, which are Codex's own.
    assert items(events, "agent_message")[-1]["text"].startswith('The tool answered: "Chunk ID')
    records = stack.records(2, "--key", "codex-tool")
    assert [record["status"] for record in records] == [200, 200]
    assert len({record["session"] for record in records}) == 1


PATCH = """\
*** Begin Patch
*** Update File: note.txt
@@
-the word is marzipan
+the word is nougat
*** End Patch
"""


@pytest.mark.lanes("responses")
@pytest.mark.parametrize("tool", ["exec_command", "apply_patch"])
def test_a_file_is_read_and_edited(stack, home, lane, tool):
    """With a command, and with the custom tool for patches, which is a function where there are no custom tools."""
    note = home / "work" / "note.txt"
    note.write_text("the word is marzipan\n")
    name = f"codex-edit-{tool}-{lane.spoken}"
    key = stack.lane(lane.caller, lane.spoken, name)
    change = PATCH if tool == "apply_patch" else {"cmd": "sed -i s/marzipan/nougat/ note.txt"}
    steps = [
        {"thinking": 5, "tool": "exec_command", "args": {"cmd": "cat note.txt"}},
        {"thinking": 4, "text": "Now the change.", "tool": tool, "args": change},
        {"text": "It is done."},
    ]
    prompt = f"Change the word. [[sandbox steps='{json.dumps(steps)}']]"
    events = turn(stack.gate.base_url, key, home, prompt, "--dangerously-bypass-approvals-and-sandbox")
    assert items(events, "agent_message")[-1]["text"] == "It is done."
    assert note.read_text() == "the word is nougat\n"
    assert "marzipan" in items(events, "command_execution")[0]["aggregated_output"]
    records = stack.records(3, "--key", name)
    assert [record["status"] for record in records] == [200] * 3
    assert len({record["session"] for record in records}) == 1
