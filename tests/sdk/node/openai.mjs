// The official `openai` package: chat completions, embeddings and responses.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import {
  FACTS, GROUPS, IMAGE_URL, KEY, URL_, checkCalls, checkIds, checkPieces, checkText, checkUsage, checkVectors,
  collected, inputsOf, raises, resultText, run, same, status,
} from "./harness.mjs";

const client = (apiKey = KEY) => new OpenAI({ baseURL: `${URL_}/v1`, apiKey, maxRetries: 0 });
const API = client();
const ANSWER = z.object({ color: z.string(), deep: z.boolean() });

async function models() {
  const names = (await collected(API.models.list())).map((model) => model.id);
  same(new Set(names).size, GROUPS, "models");
  same((await API.models.retrieve(names[0])).id, names[0], "model");
}

// `client.chat.completions` and `client.embeddings`.
const MESSAGES = [{ role: "system", content: FACTS.system }, { role: "user", content: FACTS.question }];
const CHAT_TOOLS = FACTS.tools.map((tool) => ({ type: "function", function: tool }));

const chat = (model, more = {}, api = API) =>
  api.chat.completions.create({ model, messages: MESSAGES, max_completion_tokens: FACTS.limit, ...more });

function checkChatUsage(kind, usage) {
  checkUsage(kind, usage?.prompt_tokens, usage?.completion_tokens);
  same(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens, "total tokens");
}

/** Gives the results of the calls and reads the answer. */
async function goOn(model, message) {
  const calls = message.tool_calls ?? [];
  checkCalls(calls.map((call) => [call.function.name, call.function.arguments]));
  checkIds(calls.map((call) => call.id));
  const results = calls.map((call, position) => ({
    role: "tool", tool_call_id: call.id, content: resultText(position),
  }));
  const said = {
    role: "assistant",
    tool_calls: calls.map(({ id, type, function: { name, arguments: args } }) => ({
      id, type, function: { name, arguments: args },
    })),
  };
  const answer = await chat(model, { messages: [...MESSAGES, said, ...results], tools: CHAT_TOOLS });
  checkText(answer.choices[0].message.content);
}

const CHAT = {
  async chat(model) {
    const answer = await chat(model);
    same([answer.object, answer.model], ["chat.completion", model]);
    const [choice] = answer.choices;
    same([choice.index, choice.finish_reason, choice.message.role], [0, "stop", "assistant"]);
    checkText(choice.message.content);
    checkChatUsage("text", answer.usage);
  },

  async stream(model) {
    const chunks = await collected(await chat(model, { stream: true, stream_options: { include_usage: true } }));
    same(new Set(chunks.map((chunk) => chunk.id)).size, 1, "ids of the stream");
    same([...new Set(chunks.map((chunk) => chunk.model))], [model], "models");
    const choices = chunks.flatMap((chunk) => chunk.choices);
    checkPieces(choices.map((choice) => choice.delta.content).filter(Boolean));
    same(choices.map((choice) => choice.finish_reason).filter(Boolean), ["stop"]);
    checkChatUsage("text", chunks.at(-1).usage);
  },

  async tools(model) {
    const answer = await chat(model, { tools: CHAT_TOOLS });
    same(answer.choices[0].finish_reason, "tool_calls", "finish reason");
    checkChatUsage("calls", answer.usage);
    await goOn(model, answer.choices[0].message);
  },

  async streamed_tools(model) {
    const stream = API.chat.completions.stream({
      model, messages: MESSAGES, tools: CHAT_TOOLS, stream_options: { include_usage: true },
    });
    const done = [];
    stream.on("tool_calls.function.arguments.done", (call) => done.push([call.name, call.arguments]));
    const answer = await stream.finalChatCompletion();
    checkCalls(done);
    checkChatUsage("calls", answer.usage);
    await goOn(model, answer.choices[0].message);
  },

  async schema(model) {
    const answer = await API.chat.completions.parse({
      model,
      messages: [{ role: "user", content: FACTS.schema_answer }],
      response_format: zodResponseFormat(ANSWER, "answer"),
    });
    same(answer.choices[0].message.parsed, { color: "blue", deep: true });
  },

  async image(model) {
    const content = [
      { type: "text", text: FACTS.question },
      { type: "image_url", image_url: { url: IMAGE_URL } },
    ];
    const answer = await chat(model, { messages: [{ role: "user", content }] });
    checkText(answer.choices[0].message.content);
  },

  async reasoning(model) {
    const answer = await chat(model, { reasoning_effort: "low" });
    const { message } = answer.choices[0];
    same([message.reasoning_content, message.content], [FACTS.thinking, FACTS.text]);
    checkChatUsage("reasoning", answer.usage);
  },

  async streamed_reasoning(model) {
    const chunks = await collected(await chat(model, { reasoning_effort: "low", stream: true }));
    const deltas = chunks.flatMap((chunk) => chunk.choices).map((choice) => choice.delta);
    same(deltas.map((delta) => delta.reasoning_content ?? "").join(""), FACTS.thinking, "thinking");
    checkPieces(deltas.map((delta) => delta.content).filter(Boolean));
  },

  async embed(model) {
    const input = inputsOf(model);
    // Asked without a format the package asks for Base64, and decodes it.
    for (const more of [{}, { encoding_format: "float" }]) {
      const answer = await API.embeddings.create({ model, input, ...more });
      same(answer.data.map((item) => item.index), input.map((_, index) => index));
      checkVectors(answer.data.map((item) => item.embedding), input);
    }
  },

  async refused(model) {
    for (const stream of [false, true]) {
      await raises(OpenAI.RateLimitError, status(429), () => chat(model, { stream }));
    }
  },

  async broken(model) {
    const pieces = [];
    await raises(OpenAI.APIError, () => {}, async () => {
      for await (const chunk of await chat(model, { stream: true })) {
        pieces.push(chunk.choices[0]?.delta.content ?? "");
      }
    });
    assert(pieces.join("").startsWith(FACTS.broken_text), pieces.join("|"));
  },

  models,

  async wrong_key() {
    const api = client(FACTS.wrong_key);
    await raises(OpenAI.AuthenticationError, status(401), () => chat(FACTS.unknown_model, {}, api));
  },

  async unknown_model() {
    // As LiteLLM answers OpenAI's clients.
    for (const stream of [false, true]) {
      await raises(OpenAI.BadRequestError, status(400), () => chat(FACTS.unknown_model, { stream }));
    }
  },
};

