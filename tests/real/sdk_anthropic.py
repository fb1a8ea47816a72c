"""The official `anthropic` package."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import anthropic

from common import (
    ANSWER_SCHEMA,
    CALL,
    HANG_UP_SECONDS,
    QUESTION,
    SHORT,
    SYSTEM,
    TOOL_ANSWER,
    TOOL_DESCRIPTION,
    TOOL_NAME,
    TOOL_PARAMETERS,
    TOOL_QUESTION,
    TOO_LONG,
    TOO_LONG_STATUS,
    UNKNOWN_MODEL,
    UNKNOWN_MODEL_STATUS,
    UNREACHABLE_STATUS,
    WRONG_KEY,
    WRONG_KEY_STATUS,
    Route,
    Skip,
    check_answer,
    check_names,
    check_tool_call,
    refused,
)
from servers import ENDLESS_TOKENS

TOOL = {"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "input_schema": TOOL_PARAMETERS}
MESSAGES = [{"role": "user", "content": QUESTION}]
ENDED = ("end_turn", "max_tokens", "stop_sequence")


def client(route: Route, key: str | None = None) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=route.base, api_key=key or route.key, max_retries=0)


def endless_client(route: Route) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=route.endless_base, api_key=route.key, max_retries=0)


def check_message(message: anthropic.types.Message, route: Route) -> None:
    assert message.id and message.type == "message" and message.role == "assistant", message
    assert message.model == route.model, f"model {message.model!r}"
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0, message.usage


class Anthropic:
    name = "anthropic"
    version = anthropic.__version__

    def list(self, route: Route) -> str:
        return check_names([model.id for model in client(route).models.list()], route)

    def chat(self, route: Route) -> str:
        api = client(route)
        answer = api.messages.create(model=route.model, system=SYSTEM, messages=MESSAGES, max_tokens=SHORT)
        check_message(answer, route)
        assert answer.content[0].type == "text" and answer.content[0].text, answer.content
        assert answer.stop_reason in ENDED, answer.stop_reason
        counted = api.messages.count_tokens(model=route.model, system=SYSTEM, messages=MESSAGES)
        assert counted.input_tokens > 0, counted
        return f"counts {counted.input_tokens}"

    def stream(self, route: Route) -> str:
        api = client(route)
        # The raw events first: the helper below would hide a missing or a doubled one.
        raw = api.messages.create(
            model=route.model, system=SYSTEM, messages=MESSAGES, max_tokens=SHORT, stream=True
        )
        kinds = [event.type for event in raw if event.type != "ping"]
        deltas = kinds.count("content_block_delta")
        assert deltas > 1, kinds
        order = ["message_start", "content_block_start", *["content_block_delta"] * deltas]
        assert kinds == [*order, "content_block_stop", "message_delta", "message_stop"], kinds

        with api.messages.stream(
            model=route.model, system=SYSTEM, messages=MESSAGES, max_tokens=SHORT
        ) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        check_message(final, route)
        assert text and final.content[0].text == text, (text, final.content)
        assert final.stop_reason in ENDED, final.stop_reason
        return "ok"

    def tools(self, route: Route) -> str:
        api = client(route)
        messages = [{"role": "user", "content": TOOL_QUESTION}]
        # The package no longer names the temperature, the API still takes it.
        greedy = {"temperature": 0}
        ask = {
            "model": route.model,
            "tools": [TOOL],
            "tool_choice": {"type": "any"},
            "max_tokens": CALL,
            "extra_body": greedy,
        }

        answer = api.messages.create(messages=messages, **ask)
        check_message(answer, route)
        assert answer.stop_reason == "tool_use", answer
        (call,) = [block for block in answer.content if block.type == "tool_use"]
        assert call.id, call
        check_tool_call(call.name, call.input)

        with api.messages.stream(messages=messages, **ask) as stream:
            streamed = stream.get_final_message()
        assert streamed.stop_reason == "tool_use", streamed
        (again,) = [block for block in streamed.content if block.type == "tool_use"]
        check_tool_call(again.name, again.input)

        result = {"type": "tool_result", "tool_use_id": call.id, "content": TOOL_ANSWER}
        messages += [
            {
                "role": "assistant",
                "content": [block.model_dump(exclude_none=True) for block in answer.content],
            },
            {"role": "user", "content": [result]},
        ]
        final = api.messages.create(model=route.model, messages=messages, tools=[TOOL], max_tokens=CALL)
        check_message(final, route)
        return "called"

    def json(self, route: Route) -> str:
        shape = {"format": {"type": "json_schema", "schema": ANSWER_SCHEMA}}
        answer = client(route).messages.create(
            model=route.model, messages=MESSAGES, max_tokens=64, output_config=shape
        )
        check_message(answer, route)
        return check_answer("".join(block.text for block in answer.content if block.type == "text"), route)

    def embeddings(self, route: Route) -> str:
        raise Skip

    @contextlib.contextmanager
    def endless_stream(self, route: Route) -> Iterator[None]:
        stream = endless_client(route).messages.create(
            model=route.endless_model, messages=MESSAGES, max_tokens=ENDLESS_TOKENS, stream=True
        )
        with stream:
            next(iter(stream))
            yield

    def hang_up(self, route: Route) -> None:
        try:
            endless_client(route).messages.create(
                model=route.endless_model,
                messages=MESSAGES,
                max_tokens=ENDLESS_TOKENS,
                timeout=HANG_UP_SECONDS,
            )
        except anthropic.APITimeoutError:
            return
        raise AssertionError("an endless answer ended")

    def error(self, route: Route) -> str:
        def status(error: anthropic.APIStatusError) -> int:
            # llama-server itself leaves the type out when it refuses a key.
            assert error.body.get("type") == "error" or not route.broken_model, error.body
            assert error.body["error"]["type"] and error.body["error"]["message"], error.body
            return error.status_code

        ask = {"messages": MESSAGES, "max_tokens": 4}
        with refused((anthropic.AuthenticationError, anthropic.BadRequestError), status, *WRONG_KEY_STATUS):
            client(route, WRONG_KEY).messages.create(model=route.model, **ask)
        too_long = [{"role": "user", "content": TOO_LONG}]
        with refused(anthropic.APIStatusError, status, *TOO_LONG_STATUS):
            client(route).messages.create(model=route.model, messages=too_long, max_tokens=4)
        if not route.broken_model:
            return "2 kinds"
        with refused((anthropic.NotFoundError, anthropic.BadRequestError), status, *UNKNOWN_MODEL_STATUS):
            client(route).messages.create(model=UNKNOWN_MODEL, **ask)
        for stream in (False, True):
            with refused(anthropic.InternalServerError, status, *UNREACHABLE_STATUS):
                client(route).messages.create(model=route.broken_model, stream=stream, **ask)
        return "4 kinds"
