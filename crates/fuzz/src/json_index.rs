//! The index of a JSON object, beside `serde_json`.

use std::fmt;

use bytes::Bytes;
use lockgate_wire::json::{JsonError, JsonObject};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::edits;

/// So deep a body may be nested in one of the two readings.
const SHALLOW: usize = 5;

/// The input is the body.
pub(crate) fn check(text: &[u8]) {
    agree(text, SHALLOW);
    if let Some(object) = agree(text, usize::MAX) {
        strings(&object);
        edits::check(text, &object);
    }
}

/// The members that `serde_json` reads, up to the first fault.
#[derive(Default)]
struct Expected<'t> {
    members: Vec<(String, &'t RawValue)>,
    fault: Option<String>,
}

/// Reads `text` both ways; what is accepted, why not, and every member must be the same.
fn agree(text: &[u8], max_depth: usize) -> Option<JsonObject> {
    let parsed = JsonObject::parse(Bytes::copy_from_slice(text), max_depth);
    let Expected { members, fault } = expected(text);
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    let repeated = (0..names.len()).find(|at| names[..*at].contains(&names[*at]));
    match &parsed {
        Ok(object) => {
            assert_eq!(fault, None);
            assert_eq!(repeated, None);
            assert!(depth(text) <= max_depth);
            assert_eq!(object.keys().collect::<Vec<_>>(), names);
            for (name, value) in &members {
                assert_eq!(object.get(name), Some(value.get().as_bytes()), "{name:?}");
            }
            assert_eq!(object.to_bytes(), text, "nothing was edited");
        }
        Err(JsonError::Syntax(message)) => assert_eq!(Some(message), fault.as_ref()),
        Err(JsonError::Duplicate(name)) => {
            assert_eq!(Some(&**name), repeated.map(|at| names[at]));
        }
        Err(JsonError::TooDeep(limit)) => {
            assert_eq!(*limit, max_depth);
            assert!(depth(text) > max_depth);
        }
    }
    parsed.ok()
}

fn expected(text: &[u8]) -> Expected<'_> {
    let mut expected = Expected::default();
    if let Err(e) = std::str::from_utf8(text) {
        let at = e.valid_up_to();
        expected.fault = Some(format!("not UTF-8: invalid byte at offset {at}"));
        return expected;
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = deserializer.deserialize_map(Collect(&mut expected.members));
    let read = read.and_then(|()| deserializer.end());
    expected.fault = read.err().map(|e| e.to_string());
    expected
}

struct Collect<'a, 't>(&'a mut Vec<(String, &'t RawValue)>);

impl<'t> Visitor<'t> for Collect<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(member) = map.next_entry()? {
            self.0.push(member);
        }
        Ok(())
    }
}

/// How deep `text` is nested, byte by byte.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What the index says of a value is what `serde_json` reads.
fn strings(object: &JsonObject) {
    for key in object.keys() {
        let raw = object.get(key).expect("a member of that name");
        let text = serde_json::from_slice::<String>(raw).ok();
        assert_eq!(object.get_str(key).as_deref(), text.as_deref(), "{key:?}");
        let truth = serde_json::from_slice::<bool>(raw).ok();
        assert_eq!(object.get_bool(key), truth, "{key:?}");
        assert_eq!(object.is_set(key), raw != b"null", "{key:?}");
    }
}
