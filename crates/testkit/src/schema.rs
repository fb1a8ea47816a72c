//! The published schemas of the APIs, and what an answer breaks of them.
//!
//! Where they come from is told in `schemas/README.md` of this crate.

mod spoken;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::OnceLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{ValidationError, ValidatorMap};
use serde_json::Value;

pub use spoken::{ANSWERS, Spoken};

/// A schema: whose, and which of its definitions.
pub type Definition = (Api, &'static str);

/// An API whose schema is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Api {
    /// OpenAI's own document: chat, responses, embeddings, models, errors.
    OpenAi,
    /// The Open Responses specification: the Responses API as all may speak it.
    OpenResponses,
    /// Anthropic's own document.
    Anthropic,
    /// Google's discovery document of the Generative Language API.
    Gemini,
    /// The service model of Amazon Bedrock Runtime.
    Bedrock,
    /// Cohere's own document.
    Cohere,
    /// Ollama's own types.
    Ollama,
}

/// One thing that a document breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Where: a JSON pointer with `*` for every index.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

/// A member that no published schema has and that is written on purpose.
#[derive(Debug, Clone, Copy)]
pub struct Deliberate {
    /// The API it is added to.
    pub api: Api,
    /// Where: as [`Violation::place`].
    pub place: &'static str,
    /// Who reads it, or why it is there.
    pub reason: &'static str,
}

/// Looks at many documents and tells what is wrong with any of them.
#[derive(Debug)]
pub struct Inspection {
    deliberate: Vec<&'static Deliberate>,
    met: BTreeSet<(Api, &'static str)>,
    documents: usize,
    found: BTreeMap<(Definition, Violation), BTreeSet<String>>,
}

/// A schema that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The committed file is no JSON Schema.
    #[error("the schema of {0:?} cannot be read: {1}")]
    Unreadable(Api, String),
    /// The committed file lacks a definition.
    #[error("the schema of {0:?} has no definition {1}")]
    Unknown(Api, String),
}

const NOT_THERE: &str = "is not in the schema";

// === impl Api ===

impl Api {
    fn text(self) -> &'static str {
        match self {
            Self::OpenAi => include_str!("../schemas/openai.json"),
            Self::OpenResponses => include_str!("../schemas/open_responses.json"),
            Self::Anthropic => include_str!("../schemas/anthropic.json"),
            Self::Gemini => include_str!("../schemas/gemini.json"),
            Self::Bedrock => include_str!("../schemas/bedrock.json"),
            Self::Cohere => include_str!("../schemas/cohere.json"),
            Self::Ollama => include_str!("../schemas/ollama.json"),
        }
    }

    /// The compiled definitions, compiled once.
    fn validators(self) -> Result<&'static ValidatorMap, SchemaError> {
        static ALL: [OnceLock<Result<ValidatorMap, String>>; 7] = [const { OnceLock::new() }; 7];
        let compile = || {
            let schema: Value = serde_json::from_str(self.text()).map_err(|e| e.to_string())?;
            jsonschema::validator_map_for(&schema).map_err(|e| e.to_string())
        };
        ALL[self as usize]
            .get_or_init(compile)
            .as_ref()
            .map_err(|error| SchemaError::Unreadable(self, error.clone()))
    }

    /// All that `document` breaks of a definition; nothing, if it is valid.
    ///
    /// # Errors
    ///
    /// When the committed schema lacks the definition or cannot be read.
    pub fn violations(
        self,
        definition: &str,
        document: &Value,
    ) -> Result<BTreeSet<Violation>, SchemaError> {
        let validator = self
            .validators()?
            .get(&format!("#/$defs/{definition}"))
            .ok_or_else(|| SchemaError::Unknown(self, definition.to_owned()))?;
        let mut found = BTreeSet::new();
        for error in validator.iter_errors(document) {
            Violation::collect(&error, &mut found);
        }
        Ok(found)
    }
}

// === impl Violation ===

