//! Wildcards: what they match, what they stand for, which comes first.

use lockgate_engine::router::pattern::Pattern;
use proptest::prelude::*;

fn captures(pattern: &str, name: &str) -> Option<Vec<String>> {
    let pattern = Pattern::parse(pattern).unwrap();
    let captures = pattern.captures(name)?;
    Some(captures.into_iter().map(str::to_owned).collect())
}

#[test]
fn a_name_without_a_wildcard_is_no_pattern() {
    assert_eq!(Pattern::parse("gpt-4o"), None);
    assert_eq!(Pattern::parse(""), None);
}

#[test]
fn captures_are_what_the_wildcards_stand_for() {
    let table: [(&str, &str, Option<&[&str]>); 14] = [
        ("*", "gpt-4o", Some(&["gpt-4o"])),
        ("*", "", Some(&[""])),
        ("openai/*", "openai/gpt-4o", Some(&["gpt-4o"])),
        ("openai/*", "openai/", Some(&[""])),
        ("openai/*", "openai", None),
        ("openai/*", "azure/openai/gpt", None),
        ("*-custom", "mine-custom", Some(&["mine"])),
        ("*-custom", "mine-custom-2", None),
        ("bedrock/us.*", "bedrock/us.nova", Some(&["nova"])),
        ("*/us.*", "bedrock/us.nova", Some(&["bedrock", "nova"])),
        // The last wildcard takes the rest, those before it as little as they can.
        ("*-*", "a-b-c", Some(&["a", "b-c"])),
        ("a*b*c", "abbc", Some(&["", "b"])),
        // What a prefix took is not there for a suffix.
        ("ab*bc", "abc", None),
        ("é*ü", "éaü", Some(&["a"])),
    ];
    for (pattern, name, expected) in table {
        let expected = expected.map(|list| list.iter().map(|&s| s.to_owned()).collect());
        assert_eq!(captures(pattern, name), expected, "{pattern} on {name}");
    }
}

#[test]
fn a_template_takes_captures_from_left_to_right() {
    assert_eq!(Pattern::fill("openai/*", &["gpt-4o"]), "openai/gpt-4o");
    assert_eq!(Pattern::fill("*/x-*", &["a", "b"]), "a/x-b");
    assert_eq!(Pattern::fill("fixed", &["unused"]), "fixed");
    assert_eq!(Pattern::fill("*-*", &["a"]), "a-*");
    // A capture is not a template.
    assert_eq!(Pattern::fill("*-*", &["*", "b"]), "*-b");
}

#[test]
fn more_fixed_text_comes_first_then_fewer_wildcards() {
    let mut patterns = ["*", "*a*", "openai/*", "*bc", "*b*c", "openai/gpt-*"];
    patterns.sort_by_key(|pattern| Pattern::parse(pattern).unwrap().specificity());
    assert_eq!(
        patterns,
        ["openai/gpt-*", "openai/*", "*bc", "*b*c", "*a*", "*"]
    );
}

proptest! {
    #[test]
    fn captures_put_back_give_the_name(pattern in "[ab/*]{0,6}\\*[ab/*]{0,6}", name in "[ab/]{0,12}") {
        let parsed = Pattern::parse(&pattern).unwrap();
        if let Some(captures) = parsed.captures(&name) {
            prop_assert_eq!(captures.len(), pattern.matches('*').count());
            prop_assert_eq!(Pattern::fill(&pattern, &captures), name);
        }
    }

    #[test]
    fn a_filled_pattern_matches(parts in prop::collection::vec("[a-z/é]{0,4}", 2..5), word in "[a-zé]{0,5}") {
        let pattern = parts.join("*");
        let name = Pattern::fill(&pattern, &vec![word.as_str(); parts.len() - 1]);
        let captures = Pattern::parse(&pattern).unwrap().captures(&name).map(|c| c.len());
        prop_assert_eq!(captures, Some(parts.len() - 1));
    }
}
