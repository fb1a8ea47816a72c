//! The leniencies of proto-JSON, the JSON that Google's APIs read: both spellings of a member,
//! numbers as strings, one value where a list is meant, `null` for absent.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::canonical::RawJson;
use crate::dialect::TranslateError;
use crate::json::JsonObject;

/// A list that may be written as its only element; `null` is the empty list.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Many<T>(pub(super) Vec<T>);

/// A signed integer that may be written as a string or as `1.0`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Int(pub(super) i64);

/// A count that may be written as a string or as `1.0`; negative ones are not accepted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count(pub(super) u64);

/// A number that may be written as a string.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub(super) struct Float(pub(super) f64);

/// The members of one JSON object by their lower camel case names.
#[derive(Debug)]
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

/// Members to write, in order.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(Cow<'static, str>, RawJson)>);

// === impl Many ===

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Many<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManyVisitor(PhantomData))
    }
}

struct ManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ManyVisitor<T> {
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Many(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Option<T>>()? {
            items.extend(item);
        }
        Ok(Many(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|item| Many(vec![item]))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(StrDeserializer::new(text)).map(|item| Many(vec![item]))
    }
}

// === impl numbers ===

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = serde_json::Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        serde_json::Number::from_f64(number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map_err(|_| E::custom("not a number"))
    }
}

/// `number` as an integer when it is one, whatever way it is written.
fn integral(number: &serde_json::Number) -> Option<i64> {
    let float = number.as_f64()?;
    // Beyond 2^53 a float is no longer exact; no field of the API comes near.
    let exact = float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be integral and in range"
        )]
        exact.then_some(float as i64)
    })
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_any(NumberVisitor)?;
        integral(&number)
            .map(Self)
            .ok_or_else(|| D::Error::custom("expected an integer"))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_any(NumberVisitor)?;
        integral(&number)
            .and_then(|int| u64::try_from(int).ok())
            .map(Self)
            .ok_or_else(|| D::Error::custom("expected a non-negative integer"))
    }
}

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_any(NumberVisitor)?;
        number
            .as_f64()
            .map(Self)
            .ok_or_else(|| D::Error::custom("expected a number"))
    }
}

// === impl Members ===

impl<'a> Members<'a> {
    /// Reads the object in `text`; `param` names it in an error.
    pub(super) fn parse(text: &'a [u8], param: &str) -> Result<Self, TranslateError> {
        serde_json::from_slice(text).map_err(|e| wrong(param, &e))
    }

    /// Takes the member out; `null` counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        let (_, value) = self.0.remove(at);
        (value.get() != "null").then_some(value)
    }

    /// Takes the member out and reads it; `param` names the object in an error.
    pub(super) fn take_as<T: DeserializeOwned>(
        &mut self,
        name: &str,
        param: &str,
    ) -> Result<Option<T>, TranslateError> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        serde_json::from_str(raw.get())
            .map(Some)
            .map_err(|e| wrong(&format!("{param}.{name}"), &e))
    }

    /// What was not taken out, `null` members aside.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0
            .iter()
            .filter(|(_, value)| value.get() != "null")
            .map(|(name, value)| (name.as_str(), *value))
    }

    /// What was not taken out and says something.
    pub(super) fn rest(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0
            .iter()
            .filter(|(_, value)| !says_nothing(value.get().as_bytes()))
            .map(|(name, value)| (name.as_str(), *value))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((camel(&key).into_owned(), value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

// === impl Fields ===

impl Fields {
    /// Appends a member.
    pub(super) fn put(&mut self, name: impl Into<Cow<'static, str>>, value: &impl Serialize) {
        // Numbers, strings and JSON text always serialise.
        if let Ok(raw) = RawJson::from_value(value) {
            self.0.push((name.into(), raw));
        }
    }

    /// Appends a member when there is a value.
    pub(super) fn put_some(&mut self, name: &'static str, value: Option<&impl Serialize>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &RawJson)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }
}

impl Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// The lower camel case name of a member: `top_p` is `topP`.
pub(super) fn camel(name: &str) -> Cow<'_, str> {
    if !name.contains('_') {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The name under which `body` has member `name`, in whichever spelling.
pub(super) fn spelling(body: &JsonObject, name: &str) -> Option<String> {
    body.keys()
        .find(|key| camel(key) == name)
        .map(str::to_owned)
}

/// Member `name` of `body` in whichever spelling; `null` counts as absent.
pub(super) fn member<'a>(body: &'a JsonObject, name: &str) -> Option<&'a [u8]> {
    body.get(&spelling(body, name)?).filter(|v| *v != b"null")
}

/// Whether a value is `null`, `[]` or `{}`.
pub(super) fn says_nothing(value: &[u8]) -> bool {
    matches!(value, b"null" | b"[]" | b"{}")
}

/// A member of the wrong type.
pub(super) fn wrong(param: &str, cause: &serde_json::Error) -> TranslateError {
    TranslateError::invalid_param(param, format!("Invalid value at '{param}': {cause}"))
}