impl Violation {
    fn collect(error: &ValidationError<'_>, found: &mut BTreeSet<Self>) {
        let place = pointer(error.instance_path());
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                found.extend(unexpected.iter().map(|name| Self {
                    place: format!("{place}/{name}"),
                    what: NOT_THERE.to_owned(),
                }));
            }
            ValidationErrorKind::AnyOf { context } => {
                for error in meant(context) {
                    Self::collect(error, found);
                }
            }
            _ => {
                found.insert(Self {
                    place,
                    what: error.masked().to_string(),
                });
            }
        }
    }
}

/// Of the variants of a union, the one that the document most likely means: the one that goes wrong
/// deepest down, and in the fewest places.
fn meant<'a>(variants: &'a [Vec<ValidationError<'static>>]) -> &'a [ValidationError<'static>] {
    let depth = |errors: &[ValidationError<'_>]| {
        errors
            .iter()
            .map(|error| match error.kind() {
                // A wrong member is one step below the object that has it.
                ValidationErrorKind::AdditionalProperties { .. } => depth(error) + 1,
                _ => depth(error),
            })
            .min()
    };
    let best = variants
        .iter()
        .max_by_key(|errors| (depth(errors), usize::MAX - errors.len()));
    best.map_or(&[], Vec::as_slice)
}

fn depth(error: &ValidationError<'_>) -> usize {
    error.instance_path().segments().count()
}

fn pointer(location: &Location) -> String {
    let mut out = String::new();
    for segment in location.segments() {
        out.push('/');
        match segment {
            LocationSegment::Property(name) => out.push_str(&name),
            LocationSegment::Index(_) => out.push('*'),
        }
    }
    out
}

// === impl Inspection ===

impl Inspection {
    /// An inspection that lets pass what is written on purpose.
    #[must_use]
    pub fn new(deliberate: &[&'static [Deliberate]]) -> Self {
        Self {
            deliberate: deliberate.iter().copied().flatten().collect(),
            met: BTreeSet::new(),
            documents: 0,
            found: BTreeMap::new(),
        }
    }

    /// Looks at one document; `case` says where it is from.
    ///
    /// # Errors
    ///
    /// When a committed schema lacks its definition or cannot be read.
    pub fn look(
        &mut self,
        definitions: &[Definition],
        document: &Value,
        case: &str,
    ) -> Result<(), SchemaError> {
        self.documents += 1;
        for &(api, definition) in definitions {
            for violation in api.violations(definition, document)? {
                let allowed = self.deliberate.iter().find(|allowed| {
                    violation.what == NOT_THERE
                        && (allowed.api, allowed.place) == (api, &*violation.place)
                });
                if let Some(allowed) = allowed {
                    self.met.insert((api, allowed.place));
                } else {
                    let found = self.found.entry(((api, definition), violation));
                    found.or_default().insert(case.to_owned());
                }
            }
        }
        Ok(())
    }

    /// How many documents were looked at.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.documents
    }

    /// What is wrong, a line for each thing; empty, if all is well.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = String::new();
        for (((api, definition), Violation { place, what }), cases) in &self.found {
            let count = cases.len();
            let first: Vec<&str> = cases.iter().take(3).map(String::as_str).collect();
            let first = first.join(", ");
            let _ = writeln!(
                text,
                "{api:?} {definition} {place}: {what} ({count}: {first})"
            );
        }
        text
    }

    /// The places of this list that no document had: the reason to have them in it is gone.
    #[must_use]
    pub fn unmet(&self, list: &'static [Deliberate]) -> Vec<&'static str> {
        let unmet = list
            .iter()
            .filter(|allowed| !self.met.contains(&(allowed.api, allowed.place)));
        unmet.map(|allowed| allowed.place).collect()
    }
}

// === impl Deliberate ===

impl Deliberate {
    /// A member at `place`, and its reason.
    #[must_use]
    pub const fn new(api: Api, place: &'static str, reason: &'static str) -> Self {
        Self { api, place, reason }
    }
}
