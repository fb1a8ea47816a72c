"""The official `openai` package: chat completions, embeddings and responses."""

from __future__ import annotations

import json

import openai
import pydantic

from harness import (
    FACTS,
    IMAGE_URL,
    KEY,
    URL,
    check_calls,
    check_ids,
    check_pieces,
    check_text,
    check_usage,
    check_vectors,
    inputs_of,
    listed,
    raises,
    result_text,
    run,
    same,
)


class Answer(pydantic.BaseModel):
    color: str
    deep: bool


def client(key: str = KEY, strict: bool = True) -> openai.OpenAI:
    # Strict: an answer that does not fit the package's types raises instead of passing unread.
    return openai.OpenAI(base_url=f"{URL}/v1", api_key=key, max_retries=0, _strict_response_validation=strict)


API = client()
# The package's own types have no Base64, which it asks for when it embeds and then decodes.
LENIENT = client(strict=False)


def status(expected: int):
    def judge(error: openai.APIStatusError) -> None:
        same(error.status_code, expected, "status")
        assert error.type and error.message, error.body

    return judge


def models() -> None:
    names = [model.id for model in API.models.list()]
    same(len(set(names)), listed(), "models")
    same(API.models.retrieve(names[0]).id, names[0], "model")


MESSAGES = [{"role": "system", "content": FACTS.system}, {"role": "user", "content": FACTS.question}]
CHAT_TOOLS = [{"type": "function", "function": tool} for tool in FACTS.tools]


