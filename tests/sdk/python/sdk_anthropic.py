"""The official `anthropic` package."""

from __future__ import annotations

import anthropic
import pydantic

from harness import (
    FACTS,
    KEY,
    URL,
    check_calls,
    check_ids,
    check_pieces,
    check_text,
    check_usage,
    listed,
    raises,
    result_text,
    run,
    same,
)


class Answer(pydantic.BaseModel):
    color: str
    deep: bool


def client(key: str = KEY) -> anthropic.Anthropic:
    # Strict: an answer that does not fit the package's types raises instead of passing unread.
    return anthropic.Anthropic(base_url=URL, api_key=key, max_retries=0, _strict_response_validation=True)


API = client()
MESSAGES = [{"role": "user", "content": FACTS.question}]
TOOLS = [
    {"name": tool["name"], "description": tool["description"], "input_schema": tool["parameters"]}
    for tool in FACTS.tools
]
THINKING = {"type": "enabled", "budget_tokens": 1024}


def ask(model: str, **more) -> dict:
    return {
        "model": model,
        "system": FACTS.system,
        "messages": MESSAGES,
        "max_tokens": FACTS.limit,
        **more,
    }


def status(expected: int, kind: str):
    def judge(error: anthropic.APIStatusError) -> None:
        same((error.status_code, error.body["error"]["type"]), (expected, kind))
        assert error.body["type"] == "error" and error.body["error"]["message"], error.body

    return judge


def check_message(message: anthropic.types.Message, model: str, kind: str, stop_reason: str) -> None:
    same((message.type, message.role, message.model), ("message", "assistant", model))
    same(message.stop_reason, stop_reason, "stop reason")
    check_usage(kind, message.usage.input_tokens, message.usage.output_tokens)


def text_of(message: anthropic.types.Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


class Messages:
    """`client.messages`."""

    def chat(self, model: str) -> None:
        answer = API.messages.create(**ask(model))
        check_text(text_of(answer))
        check_message(answer, model, "text", "end_turn")

    def stream(self, model: str) -> None:
        # The raw events first: the helper below would hide a missing or a doubled one.
        kinds = [
            event.type for event in API.messages.create(**ask(model), stream=True) if event.type != "ping"
        ]
        deltas = ["content_block_delta"] * kinds.count("content_block_delta")
        start = ["message_start", "content_block_start", *deltas]
        same(kinds, [*start, "content_block_stop", "message_delta", "message_stop"], "events")
        with API.messages.stream(**ask(model)) as stream:
            check_pieces(list(stream.text_stream))
            final = stream.get_final_message()
        check_text(text_of(final))
        check_message(final, model, "text", "end_turn")

    def go_on(self, model: str, message: anthropic.types.Message) -> None:
        """Gives the results of the calls and reads the answer."""
        check_message(message, model, "calls", "tool_use")
        calls = [block for block in message.content if block.type == "tool_use"]
        check_calls([(call.name, call.input) for call in calls])
        check_ids([call.id for call in calls])
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": result_text(position)}
            for position, call in enumerate(calls)
        ]
        said = [block.to_dict() for block in message.content]
        messages = [
            *MESSAGES,
            {"role": "assistant", "content": said},
            {"role": "user", "content": results},
        ]
        check_text(text_of(API.messages.create(**ask(model, messages=messages, tools=TOOLS))))

    def tools(self, model: str) -> None:
        self.go_on(model, API.messages.create(**ask(model, tools=TOOLS)))

    def streamed_tools(self, model: str) -> None:
        with API.messages.stream(**ask(model, tools=TOOLS)) as stream:
            pieces = [event.partial_json for event in stream if event.type == "input_json"]
            final = stream.get_final_message()
        assert len(pieces) >= len(FACTS.calls), pieces
        self.go_on(model, final)

    def schema(self, model: str) -> None:
        messages = [{"role": "user", "content": FACTS.schema_answer}]
        answer = API.messages.parse(**ask(model, messages=messages, output_format=Answer))
        same(answer.parsed_output, Answer(color="blue", deep=True))

    def image(self, model: str) -> None:
        source = {"type": "base64", "media_type": FACTS.image_type, "data": FACTS.image}
        content = [{"type": "image", "source": source}, {"type": "text", "text": FACTS.question}]
        answer = API.messages.create(**ask(model, messages=[{"role": "user", "content": content}]))
        check_text(text_of(answer))

    def check_thinking(self, message: anthropic.types.Message, model: str) -> None:
        thoughts = [block.thinking for block in message.content if block.type == "thinking"]
        same("".join(thoughts), FACTS.thinking, "thinking")
        check_text(text_of(message))
        check_message(message, model, "reasoning", "end_turn")

    def reasoning(self, model: str) -> None:
        self.check_thinking(API.messages.create(**ask(model, thinking=THINKING)), model)

    def streamed_reasoning(self, model: str) -> None:
        with API.messages.stream(**ask(model, thinking=THINKING)) as stream:
            pieces = [event.thinking for event in stream if event.type == "thinking"]
            final = stream.get_final_message()
        same("".join(pieces), FACTS.thinking, "thinking")
        self.check_thinking(final, model)

    def refused(self, model: str) -> None:
        for stream in (False, True):
            with raises(anthropic.RateLimitError, status(429, "rate_limit_error")):
                API.messages.create(**ask(model), stream=stream)

    def broken(self, model: str) -> None:
        pieces = []

        def judge(error: anthropic.APIStatusError) -> None:
            assert error.body["type"] == "error" and error.body["error"]["message"], error.body

        try:
            with API.messages.stream(**ask(model)) as stream:
                for piece in stream.text_stream:
                    pieces.append(piece)
        except anthropic.APIStatusError as error:
            # Which class it is depends on the error's type: overloaded, or anything else.
            judge(error)
        else:
            raise AssertionError("no error")
        assert "".join(pieces).startswith(FACTS.broken_text), pieces

    def models(self, _: str) -> None:
        names = [model.id for model in API.models.list(limit=1000)]
        same(len(set(names)), listed(), "models")
        same(API.models.retrieve(names[0]).id, names[0], "model")

    def wrong_key(self, _: str) -> None:
        for stream in (False, True):
            with raises(anthropic.AuthenticationError, status(401, "authentication_error")):
                client(FACTS.wrong_key).messages.create(**ask(FACTS.unknown_model), stream=stream)

    def unknown_model(self, _: str) -> None:
        for stream in (False, True):
            with raises(anthropic.NotFoundError, status(404, "not_found_error")):
                API.messages.create(**ask(FACTS.unknown_model), stream=stream)


if __name__ == "__main__":
    run({"anthropic": Messages()})
