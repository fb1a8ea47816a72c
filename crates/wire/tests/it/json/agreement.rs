//! `JsonObject::parse` accepts what `serde_json` accepts, refuses what it refuses, and finds the
//! same members.

use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use bytes::Bytes;
use lockgate_wire::json::{JsonError, JsonObject};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

const DEPTH: usize = 6;

/// Every JSON file among the fixtures.
static FIXTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "json") {
                found.push(std::fs::read(path).unwrap());
            }
        }
    }
    found
});

/// The members that `serde_json` reads, up to the first fault.
#[derive(Default)]
struct Expected<'t> {
    members: Vec<(String, &'t RawValue)>,
    fault: Option<String>,
}

/// Parses `text` both ways and says whether it was accepted.
fn agree(text: &[u8], max_depth: usize) -> bool {
    let parsed = JsonObject::parse(Bytes::copy_from_slice(text), max_depth);
    let shown = || String::from_utf8_lossy(text).into_owned();
    let Expected { members, fault } = expected(text);
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    let repeated = (0..names.len()).find(|at| names[..*at].contains(&names[*at]));
    match &parsed {
        Ok(object) => {
            assert_eq!(fault, None, "{}", shown());
            assert_eq!(repeated, None, "{}", shown());
            assert!(depth(text) <= max_depth, "{}", shown());
            assert_eq!(object.keys().collect::<Vec<_>>(), names, "{}", shown());
            for (name, value) in &members {
                let found = object.get(name).unwrap();
                assert_eq!(found, value.get().as_bytes(), "{}", shown());
            }
        }
        Err(JsonError::Syntax(message)) => {
            assert_eq!(Some(message), fault.as_ref(), "{}", shown());
        }
        Err(JsonError::Duplicate(name)) => {
            assert_eq!(Some(&**name), repeated.map(|at| names[at]), "{}", shown());
        }
        Err(JsonError::TooDeep(limit)) => {
            assert_eq!(*limit, max_depth);
            assert!(depth(text) > max_depth, "{}", shown());
        }
    }
    parsed.is_ok()
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

/// Pieces of JSON, whole and broken, of which texts are put together.
fn piece() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "{}",
            "[]",
            "\"\"",
            "\"a\":",
            "\"b\":",
            "\"a\"",
            "\"",
            "\\",
            "\\\"",
            "\\u0061",
            "\\ud83c\\udf0a",
            "\\ud83c",
            "\\u12",
            "\\x",
            "0",
            "-1",
            "-",
            "01",
            "1.5",
            "1.",
            ".5",
            "2e9",
            "2E+9",
            "2e-",
            "1e999",
            "true",
            "false",
            "null",
            "nul",
            "True",
            " ",
            "\n",
            "\t",
            "\r",
            "\u{b}",
            "\0",
            "\u{7f}",
            "\u{e9}",
            "\u{feff}",
            "\u{1f30a}",
            "seventeen bytes..",
            "\"a string that is too long to be a name, and then some\"",
        ][..],
    )
}

#[derive(Debug, Clone)]
enum Damage {
    Replace(Index, u8),
    Insert(Index, &'static str),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (at(), piece()).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        (at(), 1..8_usize).prop_map(|(at, len)| Damage::Remove(at, len)),
        (at(), 1..80_usize).prop_map(|(at, len)| Damage::Repeat(at, len)),
        at().prop_map(Damage::Cut),
    ]
}

