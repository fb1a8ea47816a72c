"""The official `boto3` package: the runtime of Amazon Bedrock."""

from __future__ import annotations

import contextlib
import json
import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from harness import (
    FACTS,
    IMAGE,
    KEY,
    URL,
    check_calls,
    check_ids,
    check_pieces,
    check_text,
    check_usage,
    check_vectors,
    inputs_of,
    raises,
    run,
    same,
)

CONFIG = Config(retries={"total_max_attempts": 1})


def signing(key: str):
    """A client whose access key id is the virtual key; its signatures need a secret, which may be anything."""
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=URL,
        region_name="eu-central-1",
        aws_access_key_id=key,
        aws_secret_access_key="unused",
        config=CONFIG,
    )


@contextlib.contextmanager
def bearing(key: str):
    """A client that sends the virtual key as what Bedrock calls an API key, which it does over TLS alone."""
    # Read when a request is made, not when the client is.
    os.environ["AWS_BEARER_TOKEN_BEDROCK"] = key
    try:
        yield boto3.client(
            "bedrock-runtime",
            endpoint_url=os.environ["LOCKGATE_TLS_URL"],
            region_name="eu-central-1",
            verify=os.environ["LOCKGATE_TLS_CERTIFICATE"],
            config=CONFIG,
        )
    finally:
        del os.environ["AWS_BEARER_TOKEN_BEDROCK"]


API = signing(KEY)
SYSTEM = [{"text": FACTS.system}]
MESSAGES = [{"role": "user", "content": [{"text": FACTS.question}]}]
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": tool["name"],
                "description": tool["description"],
                "inputSchema": {"json": tool["parameters"]},
            }
        }
        for tool in FACTS.tools
    ]
}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


