//! What answers say about their price, besides how many tokens they have.

use lockgate_wire::DialectId;
use lockgate_wire::canonical::{Billing, ServiceTier};
use serde_json::{Value, json};

/// What an answer says, which is the same for one that is passed on and for one that is translated.
fn billing(id: DialectId, answer: &Value) -> Billing {
    let body = answer.to_string();
    let seen = id.dialect().sniff(body.as_bytes()).usage.unwrap();
    let read = id.dialect().decode_response(body.as_bytes()).unwrap();
    assert_eq!(read.usage, Some(seen), "{body}");
    seen.billing
}

fn chat(usage: &Value) -> Value {
    let mut answer = json!({
        "id": "c", "object": "chat.completion", "model": "m",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "Hi" },
            "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15 },
    });
    for (name, value) in usage.as_object().unwrap() {
        answer["usage"][name] = value.clone();
    }
    answer
}

fn reported(usage: &Value) -> Option<u64> {
    billing(DialectId::OpenAiChat, &chat(usage)).reported_cost
}

#[test]
fn costs_are_read_as_their_providers_write_them() {
    // OpenRouter; with the customer's own key what its owner takes comes on top.
    assert_eq!(reported(&json!({ "cost": 0.0000125 })), Some(12_500_000));
    let own_key = json!({ "cost": 0.001, "is_byok": true,
        "cost_details": { "upstream_inference_cost": 0.02 } });
    assert_eq!(reported(&own_key), Some(21_000_000_000));
    let not_own = json!({ "cost": 0.02, "is_byok": false,
        "cost_details": { "upstream_inference_cost": 0.02 } });
    assert_eq!(reported(&not_own), Some(20_000_000_000));
    // Perplexity.
    let parts = json!({ "cost": { "input_tokens_cost": 0.1, "total_cost": 0.006 },
        "num_search_queries": 2 });
    assert_eq!(reported(&parts), Some(6_000_000_000));
    assert_eq!(
        billing(DialectId::OpenAiChat, &chat(&parts)).web_searches,
        2
    );
    // xAI.
    let ticks = json!({ "cost_in_usd_ticks": 37_756_000,
        "server_side_tool_usage_details": { "web_search_calls": 3 } });
    assert_eq!(reported(&ticks), Some(3_775_600_000));
    assert_eq!(
        billing(DialectId::OpenAiChat, &chat(&ticks)).web_searches,
        3
    );
    for none in [
        json!({}),
        json!({ "cost": null }),
        json!({ "cost": -1 }),
        json!({ "cost": "much" }),
        json!({ "cost": 1e300 }),
        json!({ "cost": { "total": 1 } }),
        json!({ "cost": [1] }),
    ] {
        assert_eq!(reported(&none), None, "{none}");
    }
}

#[test]
fn a_responses_answer_tells_its_cost_and_tier() {
    let answer = json!({
        "id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [],
        "service_tier": "flex",
        "usage": { "input_tokens": 3, "output_tokens": 4, "total_tokens": 7,
            "cost_in_usd_ticks": 10 },
    });
    let billing = billing(DialectId::OpenAiResponses, &answer);
    assert_eq!(billing.reported_cost, Some(1000));
    assert_eq!(billing.service_tier, Some(ServiceTier::Flex));
}

#[test]
fn the_tier_that_served_is_known_in_every_dialect_that_tells_it() {
    let mut openai = chat(&json!({}));
    openai["service_tier"] = json!("priority");
    let claude = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": "end_turn",
        "usage": { "input_tokens": 1, "output_tokens": 1, "service_tier": "priority" },
    });
    let gemini = json!({
        "candidates": [{ "content": { "parts": [{ "text": "Hi" }] }, "finishReason": "STOP" }],
        "usageMetadata": { "promptTokenCount": 1, "candidatesTokenCount": 1,
            "trafficType": "ON_DEMAND_PRIORITY" },
    });
    let bedrock = json!({
        "output": { "message": { "role": "assistant", "content": [{ "text": "Hi" }] } },
        "stopReason": "end_turn", "serviceTier": { "type": "priority" },
        "usage": { "inputTokens": 1, "outputTokens": 1, "totalTokens": 2 },
    });
    for (id, answer) in [
        (DialectId::OpenAiChat, openai),
        (DialectId::Anthropic, claude),
        (DialectId::Gemini, gemini),
        (DialectId::Bedrock, bedrock),
    ] {
        let tier = billing(id, &answer).service_tier;
        assert_eq!(tier, Some(ServiceTier::Priority), "{id:?}");
    }
    for (name, tier) in [
        ("default", Some(ServiceTier::Standard)),
        ("ON_DEMAND", Some(ServiceTier::Standard)),
        ("batch", Some(ServiceTier::Batch)),
        ("auto", None),
        ("golden", None),
    ] {
        assert_eq!(ServiceTier::named(name), tier, "{name}");
    }
}

#[test]
fn anthropic_says_what_costs_more() {
    let answer = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": "end_turn",
        "usage": { "input_tokens": 1, "output_tokens": 1, "speed": "fast", "inference_geo": "us",
            "server_tool_use": { "web_search_requests": 4, "web_fetch_requests": 1 } },
    });
    let billing = billing(DialectId::Anthropic, &answer);
    assert!(billing.fast && billing.us_only);
    assert_eq!(billing.web_searches, 4);
}

#[test]
fn what_a_session_used_adds_up() {
    let mut sum = lockgate_wire::canonical::Usage::default();
    for (cost, searches) in [(None, 1), (Some(5), 0), (Some(7), 2)] {
        let mut turn = lockgate_wire::canonical::Usage::default();
        turn.billing.reported_cost = cost;
        turn.billing.web_searches = searches;
        sum += turn;
    }
    assert_eq!(sum.billing.reported_cost, Some(12));
    assert_eq!(sum.billing.web_searches, 3);
}
