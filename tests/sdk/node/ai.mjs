// Vercel's `ai` package with three of its providers: OpenAI (responses), OpenAI compatible (chat), Anthropic.
import assert from "node:assert/strict";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError, embedMany, generateObject, generateText, jsonSchema, stepCountIs, streamObject, streamText, tool,
} from "ai";
import {
  FACTS, IMAGE_URL, KEY, URL_, checkCalls, checkIds, checkPieces, checkText, checkUsage, checkVectors, collected,
  inputsOf, raises, run, same, status,
} from "./harness.mjs";

const ANSWER = jsonSchema(FACTS.schema);
const TOOLS = Object.fromEntries(
  FACTS.tools.map(({ name, description, parameters }, position) => [
    name,
    tool({ description, inputSchema: jsonSchema(parameters), execute: async () => FACTS.calls[position].result }),
  ]),
);

/** The checks of one provider: how it makes a model, and what asks its models to think. */
function checks({ provider, refusing, embedding, thinking }) {
  const ask = (model, more = {}) => ({
    model: provider(model), system: FACTS.system, prompt: FACTS.question, maxOutputTokens: FACTS.limit,
    maxRetries: 0, ...more,
  });
  const looping = { tools: TOOLS, stopWhen: stepCountIs(4) };

  function checkEnd(result, kind, reason) {
    same(result.finishReason, reason, "finish reason");
    checkUsage(kind, result.usage.inputTokens, result.usage.outputTokens);
  }

  /** Two steps: the calls with their results, and the answer. */
  function checkSteps(steps) {
    same(steps.length, 2, "steps");
    const [first, second] = steps;
    checkEnd(first, "calls", "tool-calls");
    checkCalls(first.toolCalls.map((call) => [call.toolName, call.input]));
    checkIds(first.toolCalls.map((call) => call.toolCallId));
    same(first.toolResults.map((result) => result.output), FACTS.calls.map((call) => call.result), "results");
    checkText(second.text);
    checkEnd(second, "text", "stop");
  }

  return {
    async chat(model) {
      const result = await generateText(ask(model));
      checkText(result.text);
      checkEnd(result, "text", "stop");
    },

    async stream(model) {
      const result = streamText(ask(model));
      checkPieces(await collected(result.textStream));
      checkEnd({ finishReason: await result.finishReason, usage: await result.usage }, "text", "stop");
    },

    async tools(model) {
      checkSteps((await generateText(ask(model, looping))).steps);
    },

    async streamed_tools(model) {
      const result = streamText(ask(model, looping));
      const parts = await collected(result.fullStream);
      const called = parts.filter((part) => part.type === "tool-call");
      checkCalls(called.map((part) => [part.toolName, part.input]));
      checkSteps(await result.steps);
    },

    async schema(model) {
      // Without a word the package falls back to a tool of its own for models it does not know.
      const providerOptions = { anthropic: { structuredOutputMode: "outputFormat" } };
      const shape = { schema: ANSWER, schemaName: "answer", prompt: FACTS.schema_answer, providerOptions };
      same((await generateObject(ask(model, shape))).object, { color: "blue", deep: true });
      const streamed = streamObject(ask(model, shape));
      await collected(streamed.partialObjectStream);
      same(await streamed.object, { color: "blue", deep: true });
    },

    async image(model) {
      const content = [
        { type: "text", text: FACTS.question },
        { type: "image", image: IMAGE_URL },
      ];
      const result = await generateText(ask(model, { prompt: undefined, messages: [{ role: "user", content }] }));
      checkText(result.text);
    },

    async reasoning(model) {
      const result = await generateText(ask(model, { providerOptions: thinking }));
      same([result.reasoningText, result.text], [FACTS.thinking, FACTS.text]);
      checkEnd(result, "reasoning", "stop");
    },

    async streamed_reasoning(model) {
      const result = streamText(ask(model, { providerOptions: thinking }));
      const parts = await collected(result.fullStream);
      const text = (type) => parts.filter((part) => part.type === type).map((part) => part.text);
      same(text("reasoning-delta").join(""), FACTS.thinking, "thinking");
      checkPieces(text("text-delta"));
      checkEnd({ finishReason: await result.finishReason, usage: await result.usage }, "reasoning", "stop");
    },

    async embed(model) {
      const values = inputsOf(model);
      const result = await embedMany({ model: embedding(model), values, maxRetries: 0 });
      checkVectors(result.embeddings, values);
    },

    async refused(model) {
      await raises(APICallError, status(429), () => generateText(ask(model)));
      const result = streamText(ask(model, { onError: () => {} }));
      const errors = (await collected(result.fullStream)).filter((part) => part.type === "error");
      same(errors.map((part) => part.error.statusCode), [429], "statuses");
    },

    async broken(model) {
      const parts = await collected(streamText(ask(model, { onError: () => {} })).fullStream);
      const text = parts.filter((part) => part.type === "text-delta").map((part) => part.text).join("");
      assert(text.startsWith(FACTS.broken_text), text);
      const errors = parts.filter((part) => part.type === "error");
      assert(errors.length > 0, JSON.stringify(parts.map((part) => part.type)));
    },

    async wrong_key() {
      const model = refusing(FACTS.unknown_model);
      await raises(APICallError, status(401), () => generateText(ask("", { model })));
    },

    async unknown_model() {
      const expected = provider === anthropic ? 404 : 400;
      await raises(APICallError, status(expected), () => generateText(ask(FACTS.unknown_model)));
    },
  };
}

const openaiWith = (apiKey) => createOpenAI({ baseURL: `${URL_}/v1`, apiKey });
const compatibleWith = (apiKey) =>
  createOpenAICompatible({
    name: "lockgate", baseURL: `${URL_}/v1`, apiKey, includeUsage: true, supportsStructuredOutputs: true,
  });
const anthropicWith = (apiKey) => createAnthropic({ baseURL: `${URL_}/v1`, apiKey });
const [openai, compatible, anthropic] = [openaiWith(KEY), compatibleWith(KEY), anthropicWith(KEY)];

await run({
  "ai-openai": checks({
    provider: openai,
    refusing: openaiWith(FACTS.wrong_key),
    embedding: (model) => openai.textEmbeddingModel(model),
    // The package asks for summaries only of models it knows to think.
    thinking: { openai: { reasoningEffort: "low", reasoningSummary: "auto", forceReasoning: true } },
  }),
  "ai-openai-compatible": checks({
    provider: compatible,
    refusing: compatibleWith(FACTS.wrong_key),
    embedding: (model) => compatible.textEmbeddingModel(model),
    thinking: { lockgate: { reasoningEffort: "low" } },
  }),
  "ai-anthropic": checks({
    provider: anthropic,
    refusing: anthropicWith(FACTS.wrong_key),
    embedding: () => assert.fail("Anthropic does not embed"),
    thinking: { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } },
  }),
});
