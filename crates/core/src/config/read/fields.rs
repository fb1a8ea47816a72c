//! Typed reading of one mapping: what is wrong becomes a finding, never a stop.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::super::document::join;
use super::super::findings::Findings;
use super::super::yaml::{Mapping, Mark, Node, NodeValue};
use super::super::{BaseUrl, BodyParams};
use super::convert::{Expected, count, flag, integer, is_header_name, number, seconds, text};
use crate::Secret;

/// The members of a mapping, asked for one by one.
///
/// A member that is absent or null is `None`; one of the wrong type too, after an error.
pub(super) struct Fields<'n, 'f> {
    pub(super) mapping: &'n Mapping,
    pub(super) path: String,
    pub(super) findings: &'f mut Findings,
    /// What an error leads to, for the end of its message.
    consequence: &'static str,
    /// Errors met so far.
    pub(super) errors: usize,
}

impl<'n, 'f> Fields<'n, 'f> {
    pub(super) fn new(
        mapping: &'n Mapping,
        path: impl Into<String>,
        findings: &'f mut Findings,
        consequence: &'static str,
    ) -> Self {
        Self {
            mapping,
            path: path.into(),
            findings,
            consequence,
            errors: 0,
        }
    }

    pub(super) fn node(&self, name: &str) -> Option<&'n Node> {
        self.mapping.get(name)
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    pub(super) fn error(&mut self, mark: Mark, path: &str, message: &str) {
        self.errors += 1;
        self.findings
            .error(mark, path, format!("{message}; {}", self.consequence));
    }

    pub(super) fn wrong(&mut self, node: &Node, path: &str, expected: &str) {
        let found = node.kind();
        self.error(
            node.mark,
            path,
            &format!("expected {expected}, found {found}"),
        );
    }

