//! What the models that Bedrock serves take beyond what `Converse` prescribes, judged by the id.
//!
//! Sources: Bedrock user guide, "Supported models and model features", "Prompt caching",
//! "Structured output" and the vendors' pages on inference parameters; Amazon Nova developer guide.

use crate::claude::model::Model;

/// A model's family with what it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// What holds for this version of Claude; no Claude when the model is another vendor's.
    pub(super) claude: Model,
    row: &'static Row,
}

/// How a family is told how much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    /// `thinking`, with a budget or adaptive.
    Claude,
    /// `reasoningConfig` with an effort.
    Nova,
    /// `reasoning_effort`.
    Effort,
    /// Not at all.
    Untold,
}

/// Where a family takes cache points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caching {
    Nowhere,
    /// In instructions and messages, without a lifetime.
    Messages,
    /// Behind tools, too, and with a lifetime.
    Everywhere,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    /// Part of the ids of this family, in lower case.
    name: &'static str,
    /// Takes `toolChoice.any`.
    any: bool,
    /// Takes `toolChoice.tool`.
    tool: bool,
    /// Takes `outputConfig.textFormat`.
    schema: bool,
    caching: Caching,
    /// Takes `toolResult.status`.
    status: bool,
    /// Where `top_k` stands in `additionalModelRequestFields`.
    top_k: &'static [&'static str],
    thinking: Thinking,
    /// The system tool that searches the web.
    search: Option<&'static str>,
}

/// What an unknown model is taken for, an inference profile's ARN for one: able, and the
/// provider may refuse.
const ABLE: Row = Row {
    name: "",
    any: true,
    tool: true,
    schema: false,
    caching: Caching::Everywhere,
    status: true,
    top_k: &["top_k"],
    thinking: Thinking::Untold,
    search: None,
};

/// What most vendors' models take.
const PLAIN: Row = Row {
    tool: false,
    caching: Caching::Nowhere,
    status: false,
    ..ABLE
};

const OPEN_WEIGHTS: Row = Row {
    schema: true,
    ..PLAIN
};

const NOVA: Row = Row {
    name: "nova",
    caching: Caching::Messages,
    top_k: &["inferenceConfig", "topK"],
    ..ABLE
};

/// The first row whose name is part of the id holds.
static ROWS: [Row; 23] = [
    Row {
        name: "claude",
        thinking: Thinking::Claude,
        ..ABLE
    },
    Row {
        name: "nova-2",
        thinking: Thinking::Nova,
        search: Some("nova_grounding"),
        ..NOVA
    },
    Row {
        name: "nova-premier",
        search: Some("nova_grounding"),
        ..NOVA
    },
    NOVA,
    row("ministral", OPEN_WEIGHTS),
    row("magistral", OPEN_WEIGHTS),
    row("voxtral", OPEN_WEIGHTS),
    row("mistral-large-3", OPEN_WEIGHTS),
    row("mistral.", PLAIN),
    Row {
        thinking: Thinking::Effort,
        ..row("openai.", OPEN_WEIGHTS)
    },
    row("qwen.", OPEN_WEIGHTS),
    row("google.", OPEN_WEIGHTS),
    row("minimax.", OPEN_WEIGHTS),
    row("moonshot", OPEN_WEIGHTS),
    row("nvidia.", OPEN_WEIGHTS),
    row("deepseek.v3", OPEN_WEIGHTS),
    row("deepseek.", UNFORCED),
    Row {
        top_k: &["k"],
        ..row("cohere.", UNFORCED)
    },
    row("meta.", UNFORCED),
    row("ai21.", UNFORCED),
    row("amazon.titan", UNFORCED),
    row("writer.", UNFORCED),
    ABLE,
];

/// Models that cannot be made to call a tool.
const UNFORCED: Row = Row {
    any: false,
    ..PLAIN
};

const fn row(name: &'static str, like: Row) -> Row {
    Row { name, ..like }
}

