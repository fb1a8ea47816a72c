//! `docs/capabilities.md`: what becomes of every field, from every dialect to every other.

use std::fmt::Write as _;

use anyhow::Result;
use lockgate_engine::capabilities::{Fate, Pair, pairs};
use lockgate_wire::DialectId;
use lockgate_wire::canonical::LossKind;

/// The whole page.
pub(crate) fn capabilities_page() -> Result<String> {
    let mut out = String::from(HEAD);
    for client in DialectId::ALL {
        let columns: Vec<&Pair> = pairs()
            .iter()
            .filter(|pair| pair.client == client && pair.is_translated())
            .collect();
        let Some(fields) = columns.first().map(|pair| &pair.fields) else {
            continue;
        };
        // A dialect that only providers speak has no requests to translate.
        if !fields.is_empty() {
            section(&mut out, client, &columns)?;
        }
    }
    Ok(out)
}

fn section(out: &mut String, client: DialectId, columns: &[&Pair]) -> Result<()> {
    writeln!(out, "\n## Clients of the dialect `{}`\n", client.as_str())?;
    write!(out, "| field |")?;
    for column in columns {
        write!(out, " {}: `{}` |", column.upstream.as_str(), column.model)?;
    }
    writeln!(out, "\n|---|{}", "---|".repeat(columns.len()))?;
    let rows = columns.first().map_or(0, |column| column.fields.len());
    for row in 0..rows {
        let cells = columns.iter().filter_map(|column| column.fields.get(row));
        let mut cells = cells.peekable();
        if let Some((name, _)) = cells.peek() {
            write!(out, "| {} |", field(name))?;
        }
        for (_, fate) in cells {
            write!(out, " {} |", word(*fate))?;
        }
        out.push('\n');
    }
    Ok(())
}

/// The name as code, what is said about it behind.
fn field(name: &str) -> String {
    match name.split_once(" (") {
        Some((name, note)) => format!("`{name}` ({note}"),
        None => format!("`{name}`"),
    }
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Carried => "yes",
        Fate::Unneeded => "not needed",
        Fate::Lost(LossKind::Hint) => "hint lost",
        Fate::Lost(LossKind::Param) => "**parameter lost**",
        Fate::Lost(LossKind::Content) => "**content lost**",
        Fate::Refused => "**refused**",
    }
}

const HEAD: &str = "\
<!-- Written by `cargo run -p xtask -- gen-docs` from the translations themselves; do not edit. -->

# Capabilities

Which fields of a request reach a provider that speaks another [dialect](dialects.md). Each line is a
small request that says this one thing, put through the translation; nothing here is written by hand.
`GET /v1/lockgate/capabilities` answers with the same, as the running version does it:

```json
{\"pairs\": [{\"client\": \"openai\", \"upstream\": \"anthropic\", \"model\": \"claude-sonnet-4-5\", \"translated\": true,
  \"carried\": [\"temperature\"], \"unneeded\": [], \"lost\": {\"hint\": [\"store\"], \"param\": [\"seed\"], \"content\": []},
  \"refused\": []}]}
```

| in the table | member | meaning |
|---|---|---|
| yes | `carried` | the provider is told, under its own name for it and within its own limits |
| not needed | `unneeded` | the provider does so anyway, or the gateway does it |
| hint lost | `lost.hint` | left out and named in `x-lockgate-dropped`; the answer is the same without it |
| parameter lost | `lost.param` | changes the answer: refused with 400, or left out and named when [parameters may be dropped](dialects.md#what-is-lost) |
| content lost | `lost.content` | part of the conversation: the same |
| refused | `refused` | such a request cannot be written for this provider at all |

A client and a provider of the same dialect are not in the tables: there nothing is translated, and
every field arrives. A field of which a part is lost counts as lost. A column is one model; models of a dialect differ, and a column stands for its
kind: `gpt-4o` and `gpt-5` for OpenAI's own models without and with reasoning, `mistral-small` for
any other server that speaks OpenAI's dialect. What such a server makes of a field it gets is its own
affair, and [deviations](providers.md#deviations) of single providers come on top.

`GET /utils/supported_openai_params?model=` says the same for one model: the parameters of OpenAI's
chat completions that reach it, deviations included. A parameter that few models of a kind take
(`audio`, `prediction`, `verbosity` at OpenAI-compatible providers) is passed on and not in that list.
";