    fn read<T>(
        &mut self,
        name: &str,
        convert: impl FnOnce(&'n Node) -> Result<T, Expected>,
    ) -> Option<T> {
        let node = self.node(name)?;
        match convert(node) {
            Ok(value) => Some(value),
            Err(expected) => {
                let path = self.path_of(name);
                self.wrong(node, &path, expected);
                None
            }
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.read(name, text)
    }

    /// A text where an empty one counts as absent.
    pub(super) fn word(&mut self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    pub(super) fn url(&mut self, name: &str) -> Option<BaseUrl> {
        self.word(name).map(|url| BaseUrl::new(url.trim()))
    }

    /// Line ends around a key come from mounted files and would break a header.
    pub(super) fn secret(&mut self, name: &str) -> Option<Secret> {
        self.read(name, text).map(|text| Secret::new(text.trim()))
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, flag)
    }

    pub(super) fn is_on(&mut self, name: &str) -> bool {
        self.flag(name).unwrap_or(false)
    }

    pub(super) fn count(&mut self, name: &str) -> Option<u64> {
        self.read(name, count)
    }

    pub(super) fn small_count(&mut self, name: &str) -> Option<u32> {
        self.read(name, |node| {
            u32::try_from(count(node)?).map_err(|_| "a smaller number")
        })
    }

    pub(super) fn positive(&mut self, name: &str) -> Option<u32> {
        self.size(name)
            .map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// A number of things that makes no sense as zero.
    pub(super) fn size(&mut self, name: &str) -> Option<usize> {
        self.read(name, |node| {
            let expected = "a whole number of 1 or more";
            let number = count(node).map_err(|_| expected)?;
            usize::try_from(number)
                .ok()
                .filter(|number| *number > 0)
                .ok_or(expected)
        })
    }

    pub(super) fn whole(&mut self, name: &str) -> Option<i64> {
        self.read(name, |node| {
            let number = integer(node).ok_or("a whole number")?;
            i64::try_from(number).map_err(|_| "a smaller number")
        })
    }

    pub(super) fn amount(&mut self, name: &str) -> Option<f64> {
        self.read(name, |node| {
            number(node)
                .filter(|number| number.is_finite() && *number >= 0.0)
                .ok_or("a number of 0 or more")
        })
    }

    /// A text that `parse` understands.
    pub(super) fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        expected: Expected,
    ) -> Option<T> {
        self.read(name, |node| parse(text(node)?.trim()).ok_or(expected))
    }

    pub(super) fn seconds(&mut self, name: &str) -> Option<Duration> {
        self.read(name, seconds)
    }

    /// A limit in seconds, where LiteLLM takes zero as "not set".
    pub(super) fn timeout(&mut self, name: &str) -> Option<Duration> {
        self.seconds(name).filter(|limit| !limit.is_zero())
    }

    /// A list of texts; one text alone will do.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(node) = self.node(name) else {
            return Vec::new();
        };
        let path = self.path_of(name);
        match &node.value {
            NodeValue::Scalar(_) => self.text(name).into_iter().collect(),
            NodeValue::Sequence(items) => {
                let mut texts = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    match text(item) {
                        Ok(text) => texts.push(text),
                        Err(expected) => self.wrong(item, &format!("{path}[{index}]"), expected),
                    }
                }
                texts
            }
            NodeValue::Mapping(_) => {
                self.wrong(node, &path, "a list of texts");
                Vec::new()
            }
        }
    }

    pub(super) fn json(&mut self, name: &str) -> Option<Value> {
        self.node(name).map(Node::to_json)
    }

    pub(super) fn child(&mut self, name: &str) -> Option<(&'n Mapping, String)> {
        let mapping = self.read(name, |node| node.as_mapping().ok_or("a mapping"))?;
        Some((mapping, self.path_of(name)))
    }

    pub(super) fn items(&mut self, name: &str) -> Option<(&'n [Node], String)> {
        let items = self.read(name, |node| match &node.value {
            NodeValue::Sequence(items) => Ok(items.as_slice()),
            _ => Err("a list"),
        })?;
        Some((items, self.path_of(name)))
    }

    pub(super) fn body(&mut self, name: &str) -> BodyParams {
        let Some((mapping, _)) = self.child(name) else {
            return BodyParams::default();
        };
        let mut body = BodyParams::default();
        for entry in &mapping.entries {
            body.insert(entry.key.clone(), entry.value.to_json());
        }
        body
    }

    /// Headers in order; a name or a value HTTP cannot carry is an error.
    pub(super) fn headers(&mut self, name: &str) -> Vec<(String, Secret)> {
        let Some((mapping, path)) = self.child(name) else {
            return Vec::new();
        };
        let mut headers = Vec::new();
        for entry in mapping
            .entries
            .iter()
            .filter(|entry| !entry.value.is_null())
        {
            let path = join(&path, &entry.key);
            if !is_header_name(&entry.key) {
                self.error(entry.key_mark, &path, "expected an HTTP header name");
                continue;
            }
            match text(&entry.value) {
                Ok(value) if value.trim().chars().all(|c| c == '\t' || !c.is_control()) => {
                    headers.push((entry.key.clone(), Secret::new(value.trim())));
                }
                Ok(_) => self.error(
                    entry.value.mark,
                    &path,
                    "expected a header value on one line",
                ),
                Err(expected) => self.wrong(&entry.value, &path, expected),
            }
        }
        headers
    }

    pub(super) fn text_map(&mut self, name: &str) -> BTreeMap<String, String> {
        let Some((mapping, path)) = self.child(name) else {
            return BTreeMap::new();
        };
        let mut texts = BTreeMap::new();
        for entry in mapping
            .entries
            .iter()
            .filter(|entry| !entry.value.is_null())
        {
            match text(&entry.value) {
                Ok(value) => {
                    texts.insert(entry.key.clone(), value);
                }
                Err(expected) => self.wrong(&entry.value, &join(&path, &entry.key), expected),
            }
        }
        texts
    }
}
