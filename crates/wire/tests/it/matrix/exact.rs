//! Every request of the matrix arrives whole, or names what did not.

use lockgate_wire::DialectId::OpenAiResponses;
use lockgate_wire::DialectId::{Anthropic, Bedrock, Cohere, Ollama, OpenAiChat};

use super::facts::{Facts, plain_name};
use super::*;

/// A loss that covers more than the field it is named after.
const COVERS: &[(&str, &[&str])] = &[
    // Reasoning is lost with its proof, and a depth with the budget or the switch that says it.
    (
        "messages[].thinking_blocks",
        &["messages[].reasoning_content"],
    ),
    ("thinking.budget_tokens", &["reasoning_effort (level)"]),
    ("reasoning_effort", &["reasoning.summary"]),
    // A marker goes with what it stands behind, and a choice with what is chosen.
    ("messages[].image_url", &["cache_control"]),
    ("messages[].file", &["cache_control"]),
    ("tools[].custom", &["tool_choice"]),
    (
        "web_search_options",
        &[
            "tools[].web_search.max_uses",
            "tools[].web_search.allowed_domains",
        ],
    ),
    ("tools[].strict", &["tools[].function.strict"]),
];

/// A client's request, and what the upstream's own decoder reads of it.
struct Cell<'a> {
    upstream: DialectId,
    sent: &'a Facts,
    got: &'a Facts,
    lost: &'a [String],
}

// === impl Cell ===

impl Cell<'_> {
    fn is_named(&self, field: &str) -> bool {
        self.lost.iter().any(|loss| {
            let also = COVERS.iter().filter(|(name, _)| name == loss);
            let mut also = also.flat_map(|(_, fields)| *fields);
            field == loss
                || field == plain_name(loss)
                || field.starts_with(&format!("{loss}."))
                || field.starts_with(&format!("{loss} ("))
                || also.any(|name| *name == field)
        })
    }

    /// Whether the difference in `field` is none, because both say the same to this upstream.
    fn says_the_same(&self, field: &str) -> bool {
        if field.starts_with("messages[].") || field == "order" {
            self.content_says_the_same(field)
        } else if field.contains("tool") || field == "anthropic_beta" || field.contains("search") {
            self.tools_say_the_same(field)
        } else {
            self.params_say_the_same(field)
        }
    }

    fn params_say_the_same(&self, field: &str) -> bool {
        let (sent, got) = (self.sent.values(field), self.got.values(field));
        let (invented, gone) = (sent.is_empty(), got.is_empty());
        match (self.upstream, field) {
            // Anthropic wants a limit even where there is none.
            (Anthropic, "max_tokens") => invented,
            // Asked for, so that the answer can tell which stop sequence ended it.
            (Bedrock, "additional_model_response_field_paths") => invented,
            // OpenAI wants a name for a schema; to others it says nothing.
            (OpenAiChat | OpenAiResponses, "response_format.json_schema.name") => invented,
            (_, "response_format.json_schema.name") => gone,
            // Who has schemas holds the model to them.
            (_, "response_format.json_schema.strict") => gone,
            // Claude wants the objects of a schema closed.
            (Anthropic | Bedrock, "response_format") if !gone => {
                let closed = "\"additionalProperties\":false,";
                sent[0].replace(closed, "") == got[0].replace(closed, "")
            }
            // The tier that uses a reserved capacity is the one that is used unasked.
            (Anthropic, "service_tier") => gone && sent == ["\"priority\""],
            // They go there under their own names, which is no business of the canonical form.
            (OpenAiResponses, "store" | "metadata") => gone,
            // An answer in JSON is asked for through a tool.
            (Anthropic | Bedrock, "response_format") => self
                .got
                .values("tools[].function")
                .contains(&"json_tool_call".to_owned()),
            // Neutral, and the only value that reasoning models of OpenAI's know; Claude takes
            // one of the two.
            (OpenAiChat | OpenAiResponses | Anthropic | Bedrock, "top_p" | "temperature") => {
                gone && sent == ["1.0"]
            }
            // The default.
            (_, "verbosity") => gone && sent == ["\"medium\""],
            // Levels and budgets are turned into each other, a level into the nearest there is.
            (_, "reasoning_effort (level)") => !sent.is_empty() && !got.is_empty(),
            // Not to think is what these do unasked.
            (Anthropic | Bedrock | OpenAiChat, "reasoning_effort") => gone && sent == ["false"],
            // Thoughts are asked for wherever the client did not decline, or shown unasked.
            (_, "reasoning.summary") if invented => true,
            (Anthropic | Bedrock | Ollama | Cohere, "reasoning.summary") => true,
            _ => false,
        }
    }

    fn tools_say_the_same(&self, field: &str) -> bool {
        let (sent, got) = (self.sent.values(field), self.got.values(field));
        let (invented, gone) = (sent.is_empty(), got.is_empty());
        let within = |whole: &[String], part: &[String]| part.iter().all(|v| whole.contains(v));
        match (self.upstream, field) {
            // Free text is a function's only argument where there are functions only.
            (_, "tools[].custom") => gone && !self.got.values("tools[].function").is_empty(),
            (_, tools) if tools.starts_with("tools[].function") && self.says_custom() => {
                within(got, sent)
            }
            // Where one tool cannot be called for, it is the only one on offer; so are those of
            // a list of tools allowed.
            (_, tools) if tools.starts_with("tools[].function") && self.narrows() => {
                within(sent, got)
            }
            // Where Claude's own tools and headers go.
            (Bedrock, "tools" | "anthropic_beta") => invented,
            (Bedrock, tool)
                if tool.starts_with("tools[].") && !tool.contains("function") && gone =>
            {
                !self.got.values("tools").is_empty()
            }
            // Strict for one tool is strict for all.
            (Cohere, "strict_tools") => invented,
            (Cohere, "tools[].function.strict") => !self.got.values("strict_tools").is_empty(),
            (Anthropic | Bedrock, "tool_choice") if invented => got[0].contains("json_tool_call"),
            // That tool, and one for each that only the history knows: Claude wants to know what
            // was called. The language of a schema is known.
            (Anthropic | Bedrock, tools) if tools.starts_with("tools[].function") => {
                let language = "\"$schema\":\"http://json-schema.org/draft-07/schema#\",";
                let sent: Vec<String> = sent.iter().map(|v| v.replace(language, "")).collect();
                within(got, &sent)
            }
            (_, "tool_choice") if self.narrows() => true,
            // Searches are bounded by a number instead.
            (Anthropic, "tools[].web_search.max_uses") => invented,
            (Anthropic, "web_search_options.search_context_size") => {
                !self.got.values("tools[].web_search.max_uses").is_empty()
            }
            _ => false,
        }
    }

    fn content_says_the_same(&self, field: &str) -> bool {
        let (sent, got) = (self.sent.values(field), self.got.values(field));
        match (self.upstream, field) {
            (_, "messages[].tool_calls") => {
                let plain = |calls: &[String]| {
                    let calls = calls.iter();
                    let calls = calls.map(|call| call.replace("{\"input\":", "{\"arguments\":"));
                    calls.collect::<Vec<_>>()
                };
                plain(sent) == plain(got)
            }
            // A name is wanted, or stands in the text that the document became.
            // Bedrock says the format beside the name.
            (Bedrock, "messages[].file.filename") => sent.iter().all(|name| {
                let stem = name.trim_matches('"').split('.').next().unwrap();
                got.iter()
                    .any(|other| other.trim_matches('"').starts_with(stem))
            }),
            (_, "messages[].file.filename") => {
                let text = self.got.values("text (user)").concat();
                let named = |name: &String| {
                    let name: String = name.split_whitespace().collect();
                    got.contains(&name) || text.contains(name.trim_matches('"'))
                };
                sent.iter().all(named)
            }
            // A turn of the user may be added, for what a tool's result cannot hold and for what
            // an API wants there.
            (_, "order") => {
                let mut rest = got.iter();
                sent.iter().all(|step| rest.any(|other| other == step))
            }
            _ => false,
        }
    }

    fn says_custom(&self) -> bool {
        !self.sent.values("tools[].custom").is_empty()
    }

    fn narrows(&self) -> bool {
        let choice = self.sent.values("tool_choice").concat();
        choice.contains("Allowed") || (self.upstream == Cohere && choice.contains("Tool("))
    }
}

