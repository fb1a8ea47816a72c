//! Parser events to a tree: anchors, aliases, merge keys, tags, duplicate keys.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::node::{Entry, FileId, Mapping, Mark, Node, NodeValue, Scalar, ScalarValue};
use super::tag::{collection_tag, tagged_scalar};

/// Collections inside collections. No configuration comes near; it keeps every walk off the stack's end.
const MAX_DEPTH: usize = 64;
/// What aliases may add, in bytes or so: a file of a kilobyte must not become a gigabyte.
const MAX_ALIAS_COST: usize = 32 << 20;
/// What a node costs beside its text.
const NODE_COST: usize = 64;

/// Why a text is not the YAML expected here.
#[derive(Debug)]
pub(in crate::config) struct SyntaxError {
    pub(in crate::config) line: usize,
    pub(in crate::config) column: usize,
    pub(in crate::config) message: String,
}

/// A key written a second time in the same mapping.
#[derive(Debug)]
pub(in crate::config) struct Duplicate {
    pub(in crate::config) key: String,
    pub(in crate::config) mark: Mark,
    pub(in crate::config) first: Mark,
}

/// Reads one document. A text without one is null.
pub(in crate::config) fn parse(
    text: &str,
    file: FileId,
) -> Result<(Node, Vec<Duplicate>), SyntaxError> {
    let mut composer = Composer {
        parser: Parser::new_from_str(text),
        file,
        anchors: HashMap::new(),
        open: HashSet::new(),
        alias_cost: 0,
        duplicates: Vec::new(),
    };
    let root = composer.document()?;
    Ok((root, composer.duplicates))
}

struct Composer<'t> {
    parser: Parser<'t, StrInput<'t>>,
    file: FileId,
    anchors: HashMap<usize, Built>,
    /// Anchors whose node is not finished yet.
    open: HashSet<usize>,
    alias_cost: usize,
    duplicates: Vec<Duplicate>,
}

/// A finished node and what copying it means.
#[derive(Clone)]
struct Built {
    node: Node,
    cost: usize,
    height: usize,
}

/// A mapping while it is read: what `<<` brought, and what was written.
#[derive(Default)]
struct Members {
    merged: Vec<Entry>,
    own: Vec<Entry>,
}

// === impl Composer ===

