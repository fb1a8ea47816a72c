"""The official `ollama` package."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.metadata import version

import httpx
import ollama

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
    check_vector,
    refused,
)
from servers import ENDLESS_TOKENS

TOOL = {
    "type": "function",
    "function": {"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "parameters": TOOL_PARAMETERS},
}
MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
OPTIONS = {"num_predict": SHORT, "temperature": 0}
ENDLESS = {"num_predict": ENDLESS_TOKENS}
ENDED = ("stop", "length")


def client(route: Route, key: str | None = None, **more) -> ollama.Client:
    return ollama.Client(host=route.base, headers={"Authorization": f"Bearer {key or route.key}"}, **more)


def check_end(answer: ollama.ChatResponse | ollama.GenerateResponse, route: Route) -> None:
    assert answer.model == route.model and answer.created_at, answer
    assert answer.done is True and answer.done_reason in ENDED, answer
    assert answer.prompt_eval_count and answer.eval_count and answer.total_duration, answer


class Ollama:
    name = "ollama"
    version = version("ollama")

    def list(self, route: Route) -> str:
        api = client(route)
        note = check_names([model.model for model in api.list().models], route)
        shown = api.show(route.model)
        assert shown.details and "completion" in (shown.capabilities or []), shown
        assert isinstance(list(api.ps().models), list)
        return note

    def chat(self, route: Route) -> str:
        api = client(route)
        answer = api.chat(model=route.model, messages=MESSAGES, options=OPTIONS)
        assert answer.message.role == "assistant" and answer.message.content, answer
        check_end(answer, route)
        written = api.generate(model=route.model, system=SYSTEM, prompt=QUESTION, options=OPTIONS)
        assert written.response, written
        check_end(written, route)
        return "chat, generate"

    def stream(self, route: Route) -> str:
        api = client(route)
        parts = list(api.chat(model=route.model, messages=MESSAGES, options=OPTIONS, stream=True))
        assert len([part for part in parts if part.message.content]) > 1, f"{len(parts)} parts"
        assert [part.done for part in parts].count(True) == 1, "more than one end"
        check_end(parts[-1], route)
        written = list(api.generate(model=route.model, prompt=QUESTION, options=OPTIONS, stream=True))
        assert len([part for part in written if part.response]) > 1, f"{len(written)} parts"
        check_end(written[-1], route)
        return "chat, generate"

    def tools(self, route: Route) -> str:
        # Ollama has no tool_choice: a model this small may answer in words, which is an answer too.
        api = client(route)
        ask = {"model": route.model, "tools": [TOOL], "options": {"num_predict": CALL, "temperature": 0}}
        messages = [{"role": "user", "content": TOOL_QUESTION}]
        called = 0
        answer = api.chat(messages=messages, **ask)
        parts = list(api.chat(messages=messages, stream=True, **ask))
        check_end(answer, route)
        check_end(parts[-1], route)
        for messages_of_one in ([answer.message], [part.message for part in parts]):
            calls = [call for message in messages_of_one for call in message.tool_calls or []]
            for call in calls:
                check_tool_call(call.function.name, dict(call.function.arguments))
            assert calls or any(message.content for message in messages_of_one), "neither a call nor words"
            called += bool(calls)

        call = {"function": {"name": TOOL_NAME, "arguments": {"city": "Paris"}}}
        messages += [
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_name": TOOL_NAME, "content": TOOL_ANSWER},
        ]
        check_end(api.chat(messages=messages, **ask), route)
        return "called" if called == 2 else "accepted"

    def json(self, route: Route) -> str:
        answer = client(route).chat(
            model=route.model, messages=MESSAGES, format=ANSWER_SCHEMA, options={"num_predict": 64}
        )
        return check_answer(answer.message.content, route)

    def embeddings(self, route: Route) -> str:
        if not route.embedding_model:
            raise Skip
        api = client(route)
        answer = api.embed(model=route.embedding_model, input=["the sea", "a mountain"])
        assert len(answer.embeddings) == 2, f"{len(answer.embeddings)} embeddings"
        for vector in answer.embeddings:
            check_vector(vector)
        check_vector(api.embeddings(model=route.embedding_model, prompt="the sea").embedding)
        return f"{len(answer.embeddings[0])} dims"

    @contextlib.contextmanager
    def endless_stream(self, route: Route) -> Iterator[None]:
        stream = client(route).chat(
            model=route.endless_model, messages=MESSAGES, options=ENDLESS, stream=True
        )
        with contextlib.closing(stream):
            next(stream)
            yield

    def hang_up(self, route: Route) -> None:
        try:
            client(route, timeout=HANG_UP_SECONDS).chat(
                model=route.endless_model, messages=MESSAGES, options=ENDLESS
            )
        except httpx.TimeoutException:
            return
        raise AssertionError("an endless answer ended")

    def error(self, route: Route) -> str:
        def status(error: ollama.ResponseError) -> int:
            return error.status_code

        def ask(model: str, content: str = QUESTION, key: str | None = None, stream: bool = False) -> None:
            messages = [{"role": "user", "content": content}]
            answer = client(route, key).chat(
                model=model, messages=messages, options={"num_predict": 4}, stream=stream
            )
            list(answer)

        with refused(ollama.ResponseError, status, *WRONG_KEY_STATUS):
            ask(route.model, key=WRONG_KEY)
        with refused(ollama.ResponseError, status, *TOO_LONG_STATUS):
            ask(route.model, TOO_LONG)
        with refused(ollama.ResponseError, status, *UNKNOWN_MODEL_STATUS):
            ask(UNKNOWN_MODEL)
        for stream in (False, True):
            with refused(ollama.ResponseError, status, *UNREACHABLE_STATUS):
                ask(route.broken_model, stream=stream)
        return "4 kinds"
