//! Deviations, applied to bodies.

use std::str::FromStr as _;

use bytes::Bytes;
use lockgate_providers::{Call, PROVIDERS, Quirk, QuirkError, apply};
use lockgate_wire::Operation;
use lockgate_wire::json::JsonObject;

use crate::environment;

const CALL: Call<'_> = Call {
    operation: Operation::Chat,
    model: "m",
    drop_params: false,
};

fn run(quirks: &[Quirk], body: &str, call: &Call<'_>) -> String {
    let mut object = JsonObject::parse(Bytes::copy_from_slice(body.as_bytes()), 100).unwrap();
    apply(quirks, &mut object, call);
    String::from_utf8(object.to_bytes().to_vec()).unwrap()
}

/// One quirk by its text.
fn one(quirk: &str, body: &str) -> String {
    run(&[Quirk::from_str(quirk).unwrap()], body, &CALL)
}

/// The quirks of a built-in provider.
fn of(provider: &str, model: &str, drop_params: bool, body: &str) -> String {
    let row = PROVIDERS.iter().find(|row| row.id == provider).unwrap();
    let call = Call {
        model,
        drop_params,
        ..CALL
    };
    run(row.quirks, body, &call)
}

#[test]
fn rename() {
    let quirk = "rename max_completion_tokens max_tokens";
    assert_eq!(
        one(quirk, r#"{"max_completion_tokens": 5, "model":"m"}"#),
        r#"{"model":"m","max_tokens":5}"#
    );
    // The name the provider knows wins, unless it says nothing.
    assert_eq!(
        one(quirk, r#"{"max_completion_tokens":5,"max_tokens":7}"#),
        r#"{"max_tokens":7}"#
    );
    assert_eq!(
        one(quirk, r#"{"max_completion_tokens":5,"max_tokens":null}"#),
        r#"{"max_tokens":5}"#
    );
}

#[test]
fn drop_and_drop_without() {
    assert_eq!(one("drop store", r#"{"store":true,"a":1}"#), r#"{"a":1}"#);
    let quirk = "drop_without tools tool_choice";
    assert_eq!(one(quirk, r#"{"tool_choice":"auto","a":1}"#), r#"{"a":1}"#);
    let with_tools = r#"{"tool_choice":"auto","tools":[{}]}"#;
    assert_eq!(one(quirk, with_tools), with_tools);
}

#[test]
fn unsupported_members_go_only_when_asked() {
    let quirk = [Quirk::from_str("unsupported logprobs").unwrap()];
    let body = r#"{"logprobs":true,"a":1}"#;
    assert_eq!(run(&quirk, body, &CALL), body);
    let call = Call {
        drop_params: true,
        ..CALL
    };
    assert_eq!(run(&quirk, body, &call), r#"{"a":1}"#);
}

#[test]
fn clamp() {
    let quirk = "clamp temperature 0 1";
    assert_eq!(
        one(quirk, r#"{"temperature":1.7}"#),
        r#"{"temperature":1.0}"#
    );
    assert_eq!(
        one(quirk, r#"{"temperature":-1}"#),
        r#"{"temperature":0.0}"#
    );
    for untouched in [
        r#"{"temperature": 0.70}"#,
        r#"{"temperature":1}"#,
        r#"{"temperature":null}"#,
        r#"{"temperature":"hot"}"#,
        r#"{"a":1}"#,
    ] {
        assert_eq!(one(quirk, untouched), untouched);
    }
}

#[test]
fn set_and_default() {
    assert_eq!(
        one("set store false", r#"{"store":true}"#),
        r#"{"store":false}"#
    );
    assert_eq!(
        one("set store false", r#"{"a":1}"#),
        r#"{"a":1,"store":false}"#
    );
    let quirk = r#"default usage {"include": true}"#;
    assert_eq!(
        one(quirk, r#"{"a":1}"#),
        r#"{"a":1,"usage":{"include": true}}"#
    );
    let own = r#"{"usage":{"include":false}}"#;
    assert_eq!(one(quirk, own), own);
}

#[test]
fn nothing_is_added_to_embedding_requests() {
    let quirks = [
        Quirk::from_str("set store false").unwrap(),
        Quirk::from_str("default usage 1").unwrap(),
    ];
    let call = Call {
        operation: Operation::Embeddings,
        ..CALL
    };
    assert_eq!(run(&quirks, r#"{"a":1}"#, &call), r#"{"a":1}"#);
}

#[test]
fn value() {
    let quirk = "value tool_choice required any";
    assert_eq!(
        one(quirk, r#"{"tool_choice":"required"}"#),
        r#"{"tool_choice":"any"}"#
    );
    let named = r#"{"tool_choice":{"type":"function","function":{"name":"f"}}}"#;
    assert_eq!(one(quirk, named), named);
    assert_eq!(
        one(quirk, r#"{"tool_choice":"auto"}"#),
        r#"{"tool_choice":"auto"}"#
    );
}

#[test]
fn effort_to_thinking() {
    let quirk = "effort_to_thinking";
    assert_eq!(
        one(quirk, r#"{"reasoning_effort":"low"}"#),
        r#"{"thinking":{"type":"enabled"}}"#
    );
    assert_eq!(
        one(quirk, r#"{"reasoning_effort":"none"}"#),
        r#"{"thinking":{"type":"disabled"}}"#
    );
    assert_eq!(
        one(
            quirk,
            r#"{"reasoning_effort":"low","thinking":{"type":"disabled"}}"#
        ),
        r#"{"thinking":{"type":"disabled"}}"#
    );
}

#[test]
fn flatten_content() {
    let body = r#"{"messages":[{"role":"system","content":"a"},{"role":"user","content": [{"type":"text","text":"b \"c\" "},{"type":"text","text":"d"}]},{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]},{"role":"tool","content":[{"type":"text","text":"r"}],"tool_call_id":"1"}],"model":"m"}"#;
    assert_eq!(
        one("flatten_content", body),
        r#"{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b \"c\" d"},{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]},{"role":"tool","content":"r","tool_call_id":"1"}],"model":"m"}"#
    );
    assert_eq!(
        one("flatten_tool_content", body),
        r#"{"messages":[{"role":"system","content":"a"},{"role":"user","content":[{"type":"text","text":"b \"c\" "},{"type":"text","text":"d"}]},{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]},{"role":"tool","content":"r","tool_call_id":"1"}],"model":"m"}"#
    );
}

#[test]
fn strip_names() {
    assert_eq!(
        one(
            "strip_names",
            r#"{"messages":[{"role":"user","name":"bob","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","name":"f","tool_call_id":"1","content":"x"}]}"#
        ),
        r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","name":"f","tool_call_id":"1","content":"x"}]}"#
    );
}

#[test]
fn drop_function_ids() {
    assert_eq!(
        one(
            "drop_function_ids",
            r#"{"contents":[{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{"id":"kept"}}}]},{"role":"user","parts":{"function_response":{"name":"f","id":"a","response":{}}}}]}"#
        ),
        r#"{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{"id":"kept"}}}]},{"role":"user","parts":{"function_response":{"name":"f","response":{}}}}]}"#
    );
    let plain = r#"{"contents": [{"parts": [{"text": "hi"}]}]}"#;
    assert_eq!(one("drop_function_ids", plain), plain);
}

#[test]
fn predict_embeddings() {
    assert_eq!(
        one(
            "predict_embeddings",
            r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"},{"text":"b"}]},"taskType":"RETRIEVAL_QUERY","title":"t","outputDimensionality":64},{"model":"models/m","content":{"parts":[{"text":"c"}]},"outputDimensionality":64}]}"#
        ),
        r#"{"instances":[{"content":"a\nb","task_type":"RETRIEVAL_QUERY","title":"t"},{"content":"c"}],"parameters":{"outputDimensionality":64}}"#
    );
}

#[test]
fn drop_with() {
    let quirk = "drop_with project_id space_id";
    assert_eq!(
        one(quirk, r#"{"space_id":"s","project_id":"p"}"#),
        r#"{"project_id":"p"}"#
    );
    let alone = r#"{"space_id":"s","project_id":null}"#;
    assert_eq!(one(quirk, alone), alone);
}

#[test]
fn defaults_may_come_from_the_environment() {
    let quirk = Quirk::from_str("default_env project_id A|B").unwrap();
    assert_eq!(quirk.settled(&environment(&[("A", "")])), None);
    let settled = quirk.settled(&environment(&[("A", ""), ("B", "p \"1\"")]));
    assert_eq!(
        run(&[settled.unwrap()], r#"{"a":1}"#, &CALL),
        r#"{"a":1,"project_id":"p \"1\""}"#
    );
    // Before it is settled it knows nothing.
    assert_eq!(
        run(std::slice::from_ref(&quirk), r#"{"a":1}"#, &CALL),
        r#"{"a":1}"#
    );
    // Whatever is asked for.
    let settled = quirk.settled(&environment(&[("A", "p")])).unwrap();
    assert_eq!(settled.to_string(), r#"fill project_id "p""#);
    let embeddings = Call {
        operation: Operation::Embeddings,
        ..CALL
    };
    assert_eq!(run(&[settled], "{}", &embeddings), r#"{"project_id":"p"}"#);
    let other = Quirk::from_str("drop a for m").unwrap();
    assert_eq!(other.settled(&environment(&[])), Some(other));
}

#[test]
fn rename_string() {
    let quirk = "rename_string tool_choice tool_choice_option";
    assert_eq!(
        one(quirk, r#"{"tool_choice":"auto"}"#),
        r#"{"tool_choice_option":"auto"}"#
    );
    let named = r#"{"tool_choice":{"type":"function","function":{"name":"f"}}}"#;
    assert_eq!(one(quirk, named), named);
}

#[test]
fn route_suffix() {
    assert_eq!(
        one(
            "route_suffix",
            r#"{"model":"together/openai/gpt-oss-120b"}"#
        ),
        r#"{"model":"openai/gpt-oss-120b:together"}"#
    );
    for whole in [
        r#"{"model":"openai/gpt-oss-120b"}"#,
        r#"{"model":"tgi"}"#,
        r#"{"model":7}"#,
    ] {
        assert_eq!(one("route_suffix", whole), whole);
    }
}

#[test]
fn rename_and_drop_in_messages() {
    let quirk = "rename_in_messages reasoning_content reasoning";
    assert_eq!(
        one(
            quirk,
            r#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","reasoning_content":"t","content":"a"},{"role":"assistant","reasoning_content":"t","reasoning":"own"}],"model":"m"}"#
        ),
        r#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning":"t"},{"role":"assistant","reasoning":"own"}],"model":"m"}"#
    );
    assert_eq!(
        one(
            "drop_in_messages refusal,annotations",
            r#"{"messages":[{"role":"assistant","refusal":null,"content":"refusal","annotations":[]}]}"#
        ),
        r#"{"messages":[{"role":"assistant","content":"refusal"}]}"#
    );
    let clean = r#"{"messages": [ {"role":"user","content":"annotations"} ]}"#;
    assert_eq!(one("drop_in_messages refusal,annotations", clean), clean);
}

#[test]
fn fill_reasoning() {
    assert_eq!(
        one(
            "fill_reasoning",
            r#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"},{"role":"assistant","content":"b","reasoning_content":""},{"role":"assistant","content":"c","reasoning_content":"t"},{"role":"tool","content":"r"}]}"#
        ),
        r#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning_content":" "},{"role":"assistant","content":"b","reasoning_content":" "},{"role":"assistant","content":"c","reasoning_content":"t"},{"role":"tool","content":"r"}]}"#
    );
}

#[test]
fn split_tool_calls() {
    assert_eq!(
        one(
            "split_tool_calls",
            r#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"t","tool_calls":[{"id":"a"},{"id":"b"}]},{"role":"tool","tool_call_id":"b","content":"2"},{"role":"tool","tool_call_id":"a","content":"1"},{"role":"user","content":"n"}]}"#
        ),
        r#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"t","tool_calls":[{"id":"a"}]},{"role":"tool","tool_call_id":"a","content":"1"},{"role":"assistant","tool_calls":[{"id":"b"}]},{"role":"tool","tool_call_id":"b","content":"2"},{"role":"user","content":"n"}]}"#
    );
    for untouched in [
        // One call is no trouble.
        r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"a"}]}, {"role":"tool","tool_call_id":"a"}]}"#,
        // A call without a result, and one with another's.
        r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"a"},{"id":"b"}]}, {"role":"tool","tool_call_id":"a"}]}"#,
        r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"a"},{"id":"b"}]}, {"role":"tool","tool_call_id":"a"}, {"role":"tool","tool_call_id":"c"}]}"#,
    ] {
        assert_eq!(one("split_tool_calls", untouched), untouched);
    }
}

const EFFORT: &str = r#"{"reasoning_effort":"low"}"#;
const THINKING: &str = r#"{"thinking":{"type":"enabled"}}"#;

/// Provider, model, what is sent, what arrives while refused members are dropped. From the
/// documentation and the error answers of the providers.
const SINGLE: &[(&str, &str, &str, &str)] = &[
    (
        "groq",
        "qwen/qwen3-32b",
        EFFORT,
        r#"{"reasoning_effort":"default"}"#,
    ),
    ("groq", "llama-3.3-70b-versatile", EFFORT, EFFORT),
    (
        "groq",
        "llama-3.3-70b-versatile",
        r#"{"messages":[{"role":"assistant","reasoning_content":"t"}]}"#,
        r#"{"messages":[{"role":"assistant"}]}"#,
    ),
    (
        "minimax",
        "MiniMax-M2",
        r#"{"temperature":0}"#,
        r#"{"temperature":0.01}"#,
    ),
    (
        "mistral",
        "mistral-embed",
        r#"{"dimensions":8}"#,
        r#"{"output_dimension":8}"#,
    ),
    (
        "moonshot",
        "moonshot-v1-8k",
        r#"{"temperature":1.5,"top_p":0.5}"#,
        r#"{"temperature":1.0,"top_p":0.5}"#,
    ),
    (
        "moonshot",
        "kimi-k2.5",
        r#"{"temperature":0.6,"top_p":0.5,"n":2}"#,
        "{}",
    ),
    (
        "perplexity",
        "sonar",
        r#"{"max_completion_tokens":5}"#,
        r#"{"max_tokens":5}"#,
    ),
    ("xai", "grok-4-fast-reasoning", EFFORT, "{}"),
    ("xai", "grok-4.3", EFFORT, EFFORT),
    ("xai", "grok-3-mini", EFFORT, EFFORT),
    (
        "xai",
        "grok-4-fast-non-reasoning",
        r#"{"presence_penalty":1}"#,
        r#"{"presence_penalty":1}"#,
    ),
    ("xai", "grok-4", r#"{"presence_penalty":1}"#, "{}"),
    ("zai", "glm-4.6", EFFORT, THINKING),
    ("zai", "glm-5.2", EFFORT, EFFORT),
    (
        "voyage",
        "voyage-3.5",
        r#"{"encoding_format":"float","dimensions":5}"#,
        r#"{"output_dimension":5}"#,
    ),
    (
        "voyage",
        "voyage-3.5",
        r#"{"encoding_format":"base64"}"#,
        r#"{"encoding_format":"base64"}"#,
    ),
    (
        "jina_ai",
        "jina-embeddings-v4",
        r#"{"encoding_format":"base64"}"#,
        r#"{"embedding_type":"base64"}"#,
    ),
    (
        "watsonx",
        "deployment/d1",
        r#"{"model":"deployment/d1"}"#,
        "{}",
    ),
];

#[test]
fn what_single_providers_differ_about() {
    for (provider, model, sent, expected) in SINGLE {
        assert_eq!(
            of(provider, model, true, sent),
            *expected,
            "{provider}/{model}"
        );
    }
}

/// Bytes that need no edit are the client's own, spaces and number formats included.
#[test]
fn a_body_that_fits_is_not_touched() {
    let body = r#"{ "model" : "m", "messages" : [ { "role":"user", "content" : "hi" } ], "temperature" : 0.70 }"#;
    for row in PROVIDERS
        .iter()
        .filter(|row| !matches!(row.id, "openrouter" | "parasail" | "watsonx"))
    {
        assert_eq!(of(row.id, "m", true, body), body, "{}", row.id);
    }
}

#[test]
fn malformed_messages_are_left_to_the_provider() {
    for body in [
        r#"{"messages":"\"content\":["}"#,
        r#"{"messages":[1,{"content":[{"type":"text"}]}]}"#,
        r#"{"messages":{"content":[]}}"#,
    ] {
        assert_eq!(one("flatten_content", body), body);
        assert_eq!(one("strip_names", body), body);
    }
}

#[test]
fn quirks_may_be_for_some_models() {
    let quirk = Quirk::from_str("drop a for gpt-5,o3,!gpt-5-chat").unwrap();
    for (model, concerned) in [
        ("gpt-5", true),
        ("gpt-5-mini", true),
        ("o3-mini", true),
        ("gpt-5-chat-latest", false),
        ("gpt-4o", false),
        ("my-gpt-5", false),
    ] {
        assert_eq!(quirk.concerns(model), concerned, "{model}");
    }
}

#[test]
fn openai_reasoning_models() {
    let body = r#"{"max_tokens":9,"temperature":0.1,"stop":"x"}"#;
    assert_eq!(of("openai", "gpt-4o", true, body), body);
    assert_eq!(
        of("openai", "o3-mini", false, body),
        r#"{"temperature":0.1,"stop":"x","max_completion_tokens":9}"#
    );
    assert_eq!(
        of("openai", "gpt-5-mini", true, body),
        r#"{"max_completion_tokens":9}"#
    );
    assert_eq!(
        of("openai", "gpt-5.1", true, body),
        r#"{"temperature":0.1,"max_completion_tokens":9}"#
    );
    assert_eq!(of("openai", "gpt-5-chat-latest", true, body), body);
}

#[test]
fn mistral_refuses_what_its_schema_lacks() {
    assert_eq!(
        of(
            "mistral",
            "mistral-large-latest",
            false,
            r#"{"model":"m","seed":1,"user":"u","stream":true,"stream_options":{"include_usage":true},"tool_choice":"required","max_completion_tokens":3}"#
        ),
        r#"{"model":"m","stream":true,"tool_choice":"any","max_tokens":3,"random_seed":1}"#
    );
}

#[test]
fn texts_that_are_no_quirk() {
    for (text, error) in [
        ("frobnicate x", QuirkError::Unknown("frobnicate".to_owned())),
        ("", QuirkError::Unknown(String::new())),
        (
            "drop",
            QuirkError::Form {
                text: "drop".to_owned(),
                form: "drop MEMBER",
            },
        ),
        (
            "clamp temperature 2 1",
            QuirkError::Form {
                text: "clamp temperature 2 1".to_owned(),
                form: "clamp MEMBER MIN MAX",
            },
        ),
        (
            "set store {false",
            QuirkError::Form {
                text: "set store {false".to_owned(),
                form: "set MEMBER JSON",
            },
        ),
    ] {
        assert_eq!(Quirk::from_str(text), Err(error), "{text}");
    }
}

#[test]
fn multimodal_inputs_are_lists_of_parts() {
    let quirk = Quirk::from_str("multimodal_inputs").unwrap();
    for (sent, expected) in [
        (
            r#"{"input":"a"}"#,
            r#"{"inputs":[{"content":[{"type":"text","text":"a"}]}]}"#,
        ),
        (
            r#"{"input":["a",{"content":[{"type":"image_url","image_url":{"url":"https://h/a.png"}}]}]}"#,
            r#"{"inputs":[{"content":[{"type":"text","text":"a"}]},{"content":[{"type":"image_url","image_url":"https://h/a.png"}]}]}"#,
        ),
        (
            r#"{"input":{"content":[{"type":"image_url","image_url":"data:image/png;base64,AA=="},{"type":"text","text":"b"}]}}"#,
            r#"{"inputs":[{"content":[{"type":"image_base64","image_base64":"data:image/png;base64,AA=="},{"type":"text","text":"b"}]}]}"#,
        ),
        (r#"{"inputs":[]}"#, r#"{"inputs":[]}"#),
    ] {
        assert_eq!(run(std::slice::from_ref(&quirk), sent, &CALL), expected);
    }
}
