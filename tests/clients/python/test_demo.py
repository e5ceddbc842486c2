"""`tollgate demo`: the printed keys work with both SDKs as they are."""

import stat

import pytest

from caller import user
from conftest import Clients
from stack import Server, wait_until


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with Server(folder, "demo", "demo", "--data-dir", str(folder / "data")) as server:
        wait_until(lambda: "Ready." in server.log.read_text(), "the demo")
        yield server, folder / "data" / "demo.env"


def variables(path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_both_sdks(demo):
    server, env_file = demo
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    values = variables(env_file)
    assert values["TOLLGATE_BASE_URL"] == server.base_url
    clients = Clients(*(values[f"TOLLGATE_{name}"] for name in ("BASE_URL", "KEY_ANTHROPIC", "KEY_OPENAI")))
    message = clients.claude().messages.create(
        model="claude-sonnet-5-5", max_tokens=64, messages=user("[[sandbox text=pong]]")
    )
    assert message.content[0].text == "pong"
    completion = clients.gpt().chat.completions.create(model="gpt-5.5", messages=user("[[sandbox text=pong]]"))
    assert completion.choices[0].message.content == "pong"
    assert clients.gpt().responses.create(model="gpt-5.5", input="[[sandbox text=pong]]").output_text == "pong"


def test_what_is_printed_has_the_keys(demo):
    server, env_file = demo
    values = variables(env_file)
    printed = server.log.read_text()
    assert all(value in printed for value in values.values())
