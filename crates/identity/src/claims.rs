//! What a token says, found by dotted paths and read as the type it must have.

use serde_json::{Map, Value};

use crate::error::IdentityError;

/// Longer than any id or address of anybody.
const LONGEST: usize = 512;
/// Entra ID leaves the groups out of a token that would hold more than 200.
const MOST: usize = 1000;

const NOT_A_TEXT: &str = "is not a text of ordinary length and characters";
const NOT_TEXTS: &str = "is neither a text nor a list of texts";

/// The claims of a token.
#[derive(Debug)]
pub(crate) struct Claims(Map<String, Value>);

// === impl Claims ===

impl Claims {
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// The claim of exactly this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// What `path` leads to: the claim of that name, or names joined by dots, where `\.` is a dot in
    /// a name. LiteLLM takes `metadata.` off the start of a path; that is tried last.
    pub(crate) fn at(&self, path: &str) -> Option<&Value> {
        self.get(path)
            .or_else(|| self.follow(path))
            .or_else(|| self.follow(path.strip_prefix("metadata.")?))
    }

    fn follow(&self, path: &str) -> Option<&Value> {
        let mut names = Names { rest: Some(path) };
        let mut value = self.0.get(names.next()?.as_str())?;
        for name in names {
            value = value.get(name.as_str())?;
        }
        Some(value).filter(|value| !value.is_null())
    }

    /// A text, where a whole number will do and an empty text is none.
    pub(crate) fn text(&self, path: Option<&str>) -> Result<Option<String>, IdentityError> {
        let Some((path, value)) = path.and_then(|path| Some((path, self.at(path)?))) else {
            return Ok(None);
        };
        match as_text(value) {
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => Ok(Some(text)),
            None => Err(IdentityError::claim(path, NOT_A_TEXT)),
        }
    }

    /// Texts: a list of them, or one. Empty ones are left out, and so are repetitions.
    pub(crate) fn texts(&self, path: Option<&str>) -> Result<Vec<String>, IdentityError> {
        let Some((path, value)) = path.and_then(|path| Some((path, self.at(path)?))) else {
            return Ok(Vec::new());
        };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        if items.len() > MOST {
            return Err(IdentityError::claim(path, "is a list of too many"));
        }
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            let text = as_text(item).ok_or_else(|| IdentityError::claim(path, NOT_TEXTS))?;
            if !text.is_empty() && !texts.contains(&text) {
                texts.push(text);
            }
        }
        Ok(texts)
    }

    /// The scopes: `scope`, words in one text (RFC 8693, section 4.2) or a list.
    pub(crate) fn scopes(&self) -> Result<Vec<&str>, IdentityError> {
        const NAME: &str = "scope";
        let wrong = || IdentityError::claim(NAME, NOT_TEXTS);
        match self.get(NAME) {
            None => Ok(Vec::new()),
            Some(Value::String(words)) => Ok(words.split_ascii_whitespace().collect()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().ok_or_else(wrong))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    /// A time in seconds since 1970, whole or not (RFC 7519, section 2).
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<f64>, IdentityError> {
        self.get(name)
            .map(|value| {
                value
                    .as_f64()
                    .filter(|seconds| seconds.is_finite())
                    .ok_or_else(|| IdentityError::claim(name, "is not a time in seconds"))
            })
            .transpose()
    }
}

fn as_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) if !number.is_f64() => number.to_string(),
        _ => return None,
    };
    (text.len() <= LONGEST && !text.contains(char::is_control)).then_some(text)
}

/// The names in a path.
struct Names<'p> {
    rest: Option<&'p str>,
}

impl Iterator for Names<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let rest = self.rest.take()?;
        let mut name = String::new();
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if rest[at + 1..].starts_with('.') => {
                    chars.next();
                    name.push('.');
                }
                '.' => {
                    self.rest = Some(&rest[at + 1..]);
                    return Some(name);
                }
                c => name.push(c),
            }
        }
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Claims;

    fn claims(value: serde_json::Value) -> Claims {
        match value {
            serde_json::Value::Object(members) => Claims::new(members),
            _ => panic!("claims are an object"),
        }
    }

    #[test]
    fn paths() {
        let claims = claims(json!({
            "sub": "u", "number": 7, "a": {"b": {"c": "deep"}, "x.y": "dotted"},
            "https://example.com/team": "whole", "nothing": null, "empty": "", "list": ["t", "t", ""],
        }));
        let text = |path| claims.text(Some(path)).ok().flatten();
        assert_eq!(text("sub").as_deref(), Some("u"));
        assert_eq!(text("number").as_deref(), Some("7"));
        assert_eq!(text("a.b.c").as_deref(), Some("deep"));
        assert_eq!(text("a.x\\.y").as_deref(), Some("dotted"));
        assert_eq!(text("https://example.com/team").as_deref(), Some("whole"));
        assert_eq!(text("metadata.sub").as_deref(), Some("u"));
        for absent in [
            "nothing", "empty", "a.b.d", "sub.x", "list.0", "", ".", "a.", "a..b",
        ] {
            assert_eq!(text(absent), None, "{absent}");
        }
        assert!(claims.text(Some("a")).is_err());
        assert_eq!(claims.texts(Some("list")).ok(), Some(vec!["t".to_owned()]));
        assert_eq!(claims.texts(Some("sub")).ok(), Some(vec!["u".to_owned()]));
        assert!(claims.texts(Some("a")).is_err());
    }
}
