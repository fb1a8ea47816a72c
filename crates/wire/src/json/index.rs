//! Finds the top-level members of a JSON object.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Edit, JsonError, Key, Member};

/// So many members are compared one by one; a body may be hostile and have a million.
const COMPARED: usize = 32;

/// The members of the one JSON object that `text` is.
pub(super) fn members(text: &str) -> Result<Vec<Member>, JsonError> {
    let mut duplicate = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let indexed = IndexSeed {
        text,
        duplicate: &mut duplicate,
    }
    .deserialize(&mut deserializer)
    .and_then(|members| deserializer.end().map(|()| members));
    match (indexed, duplicate) {
        (_, Some(key)) => Err(JsonError::Duplicate(key)),
        (Err(e), None) => Err(JsonError::Syntax(e.to_string())),
        (Ok(members), None) => Ok(members),
    }
}

struct IndexSeed<'a> {
    text: &'a str,
    duplicate: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for IndexSeed<'de> {
    type Value = Vec<Member>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for IndexSeed<'de> {
    type Value = Vec<Member>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let text = self.text.as_bytes();
        let offset_of = |part: &str| part.as_ptr() as usize - self.text.as_ptr() as usize;
        let mut members: Vec<Member> = Vec::with_capacity(16);
        let mut seen: HashSet<Cow<'de, str>> = HashSet::new();
        let mut previous_end = 0;
        while let Some(KeyText(key)) = map.next_key::<KeyText<'de>>()? {
            let value: &'de RawValue = map.next_value()?;
            let start = text
                .get(previous_end..)
                .and_then(|rest| memchr::memchr(b'"', rest))
                .map_or(previous_end, |found| previous_end + found);
            let value_start = offset_of(value.get());
            let value = value_start..value_start + value.get().len();
            let repeated = if members.len() < COMPARED {
                members.iter().any(|m| m.key.is(text, &key))
            } else {
                if seen.is_empty() {
                    seen.extend(members.iter().map(|m| m.key.name(self.text)));
                }
                !seen.insert(key.clone())
            };
            if repeated {
                *self.duplicate = Some(key.into_owned());
                return Err(A::Error::custom("duplicate member"));
            }
            previous_end = value.end;
            let key = match key {
                Cow::Borrowed(plain) => {
                    let at = offset_of(plain);
                    Key::Plain(at..at + plain.len())
                }
                Cow::Owned(escaped) => Key::Escaped(escaped.into()),
            };
            members.push(Member {
                key,
                start,
                value,
                edit: Edit::Keep,
            });
        }
        Ok(members)
    }
}

impl Key {
    /// The name, borrowed from the indexed `text` where it stands there.
    fn name<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self {
            Self::Plain(range) => Cow::Borrowed(&text[range.clone()]),
            Self::Escaped(name) => Cow::Owned(name.to_string()),
        }
    }
}

/// A member name, borrowed from the input unless it was written with escapes.
struct KeyText<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for KeyText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = KeyText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(KeyText(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(KeyText(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}
