//! Edits of a JSON object: what was edited is there, and nothing else changed.

use lockgate_wire::json::JsonObject;

/// A name that bodies have, one that they do not, and one that must be escaped.
const NAMES: [&str; 3] = ["model", "stream_options", "a \"b\"\n"];

/// Edits `object`, which is `text`, in ways that `text` says.
pub(crate) fn check(text: &[u8], object: &JsonObject) {
    let sum = text.iter().fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31) + usize::from(*byte)
    });
    let mut edited = object.clone();
    let mut expected: Vec<(String, Vec<u8>)> = object
        .keys()
        .map(|key| {
            let value = object.get(key).expect("a member of that name");
            (key.to_owned(), value.to_vec())
        })
        .collect();
    if let Some(at) = sum.checked_rem(expected.len()) {
        let (name, _) = expected.remove(at);
        assert!(edited.remove(&name));
        assert!(!edited.remove(&name), "it is gone");
        assert_eq!(edited.get(&name), None);
    }
    if let Some(at) = (sum / 7).checked_rem(expected.len()) {
        expected[at].1 = b"[{}, 1]".to_vec();
        edited.set(&expected[at].0, "[{}, 1]");
    }
    let name = NAMES[sum % NAMES.len()];
    edited.set_str(name, "\u{1f30a}\t");
    let value = "\"\u{1f30a}\\t\"".as_bytes().to_vec();
    put(&mut expected, name, value);

    let bytes = edited.to_bytes();
    assert_eq!(edited.to_pieces().concat(), bytes, "the same in pieces");
    let again = JsonObject::parse(bytes, usize::MAX).expect("an edited object is one");
    for object in [&edited, &again] {
        let mut found: Vec<(String, Vec<u8>)> = object
            .keys()
            .map(|key| (key.to_owned(), object.get(key).unwrap().to_vec()))
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
}

fn put(members: &mut Vec<(String, Vec<u8>)>, name: &str, value: Vec<u8>) {
    match members.iter_mut().find(|(key, _)| key == name) {
        Some((_, old)) => *old = value,
        None => members.push((name.to_owned(), value)),
    }
}
