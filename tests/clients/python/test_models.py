"""Model lists, in both vendors' shapes."""

import anthropic
import openai
import pytest

NAMES = ["claude-sonnet-5-5", "claude-haiku-4-5", "gpt-5.5", "gpt-4o", "ZHIPU/GLM-4.6", "xiaomi/mimo-v2"]


def check(ids: list[str]) -> None:
    """Every model once; other tests add models of their own."""
    assert len(ids) == len(set(ids))
    assert set(NAMES) <= set(ids)
    assert not [name for name in ids if "*" in name], "a pattern is a price, not a model"


def test_anthropic_list(claude):
    page = list(claude.models.list(limit=1000))
    check([model.id for model in page])
    assert all(model.type == "model" and model.display_name for model in page)
    assert all(model.created_at.year >= 2024 for model in page)


def test_anthropic_pages(claude):
    check([model.id for model in claude.models.list(limit=2)])


@pytest.mark.parametrize("name", NAMES)
def test_anthropic_retrieve(claude, name):
    assert claude.models.retrieve(name).id == name


def test_openai_list(gpt):
    models = gpt.models.list().data
    check([model.id for model in models])
    assert all(model.object == "model" and model.created > 0 and model.owned_by for model in models)


@pytest.mark.parametrize("name", NAMES)
def test_openai_retrieve(gpt, name):
    assert gpt.models.retrieve(name).id == name


def test_an_unknown_model(claude, gpt):
    with pytest.raises(anthropic.NotFoundError, match="nobody/has-this"):
        claude.models.retrieve("nobody/has-this")
    with pytest.raises(openai.NotFoundError, match="nobody/has-this"):
        gpt.models.retrieve("nobody/has-this")


def test_a_restricted_key_sees_its_models(gate, stack):
    claude = gate.claude(stack.keys["one-model-anthropic"])
    assert [model.id for model in claude.models.list()] == ["claude-haiku-4-5"]
    gpt = gate.gpt(stack.keys["one-model-openai"])
    assert [model.id for model in gpt.models.list()] == ["gpt-4o"]
