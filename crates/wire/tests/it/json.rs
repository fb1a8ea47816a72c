//! `JsonObject`: edits by splicing mean the same as edits of a parsed object.

mod agreement;

use bytes::Bytes;
use lockgate_wire::json::{JsonError, JsonObject, quote, unquote};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// An object as one might write it: members in order, any whitespace, any escapes in keys.
#[derive(Debug, Clone)]
struct Written {
    text: String,
    keys: Vec<String>,
}

#[derive(Debug, Clone)]
enum Edit {
    Set(usize, Value),
    Remove(usize),
}

fn parse(text: impl Into<Bytes>) -> Result<JsonObject, JsonError> {
    JsonObject::parse(text.into(), 64)
}

fn object(text: &str) -> JsonObject {
    parse(text.to_owned()).unwrap()
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(json!("quotes \" and \\ and {brackets] and \u{1}")),
        Just(json!(0.1)),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key(), inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("model".to_owned()),
        Just("stream".to_owned()),
        Just("a\"b\\c".to_owned()),
        Just(String::new()),
        "[a-z:{},\u{e9}\u{1f30a}]{1,4}",
    ]
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just(" "), Just("\n\t"), Just("\r\n  ")]
}

/// A key as a literal, each character plain or, where its mask says so, as `\u` escapes.
fn literal(key: &str, mask: u64) -> String {
    let mut out = String::from("\"");
    for (at, char) in key.chars().enumerate() {
        if mask >> (at % 64) & 1 == 1 || matches!(char, '"' | '\\') {
            for unit in char.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(char);
        }
    }
    out.push('"');
    out
}

fn written() -> impl Strategy<Value = Written> {
    let blanks = (blank(), blank(), blank(), blank());
    let member = (key(), value(), any::<u64>(), any::<bool>(), blanks);
    (vec(member, 0..6), vec(blank(), 3)).prop_map(|(members, around)| {
        let mut keys = Vec::new();
        let mut text = format!("{}{{", around[0]);
        for (key, value, mask, escape, blanks) in members {
            if keys.contains(&key) {
                continue;
            }
            if !keys.is_empty() {
                text.push(',');
            }
            let name = literal(&key, if escape { mask } else { 0 });
            let (a, b, c, d) = blanks;
            text.push_str(&format!("{a}{name}{b}:{c}{value}{d}"));
            keys.push(key);
        }
        text.push_str(&format!("{}}}{}", around[1], around[2]));
        Written { text, keys }
    })
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        (0..9usize, value()).prop_map(|(at, value)| Edit::Set(at, value)),
        (0..9usize).prop_map(Edit::Remove),
    ];
    vec(edit, 0..8)
}

fn read(object: &JsonObject) -> Map<String, Value> {
    serde_json::from_slice(&object.to_bytes()).unwrap()
}

