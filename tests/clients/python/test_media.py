"""Pictures and documents, given and linked."""

import base64
import json

import pytest

pytestmark = pytest.mark.lanes()
# One pixel, and the least a PDF may be: only their types are looked at.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()
LINK = "https://example.com/pixel.png"
# How each protocol writes a picture and a document.
WRITTEN = {
    "messages": {"image": '"type":"image"', "document": '"type":"document"'},
    "chat": {"image": '"type":"image_url"', "document": '"type":"file"'},
    "responses": {"image": '"type":"input_image"', "document": '"type":"input_file"'},
}


@pytest.mark.parametrize(
    ("kind", "source"), [("image", PNG), ("image", LINK), ("document", PDF)], ids=["png", "link", "pdf"]
)
def test_media_reach_the_provider(caller, kind, source):
    content = [caller.part(kind, source), caller.said("[[sandbox echo_body]]")]
    received = caller.text(caller.create(content))
    assert source in received
    assert WRITTEN[caller.lane.spoken][kind] in json.dumps(json.loads(received), separators=(",", ":"))


def test_pictures_are_seen(caller):
    content = [caller.part("image", PNG), caller.part("image", LINK), caller.said("[[sandbox image]]")]
    assert caller.text(caller.create(content)) == "The sandbox saw 2 images."
