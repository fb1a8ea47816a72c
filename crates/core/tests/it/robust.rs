//! No text makes the loader panic, hang or grow.

use lockgate_core::Environment;
use proptest::prelude::*;

use crate::try_load;

/// Pieces that mean something to a YAML parser or to us, thrown together.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "model_list",
        "model_name",
        "litellm_params",
        "model",
        "fallbacks",
        "include",
        "os.environ/",
        "X",
        "general_settings",
        "router_settings",
        "environment_variables",
        "model_group_alias",
        "headers",
        ":",
        ": ",
        "- ",
        "-",
        "\n",
        "\n  ",
        "\n    ",
        "\n      ",
        " ",
        "\t",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
        "<<: ",
        "?",
        "? ",
        "|",
        ">",
        "|+2\n",
        "'",
        "\"",
        "\\",
        "#",
        "!",
        "!!int ",
        "!!str ",
        "!<x> ",
        "%YAML 1.1\n",
        "---\n",
        "...\n",
        "~",
        "yes",
        "0x",
        "0b",
        "1:30",
        ".5",
        "1e9",
        "2024-01-01",
        "-",
        "é",
        "\u{feff}",
        "\r",
        "\u{85}",
        "\u{2028}",
        "\0",
        "999999999999999999999999999999999999999999",
        "@",
        "`",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = try_load(&text, &Environment::default());
    }

    #[test]
    fn any_mix_of_syntax_is_read_or_refused(text in pieces()) {
        let _ = try_load(&text, &Environment::default());
    }

    #[test]
    fn any_scalar_is_read(text in "[-+0-9a-fA-FxoTZ_:.eEinf~ ]{0,24}") {
        let text = format!("model_list:\n- model_name: m\n  litellm_params:\n    model: x\n    a: {text}\n    timeout: {text}\n");
        let _ = try_load(&text, &Environment::default());
    }
}

#[test]
fn aliases_of_aliases_do_not_explode() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let previous = format!("*a{}", level - 1);
        let items = [previous.as_str(); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let error = try_load(&text, &Environment::default()).expect_err("an error");
    assert!(
        error
            .to_string()
            .ends_with("aliases make the document too large"),
        "{error}"
    );
}

#[test]
fn depth_is_bounded_in_every_style() {
    let flow = format!("a: {}", "[".repeat(100_000));
    let block: String = (0..2000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let dashes = format!("a:\n{}", "- ".repeat(50_000));
    // Each anchor is shallow; together they are not.
    let mut chained = String::from("a0: &a0 [x]\n");
    for level in 1..2000 {
        chained.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    for text in [flow, block, dashes, chained] {
        try_load(&text, &Environment::default()).expect_err("too deep");
    }
}