proptest! {
    #[test]
    fn edits_mean_what_they_mean_on_a_parsed_object(written in written(), edits in edits()) {
        let mut object = object(&written.text);
        let mut expected: Map<String, Value> = serde_json::from_str(&written.text).unwrap();
        // The object's own keys, and some that it may not have.
        let mut keys = written.keys;
        keys.extend(["model", "new", "n\"ew\n"].map(str::to_owned));
        for edit in edits {
            match edit {
                Edit::Set(at, value) => {
                    let key = &keys[at % keys.len()];
                    object.set(key, value.to_string());
                    expected.insert(key.clone(), value);
                }
                Edit::Remove(at) => {
                    let key = &keys[at % keys.len()];
                    prop_assert_eq!(object.remove(key), expected.remove(key).is_some());
                }
            }
            for key in &keys {
                let got: Option<Value> = object.get(key).map(|v| serde_json::from_slice(v).unwrap());
                prop_assert_eq!(got.as_ref(), expected.get(key));
                prop_assert_eq!(object.contains(key), expected.contains_key(key));
                prop_assert_eq!(object.is_set(key), expected.get(key).is_some_and(|v| !v.is_null()));
                let text = object.get_str(key);
                prop_assert_eq!(text.as_deref(), expected.get(key).and_then(Value::as_str));
                prop_assert_eq!(object.get_bool(key), expected.get(key).and_then(Value::as_bool));
            }
            let mut names: Vec<&str> = object.keys().collect();
            let mut expected_names: Vec<&str> = expected.keys().map(String::as_str).collect();
            names.sort_unstable();
            expected_names.sort_unstable();
            prop_assert_eq!(names, expected_names);
            prop_assert_eq!(&read(&object), &expected);
        }
        prop_assert_eq!(object.to_pieces().concat(), object.to_bytes());
        // What was written can be read and edited again.
        let again = parse(object.to_bytes()).unwrap();
        prop_assert_eq!(&read(&again), &expected);
    }

    #[test]
    fn untouched_bytes_stay_as_they_are(written in written()) {
        let object = object(&written.text);
        prop_assert_eq!(object.to_bytes(), written.text.as_bytes());
        let names: Vec<&str> = object.keys().collect();
        prop_assert_eq!(&names, &written.keys);

        // An edit of one member leaves the text of all others.
        for key in &written.keys {
            let mut edited = object.clone();
            let old = edited.get(key).unwrap().to_vec();
            edited.set(key, old);
            prop_assert_eq!(edited.to_bytes(), written.text.as_bytes());
        }
    }

    #[test]
    fn any_escapes_of_a_repeated_key_are_seen(key in key(), masks in any::<(u64, u64)>()) {
        let (first, second) = (literal(&key, masks.0), literal(&key, masks.1));
        let text = format!("{{{first}:1,\"other\":2,{second}:3}}");
        if key != "other" {
            prop_assert_eq!(parse(text).unwrap_err(), JsonError::Duplicate(key));
        }
    }

    #[test]
    fn anything_is_read_as_the_parser_reads_it(text in "[ {}\\[\\]\":,a-c0-9\\\\ntru.e-]{0,24}") {
        let parsed = serde_json::from_str::<Map<String, Value>>(&text);
        match parse(text.clone()) {
            Ok(object) => prop_assert_eq!(read(&object), parsed.unwrap()),
            Err(JsonError::Duplicate(_)) => prop_assert!(parsed.is_ok() || text.contains(',')),
            Err(_) => prop_assert!(parsed.is_err()),
        }
    }

    #[test]
    fn quotes_come_off_again(text in any::<String>()) {
        let quoted = quote(&text);
        prop_assert_eq!(unquote(&quoted).unwrap(), text);
    }
}

