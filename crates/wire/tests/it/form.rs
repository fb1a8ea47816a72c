//! The field that names the model, wherever it stands and however the body arrives.

use lockgate_wire::form::{FieldFinder, FormError, Found, leading_fields};
use proptest::prelude::*;

const TYPE: &str = "multipart/form-data; boundary=XyZ";

fn find(body: &[u8]) -> Result<Found, FormError> {
    FieldFinder::new(TYPE, "model").unwrap().search(body)
}

fn value(body: &str) -> Option<&str> {
    match find(body.as_bytes()).unwrap() {
        Found::Value(range) => Some(&body[range]),
        Found::Absent | Found::NotYet => None,
    }
}

fn part(name: &str, value: &str) -> String {
    format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(value: &str) -> String {
    format!(
        "--XyZ\r\ncontent-type: audio/wav\r\nContent-Disposition: form-data; filename=\"name=model.wav\"; name=\"file\"\r\n\r\n{value}\r\n"
    )
}

#[test]
fn before_and_behind_the_file() {
    let first = format!(
        "{}{}--XyZ--\r\n",
        part("model", "whisper-1"),
        file("RIFF--XyZ")
    );
    assert_eq!(value(&first), Some("whisper-1"));
    let last = format!(
        "{}{}--XyZ--\r\n",
        file("RIFF\r\n--Xy"),
        part("model", "whisper-1")
    );
    assert_eq!(value(&last), Some("whisper-1"));
}

#[test]
fn empty_values_and_preambles() {
    assert_eq!(
        value(&format!("preamble\r\n{}--XyZ--", part("model", ""))),
        Some("")
    );
    let two = format!("{}{}--XyZ--", part("language", ""), part("model", "m"));
    assert_eq!(value(&two), Some("m"));
}

#[test]
fn a_preamble_may_come_byte_by_byte() {
    let body = format!("pre--Xy -- amble\r\n{}--XyZ--", part("model", "m"));
    let mut finder = FieldFinder::new(TYPE, "model").unwrap();
    let found = (0..=body.len())
        .map(|length| finder.search(&body.as_bytes()[..length]).unwrap())
        .find(|found| *found != Found::NotYet);
    let Some(Found::Value(range)) = found else {
        panic!("{found:?}")
    };
    assert_eq!(&body[range], "m");
}

#[test]
fn a_boundary_inside_a_line_is_no_end() {
    let body = format!("{}--XyZ--", part("model", "a --XyZ b"));
    assert_eq!(value(&body), Some("a --XyZ b"));
}

/// RFC 2046, section 5.1.1: a delimiter is a whole line. What an upstream reads as content must not
/// name the model here.
#[test]
fn a_line_that_begins_like_a_delimiter_is_no_end() {
    let inner = "x\r\n--XyZother\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nother";
    let body = part("prompt", inner) + &part("model", "m") + "--XyZ--";
    assert_eq!(value(&body), Some("m"));
    let begins = "a --XyZ\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nother\r\n";
    let body = begins.to_owned() + &part("model", "m") + "--XyZ--";
    assert_eq!(value(&body), Some("m"));
}

#[test]
fn blanks_may_follow_a_boundary() {
    let body = part("model", "m").replacen("--XyZ", "--XyZ \t", 1) + "--XyZ--";
    assert_eq!(value(&body), Some("m"));
}

#[test]
fn a_part_ends_before_its_headers_do() {
    let body = format!("--XyZ\r\nx: y\r\n{}--XyZ--", part("model", "m"));
    assert_eq!(find(body.as_bytes()), Err(FormError::Part));
}

#[test]
fn absent_or_not_yet() {
    let complete = format!("{}--XyZ--\r\n", file("x"));
    assert_eq!(find(complete.as_bytes()), Ok(Found::Absent));
    assert_eq!(find(file("x").as_bytes()), Ok(Found::NotYet));
    assert_eq!(find(b""), Ok(Found::NotYet));
}

#[test]
fn content_types() {
    for good in [
        "multipart/form-data; boundary=\"XyZ\"",
        "Multipart/Form-Data;charset=utf-8;BOUNDARY=XyZ",
    ] {
        let mut finder = FieldFinder::new(good, "model").unwrap();
        let body = part("model", "m") + "--XyZ--";
        assert!(
            matches!(finder.search(body.as_bytes()), Ok(Found::Value(_))),
            "{good}"
        );
    }
    for bad in [
        "application/json",
        "multipart/form-data",
        "multipart/mixed; boundary=a",
        "multipart/form-data; boundary=",
    ] {
        assert_eq!(
            FieldFinder::new(bad, "model").unwrap_err(),
            FormError::ContentType
        );
    }
}

#[test]
fn parts_without_a_name() {
    assert_eq!(
        find(b"--XyZ\r\ncontent-type: text/plain\r\n\r\nx\r\n--XyZ--"),
        Err(FormError::Part)
    );
    let endless = format!("--XyZ\r\nx: {}", "y".repeat(9000));
    assert_eq!(find(endless.as_bytes()), Err(FormError::Part));
}

proptest! {
    #[test]
    fn any_split(content in "[-XyZ\r\n a]{0,60}", after in any::<bool>(), cuts in prop::collection::vec(0usize..400, 0..12)) {
        // A content that holds a whole delimiter would be another form.
        prop_assume!(!content.contains("\r\n--XyZ"));
        let (a, b) = (part("model", "whisper-1"), file(&content));
        let body = if after { b + &a } else { a + &b } + "--XyZ--\r\n";
        let bytes = body.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.push(bytes.len());
        cuts.sort_unstable();
        let mut finder = FieldFinder::new(TYPE, "model").unwrap();
        let mut found = Found::NotYet;
        for cut in cuts {
            found = finder.search(&bytes[..cut]).unwrap();
            if found != Found::NotYet {
                break;
            }
        }
        let Found::Value(range) = found else { panic!("{found:?}") };
        prop_assert_eq!(&body[range], "whisper-1");
    }

    #[test]
    fn never_panics(body in prop::collection::vec(any::<u8>(), 0..200), tail in "(--XyZ|\r\n|-|name=\"|;|:){0,20}") {
        let mut body = body;
        body.extend_from_slice(tail.as_bytes());
        let _ = find(&body);
        body.splice(0..0, b"--XyZ\r\nContent-Disposition:".iter().copied());
        let _ = find(&body);
    }
}

#[test]
fn the_fields_before_the_first_file() {
    let body = [
        part("purpose", "batch"),
        part("empty", ""),
        part("model", "a--XyZ b"),
        file("data"),
        part("late", "1"),
        "--XyZ--".to_owned(),
    ]
    .concat();
    let found = leading_fields(TYPE, body.as_bytes()).unwrap();
    assert!(found.is_complete);
    let fields: Vec<(&str, &str)> = found
        .fields
        .iter()
        .map(|field| (field.name.as_str(), &body[field.value.clone()]))
        .collect();
    assert_eq!(
        fields,
        [("purpose", "batch"), ("empty", ""), ("model", "a--XyZ b")]
    );
    // Without a part the form is still one.
    let part = found.fields[1].part.clone();
    let without = [&body[..part.start], &body[part.end..]].concat();
    let left = leading_fields(TYPE, without.as_bytes()).unwrap();
    assert_eq!(left.fields.len(), 2);
    assert_eq!(&without[left.fields[1].value.clone()], "a--XyZ b");
}

#[test]
fn leading_fields_are_the_same_however_the_body_arrives() {
    let body = [part("purpose", "batch"), part("model", "m"), file("x")].concat();
    let whole = leading_fields(TYPE, body.as_bytes()).unwrap();
    for end in 0..body.len() {
        let found = leading_fields(TYPE, &body.as_bytes()[..end]).unwrap();
        assert!(whole.fields.starts_with(&found.fields), "{end}: {found:?}");
    }
    let alone = [part("purpose", "batch"), "--XyZ--".to_owned()].concat();
    assert!(leading_fields(TYPE, alone.as_bytes()).unwrap().is_complete);
    assert_eq!(
        leading_fields("text/plain", b""),
        Err(FormError::ContentType)
    );
}
