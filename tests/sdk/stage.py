"""What the gateway is configured with: a model group for every SDK, upstream and check."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FACTS = json.loads((HERE / "facts.json").read_text())
UPSTREAMS: list[str] = FACTS["upstreams"]
UPSTREAM_KEY = "sk-of-the-upstream"

# What the mock does, by check; see the mock's list of scripts.
SCRIPTS = {
    "chat": "mock",
    "stream": "mock",
    "tools": "agent",
    "streamed_tools": "agent",
    "schema": "echo",
    "image": "mock",
    "reasoning": "reasoning",
    "streamed_reasoning": "reasoning",
    "embed": "mock",
    "rerank": "mock",
    "refused": "fail-429",
    "broken": "late-error-in-stream",
}
# What does not depend on an upstream.
GATEWAY = "gateway"
GATEWAY_CHECKS = ("models", "wrong_key", "unknown_model")
# The upstreams that have an operation which not all of them have.
EMBEDDING = ("openai", "gemini", "bedrock", "cohere", "ollama")
RERANKING = ("cohere",)


@dataclass(frozen=True)
class Row:
    """One API of one SDK: a line of the table."""

    name: str
    speaks: str
    # The checks this SDK has nothing for.
    without: tuple[str, ...] = ()
    # The checks of the gateway that only this SDK has.
    also: tuple[str, ...] = ()

    def checks(self, upstream: str) -> list[str]:
        """What must be reported about this SDK and the upstream."""
        if upstream == GATEWAY:
            return [check for check in (*GATEWAY_CHECKS, *self.also) if check not in self.without]
        lacking = set(self.without)
        lacking |= {"embed"} if upstream not in EMBEDDING else set()
        lacking |= {"rerank"} if upstream not in RERANKING else set()
        return [check for check in SCRIPTS if check not in lacking]


@dataclass(frozen=True)
class Program:
    """A process that drives one SDK."""

    file: str
    rows: tuple[Row, ...]


NO_VECTORS = ("embed", "rerank")
PROGRAMS = (
    Program(
        "python/sdk_openai.py",
        (
            Row("openai-chat", "openai", ("rerank",)),
            Row("openai-responses", "responses", NO_VECTORS),
        ),
    ),
    Program("python/sdk_anthropic.py", (Row("anthropic", "anthropic", NO_VECTORS),)),
    Program("python/sdk_google.py", (Row("google-genai", "gemini", ("rerank",)),)),
    Program("python/sdk_cohere.py", (Row("cohere", "cohere", ("models",)),)),
    Program("python/sdk_boto3.py", (Row("boto3", "bedrock", ("rerank", "models"), ("bearer",)),)),
    Program("python/sdk_ollama.py", (Row("ollama", "ollama", ("rerank",)),)),
    Program(
        "node/openai.mjs",
        (
            Row("node-openai-chat", "openai", ("rerank",)),
            Row("node-openai-responses", "responses", NO_VECTORS),
        ),
    ),
    Program("node/anthropic.mjs", (Row("node-anthropic", "anthropic", NO_VECTORS),)),
    Program(
        "node/ai.mjs",
        (
            Row("ai-openai", "responses", ("rerank", "models")),
            Row("ai-openai-compatible", "openai", ("rerank", "models")),
            Row("ai-anthropic", "anthropic", (*NO_VECTORS, "models")),
        ),
    ),
)


def group(row: Row, upstream: str, check: str) -> str:
    """The name a client asks for."""
    if check == "embed":
        # google-genai and Bedrock's clients draw conclusions from the name of a model that embeds.
        return f"{row.name}-{upstream[:2]}-{check}"
    return f"{row.name}-{upstream}-{check}"


def upstream_model(row: Row, upstream: str, check: str) -> str:
    """The name the upstream is asked for: the mock's script, who asks, and what the vendor's models are called."""
    if upstream == "bedrock":
        vendor = "titan-embed-text-v2" if check == "embed" else "claude-sonnet-4-5"
    else:
        vendor = {"anthropic": "claude-sonnet-4-5", "gemini": "gemini-2.5-flash"}.get(upstream, "model")
    return f"{SCRIPTS[check]}-{row.name}-{upstream}-{check}-{vendor}"


def spoken(row: Row, upstream: str, check: str) -> str:
    """The dialect in which the upstream is asked."""
    return "openai" if upstream == "responses" and check == "embed" else upstream


def deployment(row: Row, upstream: str, check: str, mock: str) -> dict:
    provider = {"responses": "openai/responses"}.get(upstream, upstream)
    if (row.speaks, upstream) == ("responses", "openai"):
        # OpenAI itself is asked in the client's own dialect; other servers have chat completions alone.
        provider = "lm_studio"
    path = {"openai": "/v1", "responses": "/v1", "gemini": "/v1beta"}.get(upstream, "")
    params = {
        "model": f"{provider}/{upstream_model(row, upstream, check)}",
        "api_base": mock + path,
        "api_key": UPSTREAM_KEY,
    }
    return {"model_name": group(row, upstream, check), "litellm_params": params}


def config(mock: str) -> str:
    """The gateway's configuration; JSON is YAML."""
    models = [
        deployment(row, upstream, check, mock)
        for program in PROGRAMS
        for row in program.rows
        for upstream in UPSTREAMS
        for check in row.checks(upstream)
    ]
    return json.dumps({"model_list": models, "router_settings": {"num_retries": 0}})
