"""What reached an upstream, read in its dialect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stage import FACTS, UPSTREAM_KEY, Row, spoken

# The ids the mock gives its calls, where the dialect has ids.
IDS = {
    "openai": ["call_mock" + "0" * 20, "call_mock" + "0" * 19 + "1"],
    "responses": ["call_mock" + "0" * 20, "call_mock" + "0" * 19 + "1"],
    "anthropic": ["toolu_01Mock" + "0" * 20, "toolu_01Mock" + "0" * 19 + "1"],
    "bedrock": ["tooluse_Mock" + "0" * 18, "tooluse_Mock" + "0" * 17 + "1"],
    "cohere": ["get_weather_mock00000000", "get_time_mock00000001"],
}
# The dialects whose clients are told of ids.
CLIENTS_WITH_IDS = ("openai", "responses", "anthropic", "bedrock", "cohere")
PATHS = {
    "openai": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/",
    "bedrock": "/model/",
    "cohere": "/v2/chat",
    "ollama": ("/api/chat", "/api/generate"),
}


@dataclass(frozen=True)
class Result:
    """The result of a call: which call, of which tool, and what was found."""

    call: str | None
    found: Any
    # Where the dialect names the tool again.
    tool: str | None = None


class Request:
    """A request as the mock recorded it."""

    def __init__(self, recorded: dict, dialect: str):
        self.recorded = recorded
        self.dialect = dialect
        self.body: dict[str, Any] = json.loads(recorded["body"])
        if dialect == "gemini":
            self.body = camel(self.body)

    def texts(self) -> tuple[str, str]:
        """System prompt and question."""
        body = self.body
        match self.dialect:
            case "ollama" if "prompt" in body:
                system, question = body["system"], body["prompt"]
            case "openai" | "cohere" | "ollama":
                system, question = (text_of(message["content"]) for message in body["messages"][:2])
            case "responses" if "instructions" in body:
                system, question = body["instructions"], text_of(body["input"][0]["content"])
            case "responses":
                system, question = (text_of(item["content"]) for item in body["input"][:2])
            case "anthropic" | "bedrock":
                system, question = text_of(body["system"]), text_of(body["messages"][0]["content"])
            case "gemini":
                system = text_of(body["systemInstruction"]["parts"])
                question = text_of(body["contents"][0]["parts"])
        return system, question

    def limit(self) -> int | None:
        """The most tokens to answer with."""
        body = self.body
        match self.dialect:
            case "openai":
                return body.get("max_completion_tokens", body.get("max_tokens"))
            case "responses":
                return body.get("max_output_tokens")
            case "anthropic" | "cohere":
                return body.get("max_tokens")
            case "bedrock":
                return body.get("inferenceConfig", {}).get("maxTokens")
            case "gemini":
                return body.get("generationConfig", {}).get("maxOutputTokens")
            case "ollama":
                return body.get("options", {}).get("num_predict")

    def tools(self) -> list[dict]:
        """The tools offered: name, description, parameters."""
        match self.dialect:
            case "openai" | "cohere" | "ollama":
                tools = [tool["function"] for tool in self.body["tools"]]
            case "responses" | "anthropic":
                tools = self.body["tools"]
            case "bedrock":
                tools = [tool["toolSpec"] for tool in self.body["toolConfig"]["tools"]]
            case "gemini":
                tools = self.body["tools"][0]["functionDeclarations"]
        return [
            {"name": tool["name"], "description": tool["description"], "parameters": parameters_of(tool)}
            for tool in tools
        ]

    def calls(self) -> list[tuple[str | None, str, dict]]:
        """The calls in the history: id, name, arguments."""
        return [
            (id, name, json.loads(args) if isinstance(args, str) else args)
            for id, name, args in self.raw_calls()
        ]

    def raw_calls(self) -> Iterator[tuple[str | None, str, Any]]:
        match self.dialect:
            case "openai" | "cohere" | "ollama":
                for message in self.body["messages"]:
                    for call in message.get("tool_calls") or []:
                        yield call.get("id"), call["function"]["name"], call["function"]["arguments"]
            case "responses":
                for item in self.body["input"]:
                    if item.get("type") == "function_call":
                        yield item["call_id"], item["name"], item["arguments"]
            case "anthropic":
                for block in self.blocks("tool_use"):
                    yield block["id"], block["name"], block["input"]
            case "bedrock":
                for block in self.blocks("toolUse"):
                    yield block["toolUseId"], block["name"], block["input"]
            case "gemini":
                for part in self.blocks("functionCall"):
                    yield part.get("id"), part["name"], part["args"]

    def results(self) -> list[Result]:
        """The results of calls in the history."""
        match self.dialect:
            case "openai" | "cohere" | "ollama":
                messages = [message for message in self.body["messages"] if message["role"] == "tool"]
                return [
                    Result(message.get("tool_call_id"), read(message["content"]), message.get("tool_name"))
                    for message in messages
                ]
            case "responses":
                items = [item for item in self.body["input"] if item.get("type") == "function_call_output"]
                return [Result(item["call_id"], read(item["output"])) for item in items]
            case "anthropic":
                blocks = self.blocks("tool_result")
                return [Result(block["tool_use_id"], read(block["content"])) for block in blocks]
            case "bedrock":
                blocks = self.blocks("toolResult")
                return [Result(block["toolUseId"], read(block["content"])) for block in blocks]
            case "gemini":
                parts = self.blocks("functionResponse")
                return [Result(part.get("id"), read(part["response"]), part["name"]) for part in parts]
        raise AssertionError(self.dialect)

    def blocks(self, kind: str) -> Iterator[dict]:
        """The parts of all messages that are of this kind, by type or by member."""
        messages = self.body.get("messages") or self.body["contents"]
        for message in messages:
            content = message.get("content") or message.get("parts")
            for block in content if isinstance(content, list) else []:
                if block.get("type") == kind:
                    yield block
                elif kind in block:
                    yield block[kind]

    def image(self) -> tuple[str, str]:
        """Type and Base64 of the only image."""
        match self.dialect:
            case "openai" | "cohere":
                (image,) = self.blocks("image_url")
                return split(image["image_url"]["url"])
            case "responses":
                parts = self.body["input"][-1]["content"]
                (image,) = [part for part in parts if part["type"] == "input_image"]
                return split(image["image_url"])
            case "anthropic":
                (image,) = self.blocks("image")
                return image["source"]["media_type"], image["source"]["data"]
            case "bedrock":
                (image,) = self.blocks("image")
                return f"image/{image['format']}", image["source"]["bytes"]
            case "gemini":
                (image,) = self.blocks("inlineData")
                return image["mimeType"], image["data"]
            case "ollama":
                (image,) = [image for message in self.body["messages"] for image in message.get("images", [])]
                return FACTS["image_type"], image
        raise AssertionError(self.dialect)

    def schema(self) -> dict:
        """The shape the answer must have."""
        body = self.body
        match self.dialect:
            case "openai":
                return body["response_format"]["json_schema"]["schema"]
            case "cohere":
                return body["response_format"]["json_schema"]
            case "responses":
                return body["text"]["format"]["schema"]
            case "anthropic":
                return body["output_config"]["format"]["schema"]
            case "bedrock":
                return json.loads(body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])
            case "gemini":
                config = body["generationConfig"]
                return config.get("responseJsonSchema") or config["responseSchema"]
            case "ollama":
                return body["format"]
        raise AssertionError(self.dialect)

    def asks_to_think(self) -> bool:
        body = self.body
        match self.dialect:
            case "openai":
                return bool(body.get("reasoning_effort"))
            case "responses":
                return bool(body.get("reasoning", {}).get("effort"))
            case "anthropic" | "cohere":
                return body.get("thinking", {}).get("type") in ("enabled", "adaptive")
            case "bedrock":
                return "thinking" in body.get("additionalModelRequestFields", {})
            case "gemini":
                return "thinkingConfig" in body.get("generationConfig", {})
            case "ollama":
                return bool(body.get("think"))
        raise AssertionError(self.dialect)

    def inputs(self) -> list[str]:
        """The texts to embed."""
        body = self.body
        match self.dialect:
            case "openai" | "ollama":
                return [body["input"]] if isinstance(body["input"], str) else body["input"]
            case "cohere":
                return body["texts"]
            case "bedrock":
                return [body["inputText"]]
            case "gemini":
                requests = body.get("requests") or [body]
                return [text_of(request["content"]["parts"]) for request in requests]
        raise AssertionError(self.dialect)


def camel(value: Any) -> Any:
    """Gemini takes its members in both spellings, and its package uses both."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = {name: re.sub("_([a-z])", lambda match: match[1].upper(), name) for name in value}
    return {names[name]: camel(item) for name, item in value.items()}