// === impl Family ===

impl Family {
    pub(super) fn of(model: &str) -> Self {
        let id = model.to_ascii_lowercase();
        let row = ROWS.iter().find(|row| id.contains(row.name));
        Self {
            claude: Model::of(model),
            row: row.unwrap_or(&ABLE),
        }
    }

    pub(super) fn thinking(self) -> Thinking {
        self.row.thinking
    }

    pub(super) fn is_claude(self) -> bool {
        self.row.thinking == Thinking::Claude
    }

    pub(super) fn is_nova(self) -> bool {
        self.row.top_k == NOVA.top_k
    }

    /// Can be made to call some tool.
    pub(super) fn forced(self) -> bool {
        self.row.any && self.claude.forced_tool()
    }

    /// Can be made to call a certain tool while others are on offer.
    pub(super) fn forced_tool(self) -> bool {
        self.row.tool && self.claude.forced_tool()
    }

    /// Takes a schema of its answer.
    pub(super) fn native_schema(self) -> bool {
        self.row.schema || self.claude.at_least(4, 5)
    }

    /// Takes cache points.
    pub(super) fn caches(self) -> bool {
        self.row.caching != Caching::Nowhere
    }

    /// Takes cache points behind tools, and their lifetime.
    pub(super) fn caches_tools(self) -> bool {
        self.row.caching == Caching::Everywhere
    }

    /// Takes cache points that last an hour.
    pub(super) fn caches_long(self) -> bool {
        self.caches_tools() && (!self.is_claude() || self.claude.at_least(4, 5))
    }

    /// Is Claude, or a model whose id says nothing.
    pub(super) fn may_be_claude(self) -> bool {
        self.is_claude() || self.row.name.is_empty()
    }

    /// Is told that a tool failed.
    pub(super) fn takes_status(self) -> bool {
        self.row.status
    }

    /// The path of `top_k` in `additionalModelRequestFields`.
    pub(super) fn top_k(self) -> &'static [&'static str] {
        self.row.top_k
    }

    /// The system tool that searches the web.
    pub(super) fn search(self) -> Option<&'static str> {
        self.row.search
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(id: &str) -> &'static str {
        Family::of(id).row.name
    }

    #[test]
    fn ids_lead_to_their_families() {
        for (id, expected) in [
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude"),
            ("global.amazon.nova-2-lite-v1:0", "nova-2"),
            ("us.amazon.nova-premier-v1:0", "nova-premier"),
            ("amazon.nova-lite-v1:0", "nova"),
            ("mistral.mistral-large-2407-v1:0", "mistral."),
            ("mistral.mistral-large-3-675b-instruct", "mistral-large-3"),
            ("openai.gpt-oss-120b-1:0", "openai."),
            ("deepseek.v3-v1:0", "deepseek.v3"),
            ("us.deepseek.r1-v1:0", "deepseek."),
            ("us.meta.llama3-3-70b-instruct-v1:0", "meta."),
            (
                "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x1y2z3",
                "",
            ),
        ] {
            assert_eq!(name(id), expected, "{id}");
        }
    }

    #[test]
    fn families_differ() {
        let claude = Family::of("anthropic.claude-3-haiku-20240307-v1:0");
        assert!(claude.forced() && claude.forced_tool() && claude.caches_tools());
        assert!(!claude.native_schema());
        assert!(Family::of("anthropic.claude-haiku-4-5-20251001-v1:0").native_schema());

        let nova = Family::of("amazon.nova-pro-v1:0");
        assert!(nova.forced_tool() && nova.caches() && !nova.caches_tools());

        let llama = Family::of("meta.llama3-1-70b-instruct-v1:0");
        assert!(!llama.forced() && !llama.caches() && !llama.takes_status());

        let mistral = Family::of("mistral.mistral-large-2407-v1:0");
        assert!(mistral.forced() && !mistral.forced_tool());
    }
}
