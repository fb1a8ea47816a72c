"""The official `google-genai` package."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import httpx
import httpx2
from google import genai
from google.genai import errors, types

from common import (
    ANSWER_SCHEMA,
    CALL,
    CITIES,
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


def tool(**parameters) -> types.Tool:
    declaration = types.FunctionDeclaration(name=TOOL_NAME, description=TOOL_DESCRIPTION, **parameters)
    return types.Tool(function_declarations=[declaration])


# The same schemas twice: as JSON Schema, and in Gemini's own spelling with upper-case types.
TYPED_PARAMETERS = types.Schema(
    type=types.Type.OBJECT,
    properties={"city": types.Schema(type=types.Type.STRING, enum=CITIES)},
    required=["city"],
)
TYPED_ANSWER = types.Schema(
    type=types.Type.OBJECT,
    properties={
        "color": types.Schema(type=types.Type.STRING, enum=["blue", "green"]),
        "deep": types.Schema(type=types.Type.BOOLEAN),
    },
    required=["color", "deep"],
)
TOOL = tool(parameters_json_schema=TOOL_PARAMETERS)
TYPED_TOOL = tool(parameters=TYPED_PARAMETERS)
API_VERSIONS = ({"api_version": "v1beta"}, {})
ENDED = (types.FinishReason.STOP, types.FinishReason.MAX_TOKENS)


def client(route: Route, key: str | None = None, **options) -> genai.Client:
    return genai.Client(
        api_key=key or route.key, http_options=types.HttpOptions(base_url=route.base, **options)
    )


def config(max_tokens: int = SHORT, **more) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(system_instruction=SYSTEM, max_output_tokens=max_tokens, **more)


def check_usage(usage: types.GenerateContentResponseUsageMetadata | None) -> None:
    assert usage, "no usage"
    assert usage.prompt_token_count and usage.candidates_token_count, usage
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count, usage


class Google:
    name = "google-genai"
    version = genai.__version__

    def list(self, route: Route) -> str:
        # The package moved from /v1beta to /v1, where the path is also that of OpenAI's list.
        for version in API_VERSIONS:
            with client(route, **version) as api:
                names = [model.name.removeprefix("models/") for model in api.models.list()]
            note = check_names(names, route)
        return note

    def chat(self, route: Route) -> str:
        for version in API_VERSIONS:
            with client(route, **version) as api:
                answer = api.models.generate_content(
                    model=route.model, contents=QUESTION, config=config(temperature=0)
                )
                counted = api.models.count_tokens(model=route.model, contents=QUESTION)
            assert answer.text, answer
            (candidate,) = answer.candidates
            assert candidate.content.role == "model" and candidate.finish_reason in ENDED, candidate
            check_usage(answer.usage_metadata)
            assert counted.total_tokens, counted
        return f"counts {counted.total_tokens}"

    def stream(self, route: Route) -> str:
        with client(route) as api:
            chunks = list(
                api.models.generate_content_stream(model=route.model, contents=QUESTION, config=config())
            )
        pieces = [chunk.text for chunk in chunks if chunk.candidates and chunk.text]
        assert len(pieces) > 1, f"{len(pieces)} pieces of text"
        reasons = [
            choice.finish_reason
            for chunk in chunks
            for choice in chunk.candidates or []
            if choice.finish_reason
        ]
        assert len(reasons) == 1 and reasons[0] in ENDED, reasons
        check_usage(chunks[-1].usage_metadata)
        return "ok"

    def tools(self, route: Route) -> str:
        calling = types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.ANY)

        def forced(tool: types.Tool) -> types.GenerateContentConfig:
            tool_config = types.ToolConfig(function_calling_config=calling)
            return config(CALL, temperature=0, tools=[tool], tool_config=tool_config)

        question = types.UserContent(TOOL_QUESTION)
        with client(route) as api:
            answer = api.models.generate_content(model=route.model, contents=[question], config=forced(TOOL))
            (call,) = answer.function_calls
            check_tool_call(call.name, call.args)

            stream = api.models.generate_content_stream(
                model=route.model, contents=[question], config=forced(TYPED_TOOL)
            )
            chunks = list(stream)
            (again,) = [call for chunk in chunks for call in chunk.function_calls or []]
            check_tool_call(again.name, again.args)

            result = types.FunctionResponse(id=call.id, name=call.name, response=json.loads(TOOL_ANSWER))
            contents = [
                question,
                answer.candidates[0].content,
                types.UserContent(types.Part(function_response=result)),
            ]
            final = api.models.generate_content(
                model=route.model, contents=contents, config=config(CALL, tools=[TOOL])
            )
        assert final.candidates[0].finish_reason in ENDED, final
        check_usage(final.usage_metadata)
        return "called"

    def json(self, route: Route) -> str:
        for schema in ({"response_json_schema": ANSWER_SCHEMA}, {"response_schema": TYPED_ANSWER}):
            shaped = config(64, response_mime_type="application/json", **schema)
            with client(route) as api:
                answer = api.models.generate_content(model=route.model, contents=QUESTION, config=shaped)
            note = check_answer(answer.text, route)
        return note

    def embeddings(self, route: Route) -> str:
        if not route.embedding_model:
            raise Skip
        with client(route) as api:
            answer = api.models.embed_content(model=route.embedding_model, contents=["the sea", "a mountain"])
        assert len(answer.embeddings) == 2, f"{len(answer.embeddings)} embeddings"
        for embedding in answer.embeddings:
            check_vector(embedding.values)
        return f"{len(answer.embeddings[0].values)} dims"

    @contextlib.contextmanager
    def endless_stream(self, route: Route) -> Iterator[None]:
        # The connection lasts as long as the client, which is closed here too.
        with client(route) as api:
            stream = api.models.generate_content_stream(
                model=route.endless_model, contents=QUESTION, config=config(ENDLESS_TOKENS)
            )
            with contextlib.closing(stream):
                next(stream)
                yield

    def hang_up(self, route: Route) -> None:
        with client(route, timeout=int(HANG_UP_SECONDS * 1000)) as api:
            try:
                api.models.generate_content(
                    model=route.endless_model, contents=QUESTION, config=config(ENDLESS_TOKENS)
                )
            except (httpx.TimeoutException, httpx2.TimeoutException):
                return
        raise AssertionError("an endless answer ended")

    def error(self, route: Route) -> str:
        def status(error: errors.APIError) -> int:
            assert error.details["error"]["code"] == error.code, error.details
            assert error.status and error.message, error.details
            return error.code

        def ask(model: str, contents: str = QUESTION, key: str | None = None) -> None:
            with client(route, key) as api:
                api.models.generate_content(model=model, contents=contents, config=config(4))

        with refused(errors.ClientError, status, *WRONG_KEY_STATUS):
            ask(route.model, key=WRONG_KEY)
        with refused(errors.ClientError, status, *TOO_LONG_STATUS):
            ask(route.model, TOO_LONG)
        with refused(errors.ClientError, status, *UNKNOWN_MODEL_STATUS):
            ask(UNKNOWN_MODEL)
        with refused(errors.ServerError, status, *UNREACHABLE_STATUS):
            ask(route.broken_model)
        with refused(errors.ServerError, status, *UNREACHABLE_STATUS), client(route) as api:
            list(api.models.generate_content_stream(model=route.broken_model, contents=QUESTION))
        return "4 kinds"
