// Runs the checks of one SDK and reports each as a line of JSON; shared by the programs for Node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const URL_ = process.env.LOCKGATE_URL;
export const KEY = process.env.LOCKGATE_KEY;
export const FACTS = JSON.parse(readFileSync(process.env.LOCKGATE_FACTS, "utf8"));
export const IMAGE_URL = `data:${FACTS.image_type};base64,${FACTS.image}`;

// What is to be run: the rows of this program, each with its checks by upstream and the model to ask for.
const PLAN = JSON.parse(process.env.LOCKGATE_PLAN);

/** Runs what the plan says: `rows` has, by name, an object with a function for each check. */
export async function run(rows) {
  for (const [row, upstreams] of Object.entries(PLAN)) {
    for (const [upstream, checks] of Object.entries(upstreams)) {
      for (const [check, model] of Object.entries(checks)) {
        let failure = null;
        try {
          await rows[row][check](model);
        } catch (error) {
          failure = `${error?.stack ?? error}`.slice(0, 3000);
        }
        console.log(JSON.stringify({ row, upstream, check, failure }));
      }
    }
  }
}

export function same(found, expected, what = "value") {
  assert.deepEqual(found, expected, `${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
}

export function checkText(text) {
  same(text, FACTS.text, "text");
}

/** Text that comes in several pieces, as the mock sends it. */
export function checkPieces(pieces) {
  assert(pieces.length > 1, `all in one piece: ${JSON.stringify(pieces)}`);
  checkText(pieces.join(""));
}

export function checkUsage(kind, input, output) {
  same([input, output], FACTS.usage[kind], "input and output tokens");
}

/** Names and arguments of the calls, the latter as an object or as text. */
export function checkCalls(found) {
  const read = found.map(([name, args]) => ({ name, arguments: typeof args === "string" ? JSON.parse(args) : args }));
  same(read, FACTS.calls.map(({ name, arguments: args }) => ({ name, arguments: args })), "calls");
}

export function checkIds(ids) {
  assert(ids.every(Boolean) && new Set(ids).size === ids.length, `ids of calls: ${JSON.stringify(ids)}`);
}

/** The mock gives input number N a one at place N and zeros elsewhere. */
export function checkVectors(vectors, inputs) {
  const axes = [...Array(FACTS.dimensions).keys()];
  const expected = inputs.map((_, position) => axes.map((axis) => (axis === position ? 1 : 0)));
  same(vectors.map((vector) => [...vector]), expected, "vectors");
}

/** What to embed: Titan, behind Bedrock, takes one text at a time. */
export function inputsOf(model) {
  return model.includes("-be-") ? FACTS.inputs.slice(0, 1) : FACTS.inputs;
}

/** What the tool at `position` found. */
export function resultText(position) {
  return JSON.stringify(FACTS.calls[position].result);
}

/** The number of model groups; the list of every SDK has them all. */
export const GROUPS = Number(process.env.LOCKGATE_GROUPS);

/** All of a stream. */
export async function collected(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Expects `ask` to fail with an error of exactly this class that `judge` finds right; returns it. */
export async function raises(kind, judge, ask) {
  try {
    await ask();
  } catch (error) {
    if (error?.constructor !== kind) throw error;
    assert(error.message, "no message");
    judge(error);
    return;
  }
  assert.fail(`no ${kind.name}`);
}

export function status(expected) {
  return (error) => same(error.status ?? error.statusCode, expected, "status");
}
