"""The official `cohere` package."""

from __future__ import annotations

import cohere

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
    raises,
    result_text,
    run,
    same,
)


def client(key: str = KEY) -> cohere.ClientV2:
    return cohere.ClientV2(api_key=key, base_url=URL, max_retries=0)


API = client()
MESSAGES = [{"role": "system", "content": FACTS.system}, {"role": "user", "content": FACTS.question}]
TOOLS = [{"type": "function", "function": tool} for tool in FACTS.tools]
THINKING = {"type": "enabled", "token_budget": 1024}


def status(expected: int):
    def judge(error: cohere.core.ApiError) -> None:
        same(error.status_code, expected, "status")
        assert error.body["message"], error.body

    return judge


def check_end(finish_reason: str | None, expected: str, usage: cohere.Usage | None, kind: str) -> None:
    same(finish_reason, expected, "finish reason")
    assert usage and usage.tokens, "no usage"
    check_usage(kind, usage.tokens.input_tokens, usage.tokens.output_tokens)


class Cohere:
    """`cohere.ClientV2`."""

    def create(self, model: str, api: cohere.ClientV2 = API, **more) -> cohere.V2ChatResponse:
        return api.chat(**({"model": model, "messages": MESSAGES, "max_tokens": FACTS.limit} | more))

    def events(self, model: str, **more) -> list:
        ask = {"model": model, "messages": MESSAGES, "max_tokens": FACTS.limit} | more
        return list(API.chat_stream(**ask))

    def chat(self, model: str) -> None:
        answer = self.create(model)
        same((answer.message.role, [part.type for part in answer.message.content]), ("assistant", ["text"]))
        assert answer.id, answer
        check_text(answer.message.content[0].text)
        check_end(answer.finish_reason, "COMPLETE", answer.usage, "text")

    def stream(self, model: str) -> None:
        events = self.events(model)
        kinds = [event.type for event in events]
        deltas = ["content-delta"] * kinds.count("content-delta")
        same(kinds, ["message-start", "content-start", *deltas, "content-end", "message-end"], "events")
        check_pieces([event.delta.message.content.text for event in events if event.type == "content-delta"])
        check_end(events[-1].delta.finish_reason, "COMPLETE", events[-1].delta.usage, "text")

    def go_on(self, model: str, calls: list[dict]) -> None:
        """Gives the results of the calls and reads the answer."""
        check_calls([(call["function"]["name"], call["function"]["arguments"]) for call in calls])
        check_ids([call["id"] for call in calls])
        results = [
            {
                "role": "tool",
                "tool_call_id": call["id"],
                "content": [{"type": "document", "document": {"data": result_text(position)}}],
            }
            for position, call in enumerate(calls)
        ]
        said = {"role": "assistant", "tool_calls": calls}
        answer = self.create(model, messages=[*MESSAGES, said, *results], tools=TOOLS)
        check_text(answer.message.content[0].text)

    def tools(self, model: str) -> None:
        answer = self.create(model, tools=TOOLS)
        check_end(answer.finish_reason, "TOOL_CALL", answer.usage, "calls")
        self.go_on(model, [call.model_dump() for call in answer.message.tool_calls])

    def streamed_tools(self, model: str) -> None:
        events = self.events(model, tools=TOOLS)
        calls: dict[int, dict] = {}
        for event in events:
            if event.type == "tool-call-start":
                calls[event.index] = event.delta.message.tool_calls.model_dump()
            elif event.type == "tool-call-delta":
                piece = event.delta.message.tool_calls.function.arguments
                calls[event.index]["function"]["arguments"] += piece
        check_end(events[-1].delta.finish_reason, "TOOL_CALL", events[-1].delta.usage, "calls")
        self.go_on(model, list(calls.values()))

    def schema(self, model: str) -> None:
        messages = [{"role": "user", "content": FACTS.schema_answer}]
        shape = {"type": "json_object", "json_schema": FACTS.schema}
        answer = self.create(model, messages=messages, response_format=shape)
        same(answer.message.content[0].text, FACTS.schema_answer, "answer")

    def image(self, model: str) -> None:
        content = [
            {"type": "text", "text": FACTS.question},
            {"type": "image_url", "image_url": {"url": IMAGE_URL}},
        ]
        answer = self.create(model, messages=[{"role": "user", "content": content}])
        check_text(answer.message.content[0].text)

    def reasoning(self, model: str) -> None:
        answer = self.create(model, thinking=THINKING)
        thought, text = answer.message.content
        same((thought.thinking, text.text), (FACTS.thinking, FACTS.text))
        check_end(answer.finish_reason, "COMPLETE", answer.usage, "reasoning")

    def streamed_reasoning(self, model: str) -> None:
        events = self.events(model, thinking=THINKING)
        deltas = [event.delta.message.content for event in events if event.type == "content-delta"]
        same("".join(delta.thinking or "" for delta in deltas), FACTS.thinking, "thinking")
        check_pieces([delta.text for delta in deltas if delta.text])
        check_end(events[-1].delta.finish_reason, "COMPLETE", events[-1].delta.usage, "reasoning")

    def embed(self, model: str) -> None:
        inputs = inputs_of(model)
        answer = API.embed(model=model, texts=inputs, input_type="search_document", embedding_types=["float"])
        check_vectors(answer.embeddings.float_, inputs)

    def rerank(self, model: str) -> None:
        answer = API.rerank(model=model, query=FACTS.query, documents=FACTS.documents, top_n=1)
        same([(result.index, result.relevance_score) for result in answer.results], [(1, 1.0)])

    def refused(self, model: str) -> None:
        for ask in (self.create, self.events):
            with raises(cohere.TooManyRequestsError, status(429)):
                ask(model)

    def broken(self, model: str) -> None:
        # The package does not raise: a stream that fails ends with a reason.
        events = self.events(model)
        pieces = [event.delta.message.content.text for event in events if event.type == "content-delta"]
        assert "".join(pieces).startswith(FACTS.broken_text), pieces
        last = events[-1]
        same((last.type, last.delta.finish_reason), ("message-end", "ERROR"))
        assert last.delta.error, last

    def wrong_key(self, _: str) -> None:
        with raises(cohere.UnauthorizedError, status(401)):
            self.create(FACTS.unknown_model, client(FACTS.wrong_key))

    def unknown_model(self, _: str) -> None:
        for ask in (self.create, self.events):
            with raises(cohere.NotFoundError, status(404)):
                ask(FACTS.unknown_model)


if __name__ == "__main__":
    run({"cohere": Cohere()})