class Chat:
    """`client.chat.completions` and `client.embeddings`."""

    def create(self, model: str, api: openai.OpenAI = API, **more):
        more.setdefault("messages", MESSAGES)
        return api.chat.completions.create(model=model, max_completion_tokens=FACTS.limit, **more)

    def check_usage(self, kind: str, usage: openai.types.CompletionUsage | None) -> None:
        assert usage, "no usage"
        check_usage(kind, usage.prompt_tokens, usage.completion_tokens)
        same(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens, "total tokens")

    def chat(self, model: str) -> None:
        answer = self.create(model)
        same((answer.object, answer.model), ("chat.completion", model))
        (choice,) = answer.choices
        same((choice.index, choice.finish_reason, choice.message.role), (0, "stop", "assistant"))
        check_text(choice.message.content)
        self.check_usage("text", answer.usage)

    def stream(self, model: str) -> None:
        chunks = list(self.create(model, stream=True, stream_options={"include_usage": True}))
        same({(chunk.object, chunk.model) for chunk in chunks}, {("chat.completion.chunk", model)})
        same(len({chunk.id for chunk in chunks}), 1, "ids of the stream")
        choices = [choice for chunk in chunks for choice in chunk.choices]
        check_pieces([choice.delta.content for choice in choices if choice.delta.content])
        same([choice.finish_reason for choice in choices if choice.finish_reason], ["stop"])
        same([bool(chunk.usage) for chunk in chunks].index(True), len(chunks) - 1, "place of the usage")
        self.check_usage("text", chunks[-1].usage)

    def go_on(self, model: str, message: openai.types.chat.ChatCompletionMessage) -> None:
        """Gives the results of the calls and reads the answer."""
        calls = message.tool_calls or []
        check_calls([(call.function.name, call.function.arguments) for call in calls])
        check_ids([call.id for call in calls])
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": result_text(position)}
            for position, call in enumerate(calls)
        ]
        said = {"role": "assistant", "tool_calls": [call.to_dict() for call in calls]}
        for call in said["tool_calls"]:
            # What the package's own stream adds on its side.
            call.pop("index", None)
            call["function"].pop("parsed_arguments", None)
        answer = self.create(model, messages=[*MESSAGES, said, *results], tools=CHAT_TOOLS)
        check_text(answer.choices[0].message.content)

    def tools(self, model: str) -> None:
        answer = self.create(model, tools=CHAT_TOOLS)
        same(answer.choices[0].finish_reason, "tool_calls", "finish reason")
        self.check_usage("calls", answer.usage)
        self.go_on(model, answer.choices[0].message)

    def streamed_tools(self, model: str) -> None:
        with API.chat.completions.stream(
            model=model, messages=MESSAGES, tools=CHAT_TOOLS, stream_options={"include_usage": True}
        ) as stream:
            done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
            answer = stream.get_final_completion()
        check_calls([(event.name, event.arguments) for event in done])
        self.check_usage("calls", answer.usage)
        self.go_on(model, answer.choices[0].message)

    def schema(self, model: str) -> None:
        messages = [{"role": "user", "content": FACTS.schema_answer}]
        answer = API.chat.completions.parse(model=model, messages=messages, response_format=Answer)
        same(answer.choices[0].message.parsed, Answer(color="blue", deep=True))

    def image(self, model: str) -> None:
        content = [
            {"type": "text", "text": FACTS.question},
            {"type": "image_url", "image_url": {"url": IMAGE_URL}},
        ]
        answer = self.create(model, messages=[{"role": "user", "content": content}])
        check_text(answer.choices[0].message.content)

    def reasoning(self, model: str) -> None:
        answer = self.create(model, reasoning_effort="low")
        message = answer.choices[0].message
        # Not a member of OpenAI's own, but what every other vendor calls it.
        same(message.model_extra["reasoning_content"], FACTS.thinking, "thinking")
        check_text(message.content)
        self.check_usage("reasoning", answer.usage)

    def streamed_reasoning(self, model: str) -> None:
        chunks = list(self.create(model, reasoning_effort="low", stream=True))
        deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
        thoughts = [(delta.model_extra or {}).get("reasoning_content") or "" for delta in deltas]
        same("".join(thoughts), FACTS.thinking, "thinking")
        check_pieces([delta.content for delta in deltas if delta.content])

    def embed(self, model: str) -> None:
        inputs = inputs_of(model)
        for api, more in ((LENIENT, {}), (API, {"encoding_format": "float"})):
            answer = api.embeddings.create(model=model, input=inputs, **more)
            same([item.index for item in answer.data], list(range(len(inputs))))
            check_vectors([item.embedding for item in answer.data], inputs)

    def refused(self, model: str) -> None:
        for stream in (False, True):
            with raises(openai.RateLimitError, status(429)):
                self.create(model, stream=stream)

    def broken(self, model: str) -> None:
        pieces = []
        with raises(openai.APIError, lambda error: None):
            for chunk in self.create(model, stream=True):
                pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        assert "".join(pieces).startswith(FACTS.broken_text), pieces

    def models(self, _: str) -> None:
        models()

    def wrong_key(self, _: str) -> None:
        with raises(openai.AuthenticationError, status(401)):
            self.create(FACTS.unknown_model, client(FACTS.wrong_key))

    def unknown_model(self, _: str) -> None:
        for stream in (False, True):
            # As LiteLLM answers OpenAI's clients.
            with raises(openai.BadRequestError, status(400)):
                self.create(FACTS.unknown_model, stream=stream)


INPUT = [{"role": "user", "content": FACTS.question}]
RESPONSES_TOOLS = [{"type": "function", "strict": False, **tool} for tool in FACTS.tools]
EFFORT = {"effort": "low", "summary": "auto"}


