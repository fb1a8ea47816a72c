// The official `@anthropic-ai/sdk` package.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";
import {
  FACTS, GROUPS, KEY, URL_, checkCalls, checkIds, checkPieces, checkText, checkUsage, collected, raises, resultText,
  run, same, status,
} from "./harness.mjs";

const client = (apiKey = KEY) => new Anthropic({ baseURL: URL_, apiKey, maxRetries: 0 });
const API = client();
const ANSWER = z.object({ color: z.string(), deep: z.boolean() });
const MESSAGES = [{ role: "user", content: FACTS.question }];
const TOOLS = FACTS.tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters }));
const THINKING = { type: "enabled", budget_tokens: 1024 };

const ask = (model, more = {}) => ({
  model, system: FACTS.system, messages: MESSAGES, max_tokens: FACTS.limit, ...more,
});

function checkMessage(message, model, kind, stopReason) {
  same([message.type, message.role, message.model], ["message", "assistant", model]);
  same(message.stop_reason, stopReason, "stop reason");
  checkUsage(kind, message.usage.input_tokens, message.usage.output_tokens);
}

const textOf = (message) =>
  message.content.filter((block) => block.type === "text").map((block) => block.text).join("");

/** Gives the results of the calls and reads the answer. */
async function goOn(model, message) {
  checkMessage(message, model, "calls", "tool_use");
  const calls = message.content.filter((block) => block.type === "tool_use");
  checkCalls(calls.map((call) => [call.name, call.input]));
  checkIds(calls.map((call) => call.id));
  const results = calls.map((call, position) => ({
    type: "tool_result", tool_use_id: call.id, content: resultText(position),
  }));
  const messages = [
    ...MESSAGES,
    { role: "assistant", content: message.content },
    { role: "user", content: results },
  ];
  checkText(textOf(await API.messages.create(ask(model, { messages, tools: TOOLS }))));
}

function checkThinking(message, model) {
  const thoughts = message.content.filter((block) => block.type === "thinking");
  same(thoughts.map((block) => block.thinking).join(""), FACTS.thinking, "thinking");
  checkText(textOf(message));
  checkMessage(message, model, "reasoning", "end_turn");
}

function errorOf(kind, code) {
  return (error) => {
    status(code)(error);
    same([error.error.type, error.error.error.type], ["error", kind]);
    assert(error.error.error.message);
  };
}

const MESSAGES_API = {
  async chat(model) {
    const answer = await API.messages.create(ask(model));
    checkText(textOf(answer));
    checkMessage(answer, model, "text", "end_turn");
  },

  async stream(model) {
    const stream = API.messages.stream(ask(model));
    const pieces = [];
    stream.on("text", (piece) => pieces.push(piece));
    const final = await stream.finalMessage();
    checkPieces(pieces);
    checkText(textOf(final));
    checkMessage(final, model, "text", "end_turn");
  },

  async tools(model) {
    await goOn(model, await API.messages.create(ask(model, { tools: TOOLS })));
  },

  async streamed_tools(model) {
    const stream = API.messages.stream(ask(model, { tools: TOOLS }));
    const pieces = [];
    stream.on("inputJson", (piece) => pieces.push(piece));
    const final = await stream.finalMessage();
    assert(pieces.length >= FACTS.calls.length, JSON.stringify(pieces));
    await goOn(model, final);
  },

  async schema(model) {
    const messages = [{ role: "user", content: FACTS.schema_answer }];
    const answer = await API.messages.parse(
      ask(model, { messages, output_config: { format: zodOutputFormat(ANSWER) } }),
    );
    same(answer.parsed_output, { color: "blue", deep: true });
  },

  async image(model) {
    const source = { type: "base64", media_type: FACTS.image_type, data: FACTS.image };
    const content = [{ type: "image", source }, { type: "text", text: FACTS.question }];
    checkText(textOf(await API.messages.create(ask(model, { messages: [{ role: "user", content }] }))));
  },

  async reasoning(model) {
    checkThinking(await API.messages.create(ask(model, { thinking: THINKING })), model);
  },

  async streamed_reasoning(model) {
    const stream = API.messages.stream(ask(model, { thinking: THINKING }));
    const pieces = [];
    stream.on("thinking", (piece) => pieces.push(piece));
    const final = await stream.finalMessage();
    same(pieces.join(""), FACTS.thinking, "thinking");
    checkThinking(final, model);
  },

  async refused(model) {
    for (const stream of [false, true]) {
      await raises(Anthropic.RateLimitError, errorOf("rate_limit_error", 429), () =>
        API.messages.create(ask(model, { stream })),
      );
    }
  },

  async broken(model) {
    const pieces = [];
    await raises(
      Anthropic.APIError,
      (error) => assert(error.error.error.message, `${error}`),
      async () => {
        for await (const event of await API.messages.create(ask(model, { stream: true }))) {
          if (event.type === "content_block_delta") pieces.push(event.delta.text);
        }
      },
    );
    assert(pieces.join("").startsWith(FACTS.broken_text), pieces.join("|"));
  },

  async models() {
    const names = (await collected(API.models.list({ limit: 1000 }))).map((model) => model.id);
    same(new Set(names).size, GROUPS, "models");
    same((await API.models.retrieve(names[0])).id, names[0], "model");
  },

  async wrong_key() {
    await raises(Anthropic.AuthenticationError, errorOf("authentication_error", 401), () =>
      client(FACTS.wrong_key).messages.create(ask(FACTS.unknown_model)),
    );
  },

  async unknown_model() {
    for (const stream of [false, true]) {
      await raises(Anthropic.NotFoundError, errorOf("not_found_error", 404), () =>
        API.messages.create(ask(FACTS.unknown_model, { stream })),
      );
    }
  },
};

await run({ "node-anthropic": MESSAGES_API });
