"""vLLM and other servers of language models with OpenAI's API."""

from typing import cast

from tojimari.services.http import Response
from tojimari.services.jsontext import parsed
from tojimari.services.page import Answer, Page, never


def confirm(response: Response) -> Answer | None:
    """/v1/models lists what is served, and by whom."""
    found = parsed(response.body)
    models = cast("list[object] | None", found.get("data"))
    if (
        found.get("object") != "list"
        or not isinstance(models, list)
        or b"vllm" not in response.body
    ):
        return None
    return Answer(None, {"models": len(models), "authentication": "no"})


PAGE = Page(
    name="vllm",
    product="vLLM",
    vendor="vLLM",
    source="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    recognise=never,
    path="/v1/models",
    confirm=confirm,
    ports=frozenset({8000, 8001}),
)