// `client.responses`.
const INPUT = [{ role: "user", content: FACTS.question }];
const RESPONSES_TOOLS = FACTS.tools.map((tool) => ({ type: "function", strict: false, ...tool }));
const REASONING = { effort: "low", summary: "auto" };

const respond = (model, more = {}, api = API) =>
  api.responses.create({
    model, input: INPUT, instructions: FACTS.system, max_output_tokens: FACTS.limit, store: false, ...more,
  });

function checkResponse(answer, model, kind) {
  same([answer.object, answer.status, answer.model], ["response", "completed", model]);
  checkUsage(kind, answer.usage?.input_tokens, answer.usage?.output_tokens);
}

async function goOnResponding(model, answer) {
  const calls = answer.output.filter((item) => item.type === "function_call");
  checkCalls(calls.map((call) => [call.name, call.arguments]));
  checkIds(calls.map((call) => call.call_id));
  checkResponse(answer, model, "calls");
  const results = calls.map((call, position) => ({
    type: "function_call_output", call_id: call.call_id, output: resultText(position),
  }));
  // `parsed_arguments` is what the package's own stream adds on its side.
  const said = answer.output.map(({ parsed_arguments: _, ...item }) => item);
  const end = await respond(model, { input: [...INPUT, ...said, ...results], tools: RESPONSES_TOOLS });
  checkText(end.output_text);
}

function checkThinking(answer, model) {
  const thoughts = answer.output.filter((item) => item.type === "reasoning");
  const texts = thoughts.flatMap((item) => item.summary).map((part) => part.text);
  same(texts.join(""), FACTS.thinking, "thinking");
  checkResponse(answer, model, "reasoning");
}

const RESPONSES = {
  async chat(model) {
    const answer = await respond(model);
    checkText(answer.output_text);
    checkResponse(answer, model, "text");
  },

  async stream(model) {
    const events = await collected(await respond(model, { stream: true }));
    same(events.map((event) => event.sequence_number), [...events.keys()], "sequence numbers");
    checkPieces(events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta));
    same(events.at(-1).type, "response.completed");
    checkResponse(events.at(-1).response, model, "text");
  },

  async tools(model) {
    await goOnResponding(model, await respond(model, { tools: RESPONSES_TOOLS }));
  },

  async streamed_tools(model) {
    const stream = API.responses.stream({ model, input: INPUT, tools: RESPONSES_TOOLS });
    const done = [];
    stream.on("response.function_call_arguments.done", (event) => done.push(JSON.parse(event.arguments)));
    const answer = await stream.finalResponse();
    same(done, FACTS.calls.map((call) => call.arguments), "arguments");
    await goOnResponding(model, answer);
  },

  async schema(model) {
    const answer = await API.responses.parse({
      model, input: FACTS.schema_answer, text: { format: zodTextFormat(ANSWER, "answer") },
    });
    same(answer.output_parsed, { color: "blue", deep: true });
  },

  async image(model) {
    const content = [
      { type: "input_text", text: FACTS.question },
      { type: "input_image", image_url: IMAGE_URL, detail: "auto" },
    ];
    checkText((await respond(model, { input: [{ role: "user", content }] })).output_text);
  },

  async reasoning(model) {
    const answer = await respond(model, { reasoning: REASONING });
    checkThinking(answer, model);
    checkText(answer.output_text);
  },

  async streamed_reasoning(model) {
    const events = await collected(await respond(model, { reasoning: REASONING, stream: true }));
    const deltas = events.filter((event) => event.type === "response.reasoning_summary_text.delta");
    same(deltas.map((event) => event.delta).join(""), FACTS.thinking, "thinking");
    checkThinking(events.at(-1).response, model);
  },

  async refused(model) {
    for (const stream of [false, true]) {
      await raises(OpenAI.RateLimitError, status(429), () => respond(model, { stream }));
    }
  },

  async broken(model) {
    const events = [];
    try {
      for await (const event of await respond(model, { stream: true })) events.push(event);
    } catch (error) {
      assert(error instanceof OpenAI.APIError && error.message, `${error}`);
      events.push({ type: "error", message: error.message });
    }
    const pieces = events.filter((event) => event.type === "response.output_text.delta");
    assert(pieces.map((event) => event.delta).join("").startsWith(FACTS.broken_text), JSON.stringify(pieces));
    const last = events.at(-1);
    assert(last.type === "error" ? last.message : last.response.error.message, JSON.stringify(last));
  },

  models,

  async wrong_key() {
    const api = client(FACTS.wrong_key);
    await raises(OpenAI.AuthenticationError, status(401), () => respond(FACTS.unknown_model, {}, api));
  },

  async unknown_model() {
    for (const stream of [false, true]) {
      await raises(OpenAI.BadRequestError, status(400), () => respond(FACTS.unknown_model, { stream }));
    }
  },
};

await run({ "node-openai-chat": CHAT, "node-openai-responses": RESPONSES });
