//! The catalogue as it is shipped: a text that is searched where it lies, an entry read when asked for.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::rate::Rate;

/// The price catalogue in the form that `xtask gen-catalog` writes.
///
/// The head, up to the first empty line, names the fields (`#f`), the structured values (`#v`) and
/// the sets of flags (`#b`) that entries share. Below it each line is an entry, sorted by key: key,
/// provider, mode, three limits, the set of flags, then `code:value` for every other field. A price
/// is in dollars for a million units, as an exact decimal; `@n` is a shared value.
pub struct Table<'t> {
    /// The lines of entries.
    body: &'t str,
    /// Where each line starts; the last is the end of the text.
    starts: Vec<u32>,
    /// Names and kinds of fields by their code.
    fields: HashMap<&'t str, (Kind, &'t str)>,
    values: HashMap<&'t str, &'t str>,
    flags: HashMap<&'t str, &'t str>,
}

/// How the values of a field are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A price.
    Price,
    /// A number as JSON has it.
    Number,
    /// A word.
    Text,
    /// `+` or `-`, in a set of flags.
    Flag,
}

/// One entry, its columns told apart and nothing more.
#[derive(Debug, Clone, Copy)]
pub struct Row<'t> {
    /// The name it is looked up by.
    pub key: &'t str,
    /// LiteLLM's name of the provider, or of a part of it (`vertex_ai-anthropic_models`).
    pub provider: &'t str,
    /// What the model does; empty when nobody says.
    pub mode: &'t str,
    /// Context window or output limit, whichever is meant.
    pub max_tokens: Option<u64>,
    /// Tokens it reads at most.
    pub max_input_tokens: Option<u64>,
    /// Tokens it writes at most.
    pub max_output_tokens: Option<u64>,
    flags: &'t str,
    fields: &'t str,
}

/// Members that LiteLLM's map has as columns here.
const COLUMNS: [&str; 5] = [
    "litellm_provider",
    "mode",
    "max_tokens",
    "max_input_tokens",
    "max_output_tokens",
];

// === impl Table ===

impl<'t> Table<'t> {
    /// The table of `text`. Lines that are none are left out.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut table = Self {
            body,
            starts: starts(body),
            fields: HashMap::new(),
            values: HashMap::new(),
            flags: HashMap::new(),
        };
        for line in head.lines() {
            let mut words = line.splitn(4, '\t');
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("#f"), Some(code), Some(kind), Some(name)) => {
                    if let Some(kind) = Kind::named(kind) {
                        table.fields.insert(code, (kind, name));
                    }
                }
                (Some("#v"), Some(number), Some(value), None) => {
                    table.values.insert(number, value);
                }
                (Some("#b"), Some(number), Some(flags), None) => {
                    table.flags.insert(number, flags);
                }
                _ => {}
            }
        }
        table
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the entry `key` stands.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.key(middle)?.cmp(key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The entry at a place.
    #[must_use]
    pub fn row(&self, at: usize) -> Option<Row<'t>> {
        let mut columns = self.line(at)?.split('\t');
        let mut next = || columns.next();
        Some(Row {
            key: next()?,
            provider: next()?,
            mode: next()?,
            max_tokens: next()?.parse().ok(),
            max_input_tokens: next()?.parse().ok(),
            max_output_tokens: next()?.parse().ok(),
            flags: next()?,
            fields: next()?,
        })
    }

    /// All entries, sorted by key.
    pub fn rows(&self) -> impl Iterator<Item = Row<'t>> + '_ {
        (0..self.len()).filter_map(|at| self.row(at))
    }

    /// The members of an entry under LiteLLM's names.
    #[must_use]
    pub fn members(&self, row: &Row<'_>) -> Map<String, Value> {
        let mut out = Map::new();
        let texts = [row.provider, row.mode].map(|text| (!text.is_empty()).then(|| text.into()));
        let limits = [row.max_tokens, row.max_input_tokens, row.max_output_tokens]
            .map(|limit| limit.map(Value::from));
        for (name, value) in COLUMNS.iter().zip(texts.into_iter().chain(limits)) {
            if let Some(value) = value {
                out.insert((*name).to_owned(), value);
            }
        }
        for field in row.fields.split_terminator(' ') {
            if let Some((name, value)) = self.member(field) {
                out.insert(name.to_owned(), value);
            }
        }
        let flags = self.flags.get(row.flags).copied().unwrap_or_default();
        for flag in flags.split_terminator(' ') {
            let (code, on) = flag.split_at(flag.len().saturating_sub(1));
            if let Some(&(Kind::Flag, name)) = self.fields.get(code) {
                out.insert(name.to_owned(), (on == "+").into());
            }
        }
        out
    }

    fn member(&self, field: &str) -> Option<(&'t str, Value)> {
        let (code, value) = field.split_once(':')?;
        let &(kind, name) = self.fields.get(code)?;
        let value = match (value.strip_prefix('@'), kind) {
            (Some(shared), _) => serde_json::from_str(self.values.get(shared)?).ok()?,
            (None, Kind::Price) => Rate::parse_per_million(value)?.to_json(),
            (None, Kind::Number) => serde_json::from_str(value).ok()?,
            (None, Kind::Text | Kind::Flag) => value.into(),
        };
        Some((name, value))
    }

    fn key(&self, at: usize) -> Option<&'t str> {
        let line = self.line(at)?;
        line.split_once('\t').map(|(key, _)| key)
    }

    fn line(&self, at: usize) -> Option<&'t str> {
        let (start, end) = (*self.starts.get(at)?, *self.starts.get(at + 1)?);
        let line = self.body.get(start as usize..end as usize)?;
        Some(line.trim_end_matches('\n'))
    }
}

fn starts(body: &str) -> Vec<u32> {
    let ends = memchr::memchr_iter(b'\n', body.as_bytes()).map(|at| at + 1);
    let places = std::iter::once(0).chain(ends);
    places.filter_map(|at| u32::try_from(at).ok()).collect()
}

// === impl Kind ===

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "price" => Self::Price,
            "number" => Self::Number,
            "text" => Self::Text,
            "flag" => Self::Flag,
            _ => return None,
        })
    }
}
