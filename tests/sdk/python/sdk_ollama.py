"""The official `ollama` package."""

from __future__ import annotations

import ollama

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
    result_text,
    run,
    same,
)

MESSAGES = [{"role": "system", "content": FACTS.system}, {"role": "user", "content": FACTS.question}]
TOOLS = [{"type": "function", "function": tool} for tool in FACTS.tools]
OPTIONS = {"num_predict": FACTS.limit}


def client(key: str = KEY) -> ollama.Client:
    return ollama.Client(host=URL, headers={"Authorization": f"Bearer {key}"})


API = client()


def status(expected: int):
    def judge(error: ollama.ResponseError) -> None:
        same(error.status_code, expected, "status")
        assert error.error, error

    return judge


def check_end(answer: ollama.ChatResponse | ollama.GenerateResponse, model: str, kind: str) -> None:
    same((answer.model, answer.done, answer.done_reason), (model, True, "stop"))
    assert answer.created_at, answer
    check_usage(kind, answer.prompt_eval_count, answer.eval_count)


class Ollama:
    """`ollama.Client`."""

    def create(self, model: str, api: ollama.Client = API, **more):
        return api.chat(**({"model": model, "messages": MESSAGES, "options": OPTIONS} | more))

    def chat(self, model: str) -> None:
        answer = self.create(model)
        same(answer.message.role, "assistant", "role")
        check_text(answer.message.content)
        check_end(answer, model, "text")
        written = API.generate(model=model, system=FACTS.system, prompt=FACTS.question, options=OPTIONS)
        check_text(written.response)
        check_end(written, model, "text")

    def stream(self, model: str) -> None:
        parts = list(self.create(model, stream=True))
        check_pieces([part.message.content for part in parts if part.message.content])
        same([part.done for part in parts].index(True), len(parts) - 1, "place of the end")
        check_end(parts[-1], model, "text")
        written = list(
            API.generate(
                model=model, system=FACTS.system, prompt=FACTS.question, options=OPTIONS, stream=True
            )
        )
        check_pieces([part.response for part in written if part.response])
        check_end(written[-1], model, "text")

    def go_on(self, model: str, messages: list[ollama.Message]) -> None:
        """Gives the results of the calls and reads the answer."""
        calls = [call for message in messages for call in message.tool_calls or []]
        check_calls([(call.function.name, call.function.arguments) for call in calls])
        results = [
            {"role": "tool", "tool_name": call.function.name, "content": result_text(position)}
            for position, call in enumerate(calls)
        ]
        said = {"role": "assistant", "content": "", "tool_calls": calls}
        answer = self.create(model, messages=[*MESSAGES, said, *results], tools=TOOLS)
        check_text(answer.message.content)

    def tools(self, model: str) -> None:
        answer = self.create(model, tools=TOOLS)
        check_end(answer, model, "calls")
        self.go_on(model, [answer.message])

    def streamed_tools(self, model: str) -> None:
        parts = list(self.create(model, tools=TOOLS, stream=True))
        check_end(parts[-1], model, "calls")
        self.go_on(model, [part.message for part in parts])

    def schema(self, model: str) -> None:
        messages = [{"role": "user", "content": FACTS.schema_answer}]
        answer = self.create(model, messages=messages, format=FACTS.schema)
        same(answer.message.content, FACTS.schema_answer, "answer")

    def image(self, model: str) -> None:
        message = {"role": "user", "content": FACTS.question, "images": [IMAGE]}
        check_text(self.create(model, messages=[message]).message.content)

    def reasoning(self, model: str) -> None:
        answer = self.create(model, think=True)
        same(answer.message.thinking, FACTS.thinking, "thinking")
        check_text(answer.message.content)
        check_end(answer, model, "reasoning")

    def streamed_reasoning(self, model: str) -> None:
        parts = list(self.create(model, think=True, stream=True))
        same("".join(part.message.thinking or "" for part in parts), FACTS.thinking, "thinking")
        check_pieces([part.message.content for part in parts if part.message.content])
        check_end(parts[-1], model, "reasoning")

    def embed(self, model: str) -> None:
        inputs = inputs_of(model)
        answer = API.embed(model=model, input=inputs)
        same(answer.model, model, "model")
        check_vectors(answer.embeddings, inputs)

    def refused(self, model: str) -> None:
        for stream in (False, True):
            with raises(ollama.ResponseError, status(429)):
                list(self.create(model, stream=stream))

    def broken(self, model: str) -> None:
        pieces = []
        # An error within a stream is a line of it; the status was sent long before.
        with raises(ollama.ResponseError, lambda error: same(error.status_code, -1, "status")):
            for part in self.create(model, stream=True):
                pieces.append(part.message.content)
        assert "".join(pieces).startswith(FACTS.broken_text), pieces

    def models(self, _: str) -> None:
        names = {model.model for model in API.list().models}
        same(len(names), listed(), "models")
        shown = API.show(min(names))
        assert shown.details and "completion" in shown.capabilities, shown
        list(API.ps().models)

    def wrong_key(self, _: str) -> None:
        with raises(ollama.ResponseError, status(401)):
            self.create(FACTS.unknown_model, client(FACTS.wrong_key))

    def unknown_model(self, _: str) -> None:
        for stream in (False, True):
            with raises(ollama.ResponseError, status(404)):
                list(self.create(FACTS.unknown_model, stream=stream))


if __name__ == "__main__":
    run({"ollama": Ollama()})
