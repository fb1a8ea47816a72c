//! JSON from somebody not trusted yet: no member twice, and no deeper than it has reason to be.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Keycloak nests roles three deep; nobody goes beyond six.
const DEEPEST: usize = 16;

const TWICE: &str = "a member is there twice";
const TOO_DEEP: &str = "it is nested too deeply";

/// Reads an object, or says what is wrong with it.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { left: DEEPEST }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| {
            let said = error.to_string();
            [TWICE, TOO_DEEP]
                .into_iter()
                .find(|why| said.starts_with(why))
                .unwrap_or("it is not JSON")
        })?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err("it is not an object"),
    }
}

/// Reads one value that may have `left` more levels.
#[derive(Clone, Copy)]
struct Strict {
    left: usize,
}

impl Strict {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| E::custom(TOO_DEEP))?;
        Ok(Self { left })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(inner)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn what_is_refused() {
        assert_eq!(object(br#"{"a":1,"a":1}"#), Err(super::TWICE));
        assert_eq!(object(br#"{"a":{"b":1,"\u0062":2}}"#), Err(super::TWICE));
        assert_eq!(object(b"[]"), Err("it is not an object"));
        assert_eq!(object(b"{} {}"), Err("it is not JSON"));
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err("it is not JSON"));
        let deep =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(object(deep(super::DEEPEST - 1).as_bytes()).is_ok());
        assert_eq!(
            object(deep(super::DEEPEST).as_bytes()),
            Err(super::TOO_DEEP)
        );
        assert_eq!(object(deep(100_000).as_bytes()), Err(super::TOO_DEEP));
    }
}