def text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def read(content: Any) -> Any:
    """What a tool found: an object, whether it travels as one, as text or as parts."""
    if isinstance(content, list) and len(content) == 1:
        (part,) = content
        if part.get("type") == "document":
            return read(part["document"]["data"] if "document" in part else part["source"]["data"])
        return part["json"] if "json" in part else read(part["text"])
    if isinstance(content, str):
        return json.loads(content)
    return content


def parameters_of(tool: dict) -> dict:
    for name in ("parameters", "input_schema", "parametersJsonSchema"):
        if name in tool:
            return plain(tool[name])
    return plain(tool["inputSchema"]["json"])


def plain(schema: Any) -> Any:
    """A schema without what is the same in another spelling: Gemini's types are in capitals."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.lower() if name == "type" and isinstance(value, str) else plain(value)
        for name, value in schema.items()
        if name not in ("title", "$schema", "propertyOrdering")
    }


def split(url: str) -> tuple[str, str]:
    kind, data = url.removeprefix("data:").split(";base64,")
    return kind, data


def same(found: Any, expected: Any, what: str) -> None:
    assert found == expected, f"the upstream got {what} {found!r}, expected {expected!r}"


def judge(row: Row, upstream: str, check: str, recorded: list[dict], key: str) -> None:
    """Fails unless the recorded requests are what the check must have caused."""
    assert recorded, "nothing reached the upstream"
    dialect = spoken(row, upstream, check)
    for one in recorded:
        assert key not in json.dumps(one), "the client's key travelled on"
        sent = json.dumps(one["headers"])
        assert UPSTREAM_KEY in sent, f"no upstream credential in {sent}"
    if check == "rerank":
        (request,) = recorded
        body = json.loads(request["body"])
        same((body["query"], body["documents"]), (FACTS["query"], FACTS["documents"]), "query and documents")
        return
    requests = [Request(one, dialect) for one in recorded]
    if check == "embed":
        for request in requests:
            # Titan takes one text, as an upstream and as a client.
            one = "bedrock" in (row.speaks, upstream)
            same(request.inputs(), FACTS["inputs"][: 1 if one else None], "inputs")
        return
    for request in requests:
        path = request.recorded["path"]
        assert path.startswith(PATHS[dialect]), f"asked at {path}"
    judge_chat(row, upstream, check, requests)


def judge_chat(row: Row, upstream: str, check: str, requests: list[Request]) -> None:
    match check:
        case "chat" | "stream":
            for request in requests:
                same(request.texts(), (FACTS["system"], FACTS["question"]), "texts")
                same(request.limit(), FACTS["limit"], "limit")
        case "tools" | "streamed_tools":
            judge_tools(row, upstream, requests)
        case "schema":
            for request in requests:
                found = plain(request.schema())
                if row.speaks == "gemini":
                    # One of its two kinds of schemas cannot say it.
                    found.setdefault("additionalProperties", False)
                same(found, plain(FACTS["schema"]), "schema")
        case "image":
            for request in requests:
                same(request.image(), (FACTS["image_type"], FACTS["image"]), "image")
        case "reasoning" | "streamed_reasoning":
            assert all(request.asks_to_think() for request in requests), "the upstream was not asked to think"
        case "refused":
            # Once whole, once streamed: neither the SDK nor the gateway tries again.
            same(len(requests), 2, "requests")
        case "broken":
            same(len(requests), 1, "requests")
        case _:
            raise AssertionError(f"nothing is known of {check}")


def judge_tools(row: Row, upstream: str, requests: list[Request]) -> None:
    first, second = requests
    for request in requests:
        tools = [tool | {"parameters": plain(tool["parameters"])} for tool in FACTS["tools"]]
        same(request.tools(), tools, "tools")
    same((list(first.calls()), first.results()), ([], []), "calls and results in the first request")
    calls, results = second.calls(), second.results()
    expected = [(call["name"], call["arguments"]) for call in FACTS["calls"]]
    same([(name, args) for _, name, args in calls], expected, "calls")
    same([result.found for result in results], [call["result"] for call in FACTS["calls"]], "results")
    ids = [id for id, _, _ in calls]
    same([result.call for result in results], ids, "ids of results")
    if upstream in ("gemini", "ollama"):
        same([result.tool for result in results], [name for name, _ in expected], "tools of results")
    if upstream in IDS and row.speaks in CLIENTS_WITH_IDS:
        same(ids, IDS[upstream], "ids of calls")
