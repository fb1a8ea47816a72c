"""The official `openai` package."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import openai

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
    check_same_vector,
    check_tool_call,
    check_vector,
    refused,
)
from servers import ENDLESS_TOKENS

TOOL = {
    "type": "function",
    "function": {"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "parameters": TOOL_PARAMETERS},
}
MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]


def client(route: Route, key: str | None = None) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{route.base}/v1", api_key=key or route.key, max_retries=0)


def endless_client(route: Route) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{route.endless_base}/v1", api_key=route.key, max_retries=0)


def check_usage(usage: openai.types.CompletionUsage | None) -> None:
    assert usage, "no usage"
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0, usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, usage


class OpenAi:
    name = "openai"
    version = openai.__version__

    def list(self, route: Route) -> str:
        api = client(route)
        models = list(api.models.list())
        assert all(model.object == "model" for model in models), models
        names = [model.id for model in models]
        if route.broken_model:
            assert api.models.retrieve(route.model).id == route.model
        return check_names(names, route)

    def chat(self, route: Route) -> str:
        answer = client(route).chat.completions.create(
            model=route.model, messages=MESSAGES, max_tokens=SHORT, temperature=0
        )
        assert answer.object == "chat.completion" and answer.id and answer.created > 0, answer
        assert answer.model == route.model, f"model {answer.model!r}"
        (choice,) = answer.choices
        assert choice.index == 0 and choice.message.role == "assistant" and choice.message.content, choice
        assert choice.finish_reason in ("stop", "length"), choice.finish_reason
        check_usage(answer.usage)
        assert answer.usage.completion_tokens <= SHORT, answer.usage
        return "ok"

    def stream(self, route: Route) -> str:
        chunks = list(
            client(route).chat.completions.create(
                model=route.model,
                messages=MESSAGES,
                max_tokens=SHORT,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        assert len({chunk.id for chunk in chunks}) == 1, "the id changes within the stream"
        assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
        assert {chunk.model for chunk in chunks} == {route.model}, {chunk.model for chunk in chunks}
        choices = [choice for chunk in chunks for choice in chunk.choices]
        pieces = [choice.delta.content for choice in choices if choice.delta.content]
        assert len(pieces) > 1, f"{len(pieces)} pieces of text"
        assert choices[0].delta.role == "assistant", choices[0]
        reasons = [choice.finish_reason for choice in choices if choice.finish_reason]
        assert len(reasons) == 1 and reasons[0] in ("stop", "length"), reasons
        usages = [chunk.usage for chunk in chunks if chunk.usage]
        assert len(usages) == 1 and chunks[-1].usage, "usage belongs in the last chunk alone"
        check_usage(usages[0])

        unasked = client(route).chat.completions.create(
            model=route.model, messages=MESSAGES, max_tokens=4, stream=True
        )
        assert not any(chunk.usage for chunk in unasked), "usage nobody asked for"
        return "ok"

    def tools(self, route: Route) -> str:
        api = client(route)
        messages = [{"role": "user", "content": TOOL_QUESTION}]
        ask = {
            "model": route.model,
            "tools": [TOOL],
            "tool_choice": "required",
            "max_tokens": CALL,
            "temperature": 0,
        }

        (choice,) = api.chat.completions.create(messages=messages, **ask).choices
        assert choice.finish_reason == "tool_calls", choice
        call = choice.message.tool_calls[0]
        assert call.id and call.type == "function", call
        check_tool_call(call.function.name, call.function.arguments)

        arguments, names, ids, reasons = "", [], [], []
        for chunk in api.chat.completions.create(messages=messages, stream=True, **ask):
            for part in chunk.choices:
                reasons += [part.finish_reason] if part.finish_reason else []
                for delta in part.delta.tool_calls or []:
                    assert delta.index == 0, delta
                    ids += [delta.id] if delta.id else []
                    names += [delta.function.name] if delta.function.name else []
                    arguments += delta.function.arguments or ""
        assert reasons == ["tool_calls"] and len(names) == 1 and ids, (reasons, names, ids)
        check_tool_call(names[0], arguments)

        messages += [
            choice.message.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": call.id, "content": TOOL_ANSWER},
        ]
        final = api.chat.completions.create(
            model=route.model, messages=messages, tools=[TOOL], max_tokens=CALL
        )
        assert final.choices[0].finish_reason in ("stop", "length", "tool_calls"), final
        check_usage(final.usage)
        return "called"

    def json(self, route: Route) -> str:
        schema = {"name": "answer", "strict": True, "schema": ANSWER_SCHEMA}
        answer = client(route).chat.completions.create(
            model=route.model,
            messages=MESSAGES,
            max_tokens=64,
            response_format={"type": "json_schema", "json_schema": schema},
        )
        return check_answer(answer.choices[0].message.content, route)

    def embeddings(self, route: Route) -> str:
        if not route.embedding_model:
            raise Skip
        api = client(route)
        # Asked without a format the package asks for base64, and decodes it.
        default = api.embeddings.create(model=route.embedding_model, input=["the sea", "a mountain"])
        plain = api.embeddings.create(
            model=route.embedding_model, input=["the sea", "a mountain"], encoding_format="float"
        )
        assert [item.index for item in default.data] == [0, 1] == [item.index for item in plain.data]
        for one, other in zip(default.data, plain.data):
            check_vector(one.embedding)
            check_same_vector(one.embedding, other.embedding)
        assert default.usage.prompt_tokens > 0 and plain.usage.total_tokens > 0, (default.usage, plain.usage)
        return f"{len(default.data[0].embedding)} dims"

    @contextlib.contextmanager
    def endless_stream(self, route: Route) -> Iterator[None]:
        stream = endless_client(route).chat.completions.create(
            model=route.endless_model, messages=MESSAGES, max_tokens=ENDLESS_TOKENS, stream=True
        )
        with stream:
            next(iter(stream))
            yield

    def hang_up(self, route: Route) -> None:
        try:
            endless_client(route).chat.completions.create(
                model=route.endless_model,
                messages=MESSAGES,
                max_tokens=ENDLESS_TOKENS,
                timeout=HANG_UP_SECONDS,
            )
        except openai.APITimeoutError:
            return
        raise AssertionError("an endless answer ended")

    def error(self, route: Route) -> str:
        def status(error: openai.APIStatusError) -> int:
            return error.status_code

        ask = {"messages": MESSAGES, "max_tokens": 4}
        with refused((openai.AuthenticationError, openai.BadRequestError), status, *WRONG_KEY_STATUS):
            client(route, WRONG_KEY).chat.completions.create(model=route.model, **ask)
        too_long = [{"role": "user", "content": TOO_LONG}]
        with refused(openai.APIStatusError, status, *TOO_LONG_STATUS):
            client(route).chat.completions.create(model=route.model, messages=too_long)
        if not route.broken_model:
            return "2 kinds"
        with refused((openai.NotFoundError, openai.BadRequestError), status, *UNKNOWN_MODEL_STATUS):
            client(route).chat.completions.create(model=UNKNOWN_MODEL, **ask)
        for stream in (False, True):
            with refused(openai.InternalServerError, status, *UNREACHABLE_STATUS):
                client(route).chat.completions.create(model=route.broken_model, stream=stream, **ask)
        return "4 kinds"