def status(expected: int, code: str):
    def judge(error: ClientError) -> None:
        found = (error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"])
        same(found, (expected, code))
        assert error.response["Error"]["Message"], error.response

    return judge


def check_end(stop_reason: str, expected: str, usage: dict, kind: str) -> None:
    same(stop_reason, expected, "stop reason")
    check_usage(kind, usage["inputTokens"], usage["outputTokens"])
    same(usage["totalTokens"], usage["inputTokens"] + usage["outputTokens"], "total tokens")


def text_of(content: list[dict]) -> str:
    return "".join(block.get("text", "") for block in content)


def thinking_of(content: list[dict]) -> str:
    thoughts = [block["reasoningContent"] for block in content if "reasoningContent" in block]
    return "".join(thought["reasoningText"]["text"] for thought in thoughts)


def merged(events: list[dict]) -> tuple[list[dict], str, dict]:
    """Content, stop reason and usage of a stream."""
    blocks: dict[int, dict] = {}
    stop_reason, usage = "", {}
    for event in events:
        ((kind, payload),) = event.items()
        match kind:
            case "contentBlockStart":
                start = payload["start"]["toolUse"]
                blocks[payload["contentBlockIndex"]] = {"toolUse": {**start, "input": ""}}
            case "contentBlockDelta":
                add(blocks.setdefault(payload["contentBlockIndex"], {}), payload["delta"])
            case "messageStop":
                stop_reason = payload["stopReason"]
            case "metadata":
                usage = payload["usage"]
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    return [blocks[index] for index in sorted(blocks)], stop_reason, usage


def add(block: dict, delta: dict) -> None:
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "toolUse" in delta:
        block["toolUse"]["input"] += delta["toolUse"]["input"]
    else:
        thought = block.setdefault("reasoningContent", {"reasoningText": {"text": ""}})["reasoningText"]
        thought["text"] += delta["reasoningContent"].get("text", "")


class Bedrock:
    """`boto3.client("bedrock-runtime")`."""

    def ask(self, model: str, **more) -> dict:
        limit = {"maxTokens": FACTS.limit}
        return {
            "modelId": model,
            "system": SYSTEM,
            "messages": MESSAGES,
            "inferenceConfig": limit,
            **more,
        }

    def events(self, model: str, api=API, **more) -> list[dict]:
        return list(api.converse_stream(**self.ask(model, **more))["stream"])

    def chat(self, model: str) -> None:
        self.chat_with(API, model)

    def chat_with(self, api, model: str) -> None:
        answer = api.converse(**self.ask(model))
        message = answer["output"]["message"]
        same(message["role"], "assistant", "role")
        check_text(text_of(message["content"]))
        check_end(answer["stopReason"], "end_turn", answer["usage"], "text")
        assert answer["metrics"]["latencyMs"] >= 0, answer

    def stream(self, model: str) -> None:
        self.stream_with(API, model)

    def stream_with(self, api, model: str) -> None:
        events = self.events(model, api)
        deltas = [event["contentBlockDelta"] for event in events if "contentBlockDelta" in event]
        check_pieces([delta["delta"]["text"] for delta in deltas])
        content, stop_reason, usage = merged(events)
        check_text(text_of(content))
        check_end(stop_reason, "end_turn", usage, "text")

    def go_on(self, model: str, content: list[dict]) -> None:
        """Gives the results of the calls and reads the answer."""
        calls = [block["toolUse"] for block in content if "toolUse" in block]
        check_calls([(call["name"], call["input"]) for call in calls])
        check_ids([call["toolUseId"] for call in calls])
        results = [
            {
                "toolResult": {
                    "toolUseId": call["toolUseId"],
                    "content": [{"json": FACTS.calls[position]["result"]}],
                }
            }
            for position, call in enumerate(calls)
        ]
        messages = [
            *MESSAGES,
            {"role": "assistant", "content": content},
            {"role": "user", "content": results},
        ]
        answer = API.converse(**self.ask(model, messages=messages, toolConfig=TOOLS))
        check_text(text_of(answer["output"]["message"]["content"]))

    def tools(self, model: str) -> None:
        answer = API.converse(**self.ask(model, toolConfig=TOOLS))
        check_end(answer["stopReason"], "tool_use", answer["usage"], "calls")
        self.go_on(model, answer["output"]["message"]["content"])

    def streamed_tools(self, model: str) -> None:
        content, stop_reason, usage = merged(self.events(model, toolConfig=TOOLS))
        check_end(stop_reason, "tool_use", usage, "calls")
        self.go_on(model, content)

    def schema(self, model: str) -> None:
        messages = [{"role": "user", "content": [{"text": FACTS.schema_answer}]}]
        definition = {"name": "answer", "schema": json.dumps(FACTS.schema)}
        shape = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": definition}}}
        answer = API.converse(**self.ask(model, messages=messages, outputConfig=shape))
        same(text_of(answer["output"]["message"]["content"]), FACTS.schema_answer, "answer")

    def image(self, model: str) -> None:
        image = {"format": FACTS.image_type.removeprefix("image/"), "source": {"bytes": IMAGE}}
        messages = [{"role": "user", "content": [{"image": image}, {"text": FACTS.question}]}]
        answer = API.converse(**self.ask(model, messages=messages))
        check_text(text_of(answer["output"]["message"]["content"]))

    def reasoning(self, model: str) -> None:
        answer = API.converse(**self.ask(model, additionalModelRequestFields=THINKING))
        content = answer["output"]["message"]["content"]
        same((thinking_of(content), text_of(content)), (FACTS.thinking, FACTS.text))
        check_end(answer["stopReason"], "end_turn", answer["usage"], "reasoning")

    def streamed_reasoning(self, model: str) -> None:
        content, stop_reason, usage = merged(self.events(model, additionalModelRequestFields=THINKING))
        same((thinking_of(content), text_of(content)), (FACTS.thinking, FACTS.text))
        check_end(stop_reason, "end_turn", usage, "reasoning")

    def embed(self, model: str) -> None:
        # In Titan's form, which takes one text.
        inputs = inputs_of(model)[:1]
        answer = API.invoke_model(modelId=model, body=json.dumps({"inputText": inputs[0]}))
        check_vectors([json.loads(answer["body"].read())["embedding"]], inputs)

    def refused(self, model: str) -> None:
        kind = API.exceptions.ThrottlingException
        with raises(kind, status(429, "ThrottlingException")):
            API.converse(**self.ask(model))
        with raises(kind, status(429, "ThrottlingException")):
            self.events(model)

    def broken(self, model: str) -> None:
        events = []
        with raises(EventStreamError, lambda error: None):
            for event in API.converse_stream(**self.ask(model))["stream"]:
                events.append(event)
        deltas = [
            event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event
        ]
        assert "".join(deltas).startswith(FACTS.broken_text), deltas

    def wrong_key(self, _: str) -> None:
        self.check_refused(signing(FACTS.wrong_key))

    def bearer(self, _: str) -> None:
        with bearing(os.environ["LOCKGATE_TLS_KEY"]) as api:
            self.chat_with(api, "boto3-openai-chat")
            self.stream_with(api, "boto3-openai-stream")
        with bearing(FACTS.wrong_key) as api:
            self.check_refused(api)

    def check_refused(self, api) -> None:
        # The package has no class for it.
        with raises(ClientError, status(401, "UnrecognizedClientException")):
            api.converse(**self.ask(FACTS.unknown_model))

    def unknown_model(self, _: str) -> None:
        with raises(API.exceptions.ResourceNotFoundException, status(404, "ResourceNotFoundException")):
            API.converse(**self.ask(FACTS.unknown_model))
        with raises(API.exceptions.ResourceNotFoundException, status(404, "ResourceNotFoundException")):
            self.events(FACTS.unknown_model)


if __name__ == "__main__":
    run({"boto3": Bedrock()})
