//! How large a question can be, and what it can cost at most.

use lockgate_providers::catalog::{Bounds, Without, input_bound};
use lockgate_providers::tokens;
use lockgate_wire::canonical::ServiceTier;

use super::{Catalog, dollars, wanted};

#[test]
fn text_has_no_more_tokens_than_bytes() {
    for text in [
        "Hello, world.",
        "\u{1F9D1}\u{200D}\u{1F680} naïve façade",
        "\u{0000}\u{0001}",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "ᚠᛇᚻ᛫ᛒᛦᚦ",
        "<|endoftext|>",
        "漢字かな交じり文",
    ] {
        let body = serde_json::json!({ "messages": [{ "role": "user", "content": text }] });
        let body = body.to_string();
        let bound = input_bound(body.as_bytes());
        assert!(!bound.is_open());
        let counted = u64::from(u32::try_from(tokens::count(text)).unwrap());
        assert!(bound.tokens(None) > counted + 1000, "{text}");
        assert!(bound.tokens(None) >= body.len() as u64);
        // A window from a list does not shrink what is known.
        assert_eq!(bound.tokens(Some(1)), bound.tokens(None));
    }
}

#[test]
fn pictures_cost_more_than_the_bytes_that_name_them() {
    let body = br#"{"content":[{"type":"image_url","image_url":{"url":"https://a/b.png"}}]}"#;
    assert!(input_bound(body).tokens(None) > 10_000);
    let body = br#"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":""}}]}]}"#;
    assert!(input_bound(body).tokens(None) > 10_000);
}

#[test]
fn what_a_body_leads_to_is_bounded_by_the_window() {
    for member in [
        r#""previous_response_id":"resp_1""#,
        r#""input":[{"type":"input_file","file_id":"file-1"}]"#,
        r#""cachedContent":"cachedContents/1""#,
        r#""tools":[{"type":"web_search"}]"#,
        r#""fileData":{"mimeType":"video/mp4"}"#,
        r#""\u0066ile_id":"file-1""#,
    ] {
        let body = format!("{{{member}}}");
        let bound = input_bound(body.as_bytes());
        assert!(bound.is_open(), "{member}");
        assert_eq!(bound.tokens(Some(400_000)), 400_000);
        assert_eq!(bound.tokens(None), 2_000_000);
    }
}

#[test]
fn letters_beyond_ascii_lead_nowhere() {
    let bound = input_bound(br#"{"content":"na\u00efve \u001b caf\u00e9"}"#);
    assert!(!bound.is_open());
    assert!(bound.is_text());
}

#[test]
fn what_must_be_asked_for_and_is_not_is_ruled_out() {
    let text = Without {
        long_cache: true,
        cache: true,
        media: true,
        fast: true,
        ..Without::default()
    };
    let cached = Without {
        long_cache: false,
        cache: false,
        ..text
    };
    let fast = Without {
        fast: false,
        ..text
    };
    let picture = Without {
        media: false,
        ..text
    };
    for (body, without) in [
        (r#"{"messages":[{"role":"user","content":"Hi"}]}"#, text),
        (
            r#"{"cache_control":{"type":"ephemeral","ttl":"1h"}}"#,
            cached,
        ),
        (r#"{"messages":[{"content":[{"cachePoint":{}}]}]}"#, cached),
        (r#"{"prompt_cache_breakpoint":{}}"#, cached),
        (r#"{"speed":"fast"}"#, fast),
        (r#"{"content":[{"type":"image_url"}]}"#, picture),
        // Nobody knows what is hidden, or what lies elsewhere.
        (r#"{"\u0073peed":"fast"}"#, Without::default()),
        (r#"{"content":[{"type":"document"}]}"#, Without::default()),
    ] {
        assert_eq!(input_bound(body.as_bytes()).without(), without, "{body}");
    }
}

#[test]
fn what_the_operator_adds_counts_as_if_the_client_had_said_it() {
    let asked = input_bound(b"{}");
    let with = asked.or(input_bound(br#"{"speed":"fast"}"#));
    assert!(asked.without().fast && !with.without().fast);
    assert_eq!(with.tokens(None), asked.tokens(None));
    assert!(
        asked
            .or(input_bound(br#"{"tools":[{"type":"web_search"}]}"#))
            .is_open()
    );
}

#[test]
fn what_is_ruled_out_is_not_reserved_for() {
    let pricing = Catalog::default()
        .pricing(&wanted("anthropic", "claude-opus-5"))
        .unwrap();
    let mut bounds = Bounds {
        input_tokens: 1_000_000,
        ..Bounds::default()
    };
    let mut worst = |without| {
        bounds.without = without;
        pricing.worst_case(&bounds).unwrap()
    };
    // An hour of cache, twice the speed, in the US.
    assert_eq!(worst(Without::default()), dollars("22"));
    let plain = Without {
        fast: true,
        residency: true,
        ..Without::default()
    };
    assert_eq!(worst(plain), dollars("10"));
    let no_cache = Without {
        cache: true,
        ..plain
    };
    assert_eq!(worst(no_cache), dollars("5"));
    bounds.tier = Some(ServiceTier::Batch);
    assert_eq!(pricing.worst_case(&bounds).unwrap(), dollars("2.5"));
}
