"""ComfyUI, which draws pictures."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its title."""
    return Answer() if response.title == "ComfyUI" else None


def confirm(response: Response) -> Answer | None:
    """What the machine has."""
    version = field(parsed(response.body), "system", "comfyui_version")
    return Answer(version, {"authentication": "no"}) if version else None


PAGE = Page(
    name="comfyui",
    product="ComfyUI",
    vendor="ComfyUI",
    source="https://docs.comfy.org/development/comfyui-server/comms_routes",
    recognise=recognise,
    path="/system_stats",
    confirm=confirm,
    ports=frozenset({8188}),
)