/// What of a request neither arrives nor is named.
pub(crate) fn silent(pair: (DialectId, DialectId), request: &ChatRequest) -> Vec<String> {
    let encoded = encode_request(pair, request).unwrap();
    let read = decode_request(pair.1, &encoded.body);
    let lost: Vec<String> = encoded.losses.iter().map(|l| field_of(&l.what)).collect();
    let (sent, got) = (&Facts::of(request), &Facts::of(&read));
    let cell = Cell {
        upstream: pair.1,
        sent,
        got,
        lost: &lost,
    };
    let missing = |field: &&str| !cell.is_named(field) && !cell.says_the_same(field);
    let silent = sent.differences(got).into_iter().filter(missing);
    let silent = silent.map(|field| {
        let values = (sent.values(field), got.values(field));
        format!("{field} {pair:?}: {values:?}, lost {lost:?}")
    });
    silent.collect()
}

#[test]
fn a_request_arrives_whole_or_names_its_losses() {
    for pair in pairs() {
        for Fixture { name, body } in fixtures(pair.0, "requests") {
            let silent = silent(pair, &decode_request(pair.0, &body));
            assert!(silent.is_empty(), "{name}: {silent:#?}");
        }
    }
}

/// The field that a loss names, without the index of a message and without what is said of it.
fn field_of(what: &str) -> String {
    let what = what.split(" (").next().unwrap();
    let Some((_, rest)) = what.split_once("messages[") else {
        return what.to_owned();
    };
    let (_, field) = rest.split_once(']').unwrap();
    format!("messages[]{field}")
}