fn damaged(mut text: Vec<u8>, damage: &[Damage]) -> Vec<u8> {
    for damage in damage {
        if text.is_empty() {
            break;
        }
        let len = text.len();
        let until = |at: usize, more: usize| at..len.min(at + more);
        match damage {
            Damage::Replace(at, byte) => text[at.index(len)] = *byte,
            Damage::Insert(at, piece) => {
                let at = at.index(len);
                text.splice(at..at, piece.bytes());
            }
            Damage::Remove(at, more) => drop(text.drain(until(at.index(len), *more))),
            Damage::Repeat(at, more) => {
                let at = at.index(len);
                let again = text[until(at, *more)].to_vec();
                text.splice(at..at, again);
            }
            Damage::Cut(at) => text.truncate(at.index(len)),
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn on_any_bytes(bytes in vec(any::<u8>(), 0..64)) {
        agree(&bytes, DEPTH);
        for (before, after) in [("{\"a\":", "}"), ("{\"a\":\"", "\"}"), ("{\"", "\":1}\n")] {
            let text = [before.as_bytes(), &bytes, after.as_bytes()].concat();
            agree(&text, DEPTH);
        }
    }

    #[test]
    fn on_any_text(text in any::<String>()) {
        agree(format!("{{\"a\":\"{text}\"}}").as_bytes(), DEPTH);
        let text = serde_json::to_string(&text).unwrap();
        let accepted = agree(format!("{{{text}:{text}}}").as_bytes(), DEPTH);
        prop_assert!(accepted);
    }

    #[test]
    fn on_pieces_of_json(pieces in vec(piece(), 0..24)) {
        let text = pieces.concat();
        agree(text.as_bytes(), DEPTH);
        agree(format!("{{\"a\":{text}}}").as_bytes(), DEPTH);
        agree(format!("{{\"a\":[{}]}}", pieces.join(",")).as_bytes(), DEPTH);
        agree(format!("{{\"c\":\"{text}\"}}").as_bytes(), DEPTH);
    }

    #[test]
    fn on_numbers(number in "-?[0-9]{0,3}[.]?[0-9]{0,2}[eE]?[+-]?[0-9]{0,2}", end in "[ ,}\\]x]?") {
        agree(format!("{{\"a\":{number}}}").as_bytes(), DEPTH);
        agree(format!("{{\"a\":[{number}{end}").as_bytes(), DEPTH);
        agree(format!("{{\"a\":{number}{end}").as_bytes(), DEPTH);
    }

    #[test]
    fn on_damaged_bodies(
        body in any::<Index>(),
        damage in vec(damage(), 1..4),
        limit in prop_oneof![Just(usize::MAX), 1..8_usize],
    ) {
        agree(&damaged(body.get(&FIXTURES).clone(), &damage), limit);
    }
}

#[test]
fn on_bodies_of_all_dialects() {
    assert!(FIXTURES.len() > 50);
    for body in FIXTURES.iter() {
        let is_object = body.trim_ascii_start().starts_with(b"{");
        assert_eq!(agree(body, usize::MAX), is_object);
        agree(body, 3);
        // Indented the other way.
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else {
            continue;
        };
        assert_eq!(agree(value.to_string().as_bytes(), usize::MAX), is_object);
        assert_eq!(
            agree(format!("{value:#}").as_bytes(), usize::MAX),
            is_object
        );
    }
}

#[test]
fn on_every_byte_anywhere_in_a_string() {
    // Long enough for every way of searching, at every alignment.
    for blank in ["", "\n"] {
        for at in 0..=70 {
            for byte in 0..=u8::MAX {
                let mut text = format!("{{{blank}\"a\":[\"{}\"]}}", "x".repeat(70)).into_bytes();
                let inside = text.iter().position(|b| *b == b'x').unwrap();
                text[inside + at] = byte;
                let plain = at == 70 || matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte);
                let accepted = agree(&text, DEPTH);
                assert!(
                    at == 70 || accepted == (plain || byte == 0x7f),
                    "{byte} at {at}"
                );
            }
        }
    }
}

#[test]
fn on_every_escape() {
    for byte in 0..=u8::MAX {
        for long in ["", "some text before it, longer than a vector of a machine"] {
            let mut text = format!("{{\"a\":\"{long}\\?\",\"b\":1}}").into_bytes();
            let at = text.iter().position(|b| *b == b'?').unwrap();
            text[at] = byte;
            let accepted = agree(&text, DEPTH);
            assert_eq!(accepted, b"\"\\/bfnrt".contains(&byte), "{byte}");

            for digit in 0..4 {
                let mut text = format!("{{\"a\":\"{long}\\u????\"}}").into_bytes();
                let at = text.iter().position(|b| *b == b'?').unwrap();
                text[at..at + 4].copy_from_slice(b"c0dE");
                text[at + digit] = byte;
                assert_eq!(agree(&text, DEPTH), byte.is_ascii_hexdigit(), "{byte}");
            }
        }
    }
}

#[test]
fn on_surrogates_without_their_other_half() {
    for escapes in [
        "\\ud800",
        "\\udc00",
        "\\ud800x",
        "\\ud800\\n",
        "\\ud800\\u0061",
        "\\ud800\\ud800",
        "\\udc00\\ud800",
        "\\uDBFF\\uDFFF",
    ] {
        let whole = escapes == "\\uDBFF\\uDFFF";
        // A value passes as it is written; the name of a member must mean something.
        assert!(agree(format!("{{\"a\":\"{escapes}\"}}").as_bytes(), DEPTH));
        assert!(agree(
            format!("{{\"a\":{{\"{escapes}\":1}}}}").as_bytes(),
            DEPTH
        ));
        assert_eq!(
            agree(format!("{{\"{escapes}\":1}}").as_bytes(), DEPTH),
            whole
        );
    }
}

#[test]
fn on_the_first_of_two_faults() {
    for second in [
        "01",
        "1x",
        "1.",
        "truly",
        "\"\\x\"",
        "\"\u{1}\"",
        "[1}",
        "2]",
        "{",
        "3} 4",
    ] {
        for text in [
            format!("{{\"a\":1,\"a\":{second}}}"),
            format!("{{\"a\":{second},\"a\":1}}"),
            format!("{{\"a\":[[]],\"b\":{second}}}"),
        ] {
            assert!(!agree(text.as_bytes(), 2), "{text}");
        }
    }
}

#[test]
fn on_nesting_of_any_depth() {
    for (open, close) in [
        ("[", "]"),
        ("{\"b\":", "}"),
        ("[{\"b\": [", "]}]"),
        ("[1, [", "], 2]"),
    ] {
        for times in 0..20 {
            let inner = format!("{}\"[[{{{{\"{}", open.repeat(times), close.repeat(times));
            let text = format!("{{\"a\":{inner},\"c\":{inner}}}");
            let deep = depth(text.as_bytes());
            for limit in [deep.saturating_sub(1), deep, deep + 1] {
                assert_eq!(agree(text.as_bytes(), limit), limit >= deep);
            }
            // Closed by the wrong one, or once too often, or never.
            agree(text.replacen(']', "}", 1).as_bytes(), deep);
            agree(text.replacen('}', "]", 1).as_bytes(), deep);
            agree(format!("{text}{close}").as_bytes(), deep);
            agree(&text.as_bytes()[..text.len() - 1], deep);
        }
    }
    // Far deeper than any stack.
    let text = format!("{{\"a\":{}{}}}", "[".repeat(500_000), "]".repeat(500_000));
    assert!(agree(text.as_bytes(), usize::MAX));
}