impl<'t> Composer<'t> {
    fn document(&mut self) -> Result<Node, SyntaxError> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if root.is_some() => {
                    return Err(error(
                        span,
                        "a second document starts here: expected one YAML document per file",
                    ));
                }
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                event => root = Some(self.node(event, span, 0)?.node),
            }
        }
        Ok(root.unwrap_or_else(|| Node {
            value: NodeValue::Scalar(Scalar {
                value: ScalarValue::Null,
                text: String::new(),
                reference: None,
            }),
            mark: Mark {
                file: self.file,
                line: 1,
                column: 1,
            },
        }))
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), SyntaxError> {
        match self.parser.next_event() {
            Some(result) => result.map_err(|scan| scan_error(&scan)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Built, SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(error(
                span,
                format!("nested too deeply: expected at most {MAX_DEPTH} levels"),
            ));
        }
        let (anchor, built) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span, depth),
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = tagged_scalar(text.into_owned(), style, tag.as_deref())
                    .map_err(|message| error(span, message))?;
                let cost = NODE_COST + scalar.text.len();
                (anchor, self.built(NodeValue::Scalar(scalar), span, cost, 0))
            }
            Event::SequenceStart(anchor, tag) => {
                collection_tag(tag.as_deref(), "seq").map_err(|message| error(span, message))?;
                self.open.insert(anchor);
                (anchor, self.sequence(span, depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                collection_tag(tag.as_deref(), "map").map_err(|message| error(span, message))?;
                self.open.insert(anchor);
                (anchor, self.mapping(span, depth)?)
            }
            _ => return Err(error(span, "expected a value")),
        };
        // Id 0 stands for "no anchor".
        if anchor > 0 {
            self.open.remove(&anchor);
            self.anchors.insert(anchor, built.clone());
        }
        Ok(built)
    }

    fn alias(&mut self, anchor: usize, span: Span, depth: usize) -> Result<Built, SyntaxError> {
        if self.open.contains(&anchor) {
            return Err(error(span, "an alias inside the value it stands for"));
        }
        let Some(built) = self.anchors.get(&anchor) else {
            return Err(error(
                span,
                "an alias without an anchor: expected `&name` further up",
            ));
        };
        self.alias_cost += built.cost;
        if self.alias_cost > MAX_ALIAS_COST || depth + built.height > MAX_DEPTH {
            return Err(error(span, "aliases make the document too large"));
        }
        Ok(built.clone())
    }

    fn sequence(&mut self, start: Span, depth: usize) -> Result<Built, SyntaxError> {
        let (mut items, mut cost, mut height) = (Vec::new(), NODE_COST, 0);
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(self.built(NodeValue::Sequence(items), start, cost, height + 1));
            }
            let item = self.node(event, span, depth + 1)?;
            cost += item.cost;
            height = height.max(item.height);
            items.push(item.node);
        }
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Built, SyntaxError> {
        let (mut members, mut cost, mut height) = (Members::default(), NODE_COST, 0);
        loop {
            let (event, key_span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                let mapping = members.finish();
                return Ok(self.built(NodeValue::Mapping(mapping), start, cost, height + 1));
            }
            let is_merge = matches!(
                &event,
                Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<"
            );
            let key = self.node(event, key_span, depth + 1)?;
            let NodeValue::Scalar(Scalar { text: key, .. }) = key.node.value else {
                return Err(error(
                    key_span,
                    format!("{} as a key: expected a name", key.node.kind()),
                ));
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            cost += NODE_COST + key.len() + value.cost;
            height = height.max(value.height);
            if is_merge {
                members
                    .merge(value.node)
                    .map_err(|message| error(span, message))?;
            } else {
                let entry = Entry {
                    key,
                    key_mark: self.mark(key_span),
                    value: value.node,
                };
                self.duplicates.extend(members.add(entry));
            }
        }
    }

    fn built(&self, value: NodeValue, span: Span, cost: usize, height: usize) -> Built {
        Built {
            node: Node {
                value,
                mark: self.mark(span),
            },
            cost,
            height,
        }
    }

    fn mark(&self, span: Span) -> Mark {
        Mark {
            file: self.file,
            line: span.start.line(),
            column: span.start.col() + 1,
        }
    }
}

// === impl Members ===

impl Members {
    /// Last one wins, as in PyYAML; the caller is told.
    fn add(&mut self, entry: Entry) -> Option<Duplicate> {
        let Some(first) = self.own.iter_mut().find(|own| own.key == entry.key) else {
            self.own.push(entry);
            return None;
        };
        let duplicate = Duplicate {
            key: entry.key,
            mark: entry.key_mark,
            first: first.key_mark,
        };
        first.value = entry.value;
        first.key_mark = duplicate.mark;
        Some(duplicate)
    }

    /// `<<: *one` or `<<: [*one, *two]`, where one beats two.
    fn merge(&mut self, value: Node) -> Result<(), String> {
        let kind = value.kind();
        match value.value {
            NodeValue::Mapping(mapping) => set_all(&mut self.merged, mapping.entries),
            NodeValue::Sequence(items) => {
                for item in items.into_iter().rev() {
                    let kind = item.kind();
                    let NodeValue::Mapping(mapping) = item.value else {
                        return Err(format!("{kind} in a merge list: expected a mapping"));
                    };
                    set_all(&mut self.merged, mapping.entries);
                }
            }
            NodeValue::Scalar(_) => {
                return Err(format!(
                    "{kind} after `<<`: expected a mapping or a list of mappings"
                ));
            }
        }
        Ok(())
    }

    fn finish(self) -> Mapping {
        let mut entries = self.merged;
        if entries.is_empty() {
            return Mapping { entries: self.own };
        }
        set_all(&mut entries, self.own);
        Mapping { entries }
    }
}

fn set_all(into: &mut Vec<Entry>, from: Vec<Entry>) {
    for entry in from {
        match into.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => *known = entry,
            None => into.push(entry),
        }
    }
}

// === errors ===

fn error(span: Span, message: impl Into<String>) -> SyntaxError {
    SyntaxError {
        line: span.start.line(),
        column: span.start.col() + 1,
        message: message.into(),
    }
}

fn scan_error(scan: &ScanError) -> SyntaxError {
    SyntaxError {
        line: scan.marker().line(),
        column: scan.marker().col() + 1,
        message: format!("not valid YAML: {}", scan.info()),
    }
}