#[test]
fn repeated_members_are_refused() {
    let duplicate = |text: &str| match parse(text.to_owned()) {
        Err(JsonError::Duplicate(key)) => key,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(duplicate(r#"{"model":"a","model":"b"}"#), "model");
    assert_eq!(duplicate(r#"{"model":"a","mod\u0065l":"b"}"#), "model");
    assert_eq!(duplicate(r#"{"mod\u0065l":"a","\u006dodel":"a"}"#), "model");
    // Only the top level is the gateway's to read.
    assert!(parse(r#"{"a":{"b":1,"b":2}}"#).is_ok());
}

#[test]
fn repeated_members_are_refused_among_many() {
    let members: Vec<String> = (0..5_000)
        .map(|i| format!("\"k\\u003{}{i}\":0", i % 10))
        .collect();
    assert!(parse(format!("{{{}}}", members.join(","))).is_ok());
    let twice = format!("{{{},\"\\u006b44\":1}}", members.join(","));
    assert_eq!(
        parse(twice).unwrap_err(),
        JsonError::Duplicate("k44".to_owned())
    );
}

#[test]
fn only_one_object_is_accepted() {
    for text in [
        "",
        " ",
        "null",
        "1",
        "\"{}\"",
        "[]",
        "[{}]",
        "{",
        "}",
        "{}{}",
        "{} x",
        "{},",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{\"a\":\"\u{1}\"}",
        "{\"\\ud800\":1}",
        "\u{feff}{}",
    ] {
        assert!(matches!(parse(text), Err(JsonError::Syntax(_))), "{text}");
    }
    for text in ["{}", " {\n} ", "{\"a\":1}\r\n"] {
        assert!(parse(text).is_ok(), "{text}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let error = parse(&b"{\"a\":\"\xff\"}"[..]).unwrap_err();
    assert_eq!(
        error,
        JsonError::Syntax("not UTF-8: invalid byte at offset 6".to_owned())
    );
}

#[test]
fn nesting_has_a_limit() {
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(JsonObject::parse(nested(3).into(), 4).is_ok());
    assert_eq!(
        JsonObject::parse(nested(4).into(), 4).unwrap_err(),
        JsonError::TooDeep(4)
    );
    // Far deeper than any stack.
    assert_eq!(
        JsonObject::parse(nested(1_000_000).into(), 64).unwrap_err(),
        JsonError::TooDeep(64)
    );
    // Brackets inside strings nest nothing.
    assert!(JsonObject::parse(r#"{"a":"[[[[[\"[[["}"#.into(), 1).is_ok());
}

#[test]
fn a_new_member_goes_to_the_end() {
    let mut chat = object("{ \"model\" : \"m\" }\n");
    chat.set("stream", "true");
    chat.set_str("user", "a \"b\"");
    assert_eq!(
        chat.to_bytes(),
        "{ \"model\" : \"m\",\"stream\":true,\"user\":\"a \\\"b\\\"\" }\n"
    );
    let mut empty = object(" { } ");
    empty.set("a", "1");
    assert_eq!(empty.to_bytes(), " {\"a\":1 } ");
}

#[test]
fn what_is_long_is_not_copied_for_an_edit() {
    let long = "x".repeat(10_000);
    let text = Bytes::from(format!(
        r#"{{"a":"{long}", "model":"m", "b":"{long}","c":1,"d":"{long}" }}"#
    ));
    let mut chat = JsonObject::parse(text.clone(), 8).unwrap();
    let mut shared = Vec::new();
    for edit in [
        &(|chat: &mut JsonObject| chat.set("model", "2")) as &dyn Fn(&mut JsonObject),
        &|chat| assert!(chat.remove("c")),
        &|chat| chat.set("e", "3"),
        &|chat| assert!(chat.remove("a")),
        &|chat| assert!(chat.remove("d")),
    ] {
        edit(&mut chat);
        let pieces = chat.to_pieces();
        assert_eq!(pieces.concat(), chat.to_bytes());
        let within = text.as_ptr_range();
        let of_original = |piece: &&Bytes| within.contains(&piece.as_ptr());
        let whole = pieces.iter().filter(of_original);
        shared.push(whole.filter(|piece| piece.len() >= 10_000).count());
    }
    assert_eq!(shared, [2, 3, 3, 2, 1]);
}

#[test]
fn a_removed_member_takes_its_comma_along() {
    let remove = |keys: &[&str]| {
        let mut object = object("{ \"a\": 1, \"b\": 2, \"c\": 3 }");
        for key in keys {
            assert!(object.remove(key));
            assert!(!object.remove(key));
        }
        String::from_utf8(object.to_bytes().to_vec()).unwrap()
    };
    assert_eq!(remove(&["a"]), "{ \"b\": 2, \"c\": 3 }");
    assert_eq!(remove(&["b"]), "{ \"a\": 1, \"c\": 3 }");
    assert_eq!(remove(&["c"]), "{ \"a\": 1, \"b\": 2 }");
    assert_eq!(remove(&["c", "a", "b"]), "{  }");
}

#[test]
fn what_is_no_string_has_no_quotes_to_take_off() {
    for raw in [
        "",
        "\"",
        "abc",
        "\"a",
        "a\"",
        "\"a\"b\"",
        "\"a\" \"b\"",
        "\"\\\"",
        "\"\\ud800\"",
    ] {
        assert_eq!(unquote(raw.as_bytes()), None, "{raw}");
    }
    assert_eq!(unquote(b"\"\\ud83c\\udf0a\"").unwrap(), "\u{1f30a}");
}
