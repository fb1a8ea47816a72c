"""The official `google-genai` package."""

from __future__ import annotations

from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from harness import (
    FACTS,
    IMAGE,
    KEY,
    URL,
    check_calls,
    check_pieces,
    check_text,
    check_usage,
    check_vectors,
    inputs_of,
    listed,
    raises,
    run,
    same,
)


class Answer(BaseModel):
    color: str
    deep: bool


def client(key: str = KEY, **options) -> genai.Client:
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=URL, **options))


API = client()
TOOL = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name=tool["name"], description=tool["description"], parameters_json_schema=tool["parameters"]
        )
        for tool in FACTS.tools
    ]
)
# The same in Gemini's own spelling, with types in capitals.
TYPED_TOOL = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name=tool["name"],
            description=tool["description"],
            parameters=types.Schema.model_validate(tool["parameters"]),
        )
        for tool in FACTS.tools
    ]
)
THINKING = types.ThinkingConfig(include_thoughts=True, thinking_budget=1024)


def config(**more) -> types.GenerateContentConfig:
    # Tools are called by hand: what is checked is what travels.
    by_hand = types.AutomaticFunctionCallingConfig(disable=True)
    return types.GenerateContentConfig(
        system_instruction=FACTS.system,
        max_output_tokens=FACTS.limit,
        automatic_function_calling=by_hand,
        **more,
    )


def status(code: int, name: str):
    def judge(error: errors.APIError) -> None:
        same((error.code, error.status), (code, name))
        assert error.message and error.details["error"]["code"] == code, error.details

    return judge


def check_end(answer: types.GenerateContentResponse, kind: str) -> None:
    same(answer.candidates[0].finish_reason, types.FinishReason.STOP, "finish reason")
    usage = answer.usage_metadata
    output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
    check_usage(kind, usage.prompt_token_count, output)
    same(usage.total_token_count, usage.prompt_token_count + output, "total tokens")


def parts_of(answers: list[types.GenerateContentResponse]) -> list[types.Part]:
    return [
        part
        for answer in answers
        for candidate in answer.candidates or []
        for part in candidate.content.parts or []
    ]


class Google:
    """`client.models`."""

    def create(self, model: str, api: genai.Client = API, contents=FACTS.question, **more):
        return api.models.generate_content(model=model, contents=contents, config=config(**more))

    def chunks(self, model: str, contents=FACTS.question, **more) -> list[types.GenerateContentResponse]:
        return list(API.models.generate_content_stream(model=model, contents=contents, config=config(**more)))

    def chat(self, model: str) -> None:
        # Both versions of the API that the package knows.
        for api in (API, client(api_version="v1")):
            answer = self.create(model, api)
            check_text(answer.text)
            same(answer.candidates[0].content.role, "model", "role")
            check_end(answer, "text")

    def stream(self, model: str) -> None:
        chunks = self.chunks(model)
        check_pieces([part.text for part in parts_of(chunks) if part.text])
        reasons = [choice.finish_reason for chunk in chunks for choice in chunk.candidates or []]
        same([reason for reason in reasons if reason], [types.FinishReason.STOP], "finish reasons")
        check_end(chunks[-1], "text")

    def go_on(self, model: str, parts: list[types.Part], tool: types.Tool) -> None:
        """Gives the results of the calls and reads the answer."""
        calls = [part.function_call for part in parts if part.function_call]
        check_calls([(call.name, call.args) for call in calls])
        results = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=call.id, name=call.name, response=FACTS.calls[position]["result"]
                )
            )
            for position, call in enumerate(calls)
        ]
        contents = [
            types.UserContent(FACTS.question),
            types.ModelContent(parts),
            types.UserContent(results),
        ]
        check_text(self.create(model, contents=contents, tools=[tool]).text)

    def tools(self, model: str) -> None:
        answer = self.create(model, tools=[TOOL])
        check_end(answer, "calls")
        self.go_on(model, parts_of([answer]), TOOL)

    def streamed_tools(self, model: str) -> None:
        chunks = self.chunks(model, tools=[TYPED_TOOL])
        check_end(chunks[-1], "calls")
        self.go_on(model, parts_of(chunks), TYPED_TOOL)

    def schema(self, model: str) -> None:
        for schema in ({"response_schema": Answer}, {"response_json_schema": FACTS.schema}):
            answer = self.create(
                model, contents=FACTS.schema_answer, response_mime_type="application/json", **schema
            )
            parsed = answer.parsed
            same(parsed if isinstance(parsed, dict) else parsed.model_dump(), {"color": "blue", "deep": True})

    def image(self, model: str) -> None:
        image = types.Part.from_bytes(data=IMAGE, mime_type=FACTS.image_type)
        check_text(self.create(model, contents=[image, FACTS.question]).text)

    def check_thinking(self, answers: list[types.GenerateContentResponse]) -> None:
        parts = parts_of(answers)
        same("".join(part.text for part in parts if part.thought and part.text), FACTS.thinking, "thinking")
        check_text("".join(part.text for part in parts if part.text and not part.thought))
        check_end(answers[-1], "reasoning")

    def reasoning(self, model: str) -> None:
        self.check_thinking([self.create(model, thinking_config=THINKING)])

    def streamed_reasoning(self, model: str) -> None:
        self.check_thinking(self.chunks(model, thinking_config=THINKING))

    def embed(self, model: str) -> None:
        inputs = inputs_of(model)
        # Given bare texts and a model with Gemini in its name, the package makes one content of them.
        contents = [types.UserContent(text) for text in inputs]
        answer = API.models.embed_content(model=model, contents=contents)
        check_vectors([embedding.values for embedding in answer.embeddings], inputs)

    def refused(self, model: str) -> None:
        for ask in (self.create, self.chunks):
            with raises(errors.ClientError, status(429, "RESOURCE_EXHAUSTED")):
                ask(model)

    def broken(self, model: str) -> None:
        chunks = []
        try:
            stream = API.models.generate_content_stream(model=model, contents=FACTS.question, config=config())
            for chunk in stream:
                chunks.append(chunk)
        except errors.ServerError as error:
            assert error.message and error.status, error.details
        else:
            raise AssertionError("no error")
        text = "".join(part.text or "" for part in parts_of(chunks))
        assert text.startswith(FACTS.broken_text), text

    def models(self, _: str) -> None:
        for api in (API, client(api_version="v1")):
            names = {model.name for model in api.models.list()}
            same(len(names), listed(), "models")
            same(api.models.get(model=min(names)).name, min(names), "model")

    def wrong_key(self, _: str) -> None:
        with raises(errors.ClientError, status(401, "UNAUTHENTICATED")):
            self.create(FACTS.unknown_model, client(FACTS.wrong_key))

    def unknown_model(self, _: str) -> None:
        for ask in (self.create, self.chunks):
            with raises(errors.ClientError, status(404, "NOT_FOUND")):
                ask(FACTS.unknown_model)


if __name__ == "__main__":
    run({"google-genai": Google()})
