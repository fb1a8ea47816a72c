//! Token estimates.

use lockgate_providers::tokens::{count, estimate};
use lockgate_wire::canonical::{
    Block, BlockKind, ChatRequest, FunctionTool, Media, MediaSource, Message, RawJson, Role, Tool,
};

fn request(blocks: Vec<Block>) -> ChatRequest {
    ChatRequest {
        messages: vec![Message {
            role: Role::User,
            name: None,
            content: blocks,
        }],
        ..ChatRequest::default()
    }
}

/// Figures of OpenAI's own tokenizer for `o200k_base`.
#[test]
fn texts_are_counted_with_the_vocabulary() {
    assert_eq!(count(""), 0);
    assert_eq!(count("hello world"), 2);
    assert_eq!(count("tiktoken is great!"), 6);
    assert_eq!(count("お誕生日おめでとう"), 8);
}

#[test]
fn a_message_costs_its_text_and_the_documented_overhead() {
    // 2 for the text, 3 for the message, 3 for the answer.
    assert_eq!(estimate(&request(vec![Block::text("hello world")])), 8);
    assert_eq!(estimate(&ChatRequest::default()), 3);
}

#[test]
fn tools_count_with_name_description_and_schema() {
    let schema = r#"{"type":"object","properties":{"city":{"type":"string"}}}"#;
    let mut with_tool = request(vec![Block::text("hello world")]);
    with_tool.tools.push(Tool::Function(FunctionTool {
        name: "weather".to_owned(),
        description: Some("tells the weather".to_owned()),
        parameters: Some(RawJson::parse(schema).unwrap()),
        ..FunctionTool::default()
    }));
    let expected = 8 + 8 + count("weather") + count("tells the weather") + count(schema);
    assert_eq!(estimate(&with_tool), expected);
}

#[test]
fn media_are_worth_fixed_figures_not_their_bytes() {
    let image = |detail: Option<&str>, bytes: usize| {
        Block::new(BlockKind::Image(Media {
            source: MediaSource::Base64("A".repeat(bytes)),
            detail: detail.map(str::to_owned),
            ..Media::default()
        }))
    };
    assert_eq!(estimate(&request(vec![image(None, 10)])), 6 + 765);
    assert_eq!(estimate(&request(vec![image(None, 1_000_000)])), 6 + 765);
    assert_eq!(estimate(&request(vec![image(Some("low"), 10)])), 6 + 85);
    let document = |source| {
        Block::new(BlockKind::Document(Media {
            source,
            ..Media::default()
        }))
    };
    let pdf = MediaSource::Base64("A".repeat(150_000));
    assert_eq!(estimate(&request(vec![document(pdf)])), 6 + 3 * 2_000);
    let text = MediaSource::Text("hello world".to_owned());
    assert_eq!(estimate(&request(vec![document(text)])), 6 + 2);
}

#[test]
fn tool_results_count_what_is_in_them() {
    let result = Block::new(BlockKind::ToolResult {
        id: "1".to_owned(),
        name: None,
        content: vec![Block::text("hello world")],
        is_error: false,
    });
    assert_eq!(estimate(&request(vec![result])), 6 + 3 + 2);
}

/// Long texts are sampled; what is regular comes out as if it had been counted.
#[test]
fn long_texts_are_extrapolated() {
    let sentence = "The quick brown fox jumps over the lazy dog. ";
    let exact = 10 * 20_000;
    let counted = count(&sentence.repeat(20_000));
    assert!(
        counted.abs_diff(exact) < exact / 50,
        "{counted} instead of {exact}"
    );
}

/// Texts that make naive tokenizers quadratic or overflow their stack.
#[test]
fn hostile_texts_are_counted() {
    for (unit, times) in [
        (" ", 1_000_000),
        ("a", 1_000_000),
        ("\u{300}", 300_000),
        ("中", 300_000),
    ] {
        assert!(count(&unit.repeat(times)) > 0, "{unit:?}");
    }
}