class Responses:
    """`client.responses`."""

    def create(self, model: str, api: openai.OpenAI = API, **more):
        ask = {"input": INPUT, "instructions": FACTS.system, "max_output_tokens": FACTS.limit, "store": False}
        return api.responses.create(model=model, **(ask | more))

    def check_end(self, answer: openai.types.responses.Response, model: str, kind: str) -> None:
        same((answer.object, answer.status, answer.model), ("response", "completed", model))
        assert answer.usage, "no usage"
        check_usage(kind, answer.usage.input_tokens, answer.usage.output_tokens)
        same(answer.usage.total_tokens, answer.usage.input_tokens + answer.usage.output_tokens)

    def chat(self, model: str) -> None:
        answer = self.create(model)
        check_text(answer.output_text)
        self.check_end(answer, model, "text")

    def stream(self, model: str) -> None:
        events = list(self.create(model, stream=True))
        same([event.sequence_number for event in events], list(range(len(events))), "sequence numbers")
        kinds = [event.type for event in events]
        same(kinds[:2], ["response.created", "response.in_progress"])
        same(kinds[-1], "response.completed")
        check_pieces([event.delta for event in events if event.type == "response.output_text.delta"])
        check_text(events[-1].response.output_text)
        self.check_end(events[-1].response, model, "text")

    def go_on(self, model: str, answer: openai.types.responses.Response) -> None:
        """Gives the results of the calls and reads the answer."""
        calls = [item for item in answer.output if item.type == "function_call"]
        check_calls([(call.name, call.arguments) for call in calls])
        check_ids([call.call_id for call in calls])
        self.check_end(answer, model, "calls")
        results = [
            {"type": "function_call_output", "call_id": call.call_id, "output": result_text(position)}
            for position, call in enumerate(calls)
        ]
        said = [item.to_dict() for item in answer.output]
        for item in said:
            # What the package's own stream adds on its side.
            item.pop("parsed_arguments", None)
        check_text(self.create(model, input=[*INPUT, *said, *results], tools=RESPONSES_TOOLS).output_text)

    def tools(self, model: str) -> None:
        self.go_on(model, self.create(model, tools=RESPONSES_TOOLS))

    def streamed_tools(self, model: str) -> None:
        with API.responses.stream(model=model, input=INPUT, tools=RESPONSES_TOOLS) as stream:
            done = [event for event in stream if event.type == "response.function_call_arguments.done"]
            answer = stream.get_final_response()
        arguments = [json.loads(event.arguments) for event in done]
        same(arguments, [call["arguments"] for call in FACTS.calls], "arguments")
        self.go_on(model, answer)

    def schema(self, model: str) -> None:
        answer = API.responses.parse(model=model, input=FACTS.schema_answer, text_format=Answer)
        same(answer.output_parsed, Answer(color="blue", deep=True))

    def image(self, model: str) -> None:
        content = [
            {"type": "input_text", "text": FACTS.question},
            {"type": "input_image", "image_url": IMAGE_URL, "detail": "auto"},
        ]
        check_text(self.create(model, input=[{"role": "user", "content": content}]).output_text)

    def check_thinking(self, answer: openai.types.responses.Response, model: str) -> None:
        thoughts = [item for item in answer.output if item.type == "reasoning"]
        same("".join(part.text for item in thoughts for part in item.summary), FACTS.thinking, "thinking")
        check_text(answer.output_text)
        self.check_end(answer, model, "reasoning")

    def reasoning(self, model: str) -> None:
        self.check_thinking(self.create(model, reasoning=EFFORT), model)

    def streamed_reasoning(self, model: str) -> None:
        events = list(self.create(model, reasoning=EFFORT, stream=True))
        deltas = [event.delta for event in events if event.type == "response.reasoning_summary_text.delta"]
        same("".join(deltas), FACTS.thinking, "thinking")
        self.check_thinking(events[-1].response, model)

    def refused(self, model: str) -> None:
        for stream in (False, True):
            with raises(openai.RateLimitError, status(429)):
                self.create(model, stream=stream)

    def broken(self, model: str) -> None:
        # Whether the package raises depends on the form of the event: OpenAI's document and its service differ.
        events = []
        try:
            for event in self.create(model, stream=True):
                events.append(event)
        except openai.APIError as error:
            message = error.message
        else:
            last = events[-1]
            message = last.message if last.type == "error" else last.response.error.message
        assert message, events
        pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
        assert "".join(pieces).startswith(FACTS.broken_text), pieces

    def models(self, _: str) -> None:
        models()

    def wrong_key(self, _: str) -> None:
        with raises(openai.AuthenticationError, status(401)):
            self.create(FACTS.unknown_model, client(FACTS.wrong_key))

    def unknown_model(self, _: str) -> None:
        for stream in (False, True):
            # As LiteLLM answers OpenAI's clients.
            with raises(openai.BadRequestError, status(400)):
                self.create(FACTS.unknown_model, stream=stream)


if __name__ == "__main__":
    run({"openai-chat": Chat(), "openai-responses": Responses()})
