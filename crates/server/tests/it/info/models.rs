//! `/model/info`, `/model_group/info`, `/utils/supported_openai_params`.

use super::*;

#[tokio::test]
async fn deployments_are_described_without_their_secrets() {
    let stage = stage().await;
    for path in ["/model/info", "/v1/model/info"] {
        let list = get(&stage, path).await;
        let first = &list["data"][0];
        assert_eq!(first["model_name"], "gpt");
        let params = &first["litellm_params"];
        assert_eq!(params["model"], "openai/gpt-4o");
        assert_eq!(params["api_key"], Value::Null);
        assert_eq!(
            params["api_base"],
            format!("http://[REDACTED]@{}/v1", stage.mock.addr())
        );
        assert_eq!(params["timeout"], 30);
        assert_eq!(params["rpm"], 10);
        assert_eq!(params["temperature"], 0.5);
        assert_eq!(params["max_tokens"], 77);
        assert_eq!(params["extra_headers"], json!({ "x-anything": "*****" }));
        assert_eq!(
            params["extra_body"],
            json!({ "api_token": "*****", "foo": "bar", "nested": [{ "client_secret": "*****" }] })
        );
        assert_eq!(params["vendor_key"], "*****");

        let info = &first["model_info"];
        assert_eq!(info["id"].as_str().map(str::len), Some(64));
        assert_eq!(info["db_model"], false);
        assert_eq!(info["key"], "gpt-4o");
        assert_eq!(info["litellm_provider"], "openai");
        assert_eq!(info["mode"], "chat");
        assert_eq!(info["max_input_tokens"], 32000);
        assert_eq!(info["max_output_tokens"], 16384);
        assert_eq!(info["max_tokens"], 16384);
        assert_eq!(info["input_cost_per_token"], 0.5);
        assert_eq!(info["note"], "ours");
        assert_eq!(info["supports_vision"], true);
        assert_eq!(info["pricing_overrides"], json!(["input_cost_per_token"]));
        // What nobody wrote is as it is listed, except for what the new price makes void.
        assert_eq!(info["output_cost_per_token"], 0.000_01);
        assert_eq!(info.get("cache_read_input_token_cost"), None);
        assert_eq!(info["supports_function_calling"], true);
        assert!(contains(&info["supported_openai_params"], "logit_bias"));
    }
}

#[tokio::test]
async fn wildcards_are_listed_as_the_models_behind_them_and_aliases_as_their_deployments() {
    let stage = stage().await;
    let list = get(&stage, "/v1/model/info").await;
    let names = names(&list, "model_name");
    assert_eq!(names[..3], ["gpt", "gpt", "vectors"]);
    assert_eq!(names.last().map(String::as_str), Some("also-local"));
    assert!(!names.iter().any(|name| name == "hidden" || name == "gem/*"));
    let listed = list["data"].as_array().unwrap();
    let flash = listed
        .iter()
        .find(|item| item["model_name"] == "gem/gemini-2.5-flash");
    let flash = flash.expect("a known model of the wildcard's provider");
    assert_eq!(flash["litellm_params"]["model"], "gemini/gemini-2.5-flash");
    assert_eq!(flash["model_info"]["litellm_provider"], "gemini");
    assert!(flash["model_info"]["max_output_tokens"].is_u64());
    let vectors = &listed[2]["model_info"];
    assert_eq!(vectors["mode"], "embedding");
    assert_eq!(vectors["input_cost_per_token"], 0.000_000_02);
    assert_eq!(vectors["output_vector_size"], 1536);
    assert_eq!(vectors["pricing_overrides"], json!([]));
    let flash = &flash["model_info"];
    assert_eq!(flash["key"], "gemini/gemini-2.5-flash");
    assert_eq!(flash["input_cost_per_audio_token"], 0.000_001);
    assert_eq!(flash["supports_reasoning"], true);
    assert_eq!(vectors.get("supported_openai_params"), None);
    assert_eq!(vectors["max_tokens"], vectors["max_input_tokens"]);
}

#[tokio::test]
async fn one_deployment_by_its_id() {
    let stage = stage().await;
    let one = get(&stage, "/model/info?litellm_model_id=claude-id").await;
    assert_eq!(one["data"].as_array().unwrap().len(), 1);
    assert_eq!(one["data"][0]["model_info"]["id"], "claude-id");
    let none = "/model/info?litellm_model_id=nobody";
    assert_eq!(refused(&stage, none, None).await, 400);
}

#[tokio::test]
async fn pages_and_searches() {
    let stage = stage().await;
    let total = get(&stage, "/model/info").await["data"]
        .as_array()
        .unwrap()
        .len();
    let page = get(&stage, "/v2/model/info?size=2&page=2").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
    assert_eq!(page["data"][0]["model_name"], "vectors");
    assert_eq!(page["total_count"], total);
    assert_eq!(page["current_page"], 2);
    assert_eq!(page["size"], 2);
    assert_eq!(page["total_pages"], total.div_ceil(2));

    let found = get(&stage, "/v2/model/info?search=LOCAL").await;
    assert_eq!(names(&found, "model_name"), ["local", "also-local"]);
    assert_eq!(found["size"], 50);
    let one = get(&stage, "/v2/model/info?modelId=claude-id").await;
    assert_eq!(one["total_count"], 1);
    let none = get(&stage, "/v2/model/info?modelId=nobody").await;
    assert_eq!(none["data"], json!([]));
    assert_eq!(none["total_pages"], 0);
    let beyond = get(&stage, "/v2/model/info?page=99999999999").await;
    assert_eq!(beyond["data"], json!([]));
    for bad in ["page=0", "size=0", "size=-1", "size=x"] {
        let path = format!("/v2/model/info?{bad}");
        assert_eq!(refused(&stage, &path, None).await, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_group_is_what_its_deployments_are_together() {
    let stage = stage().await;
    let list = get(&stage, "/model_group/info?model_group=gpt").await;
    assert_eq!(names(&list, "model_group"), ["gpt"]);
    let group = &list["data"][0];
    assert_eq!(group["providers"], json!(["openai", "anthropic"]));
    assert_eq!(group["mode"], "chat");
    assert_eq!(group["rpm"], 15);
    assert_eq!(group["tpm"], Value::Null);
    assert_eq!(group["max_output_tokens"], 64000);
    assert_eq!(group["supports_vision"], true);
    assert_eq!(group["input_cost_per_token"], 0.5);
    assert_eq!(group["output_cost_per_token"], 0.000_015);
    assert_eq!(group["supports_reasoning"], true);
    assert_eq!(group["is_public_model_group"], false);
    let params = &group["supported_openai_params"];
    assert!(contains(params, "temperature"), "{params}");
    // OpenAI takes it, Anthropic does not.
    assert!(!contains(params, "logit_bias"), "{params}");

    let all = names(&get(&stage, "/model_group/info").await, "model_group");
    let mut once = all.clone();
    once.dedup();
    assert_eq!(all, once);
    assert!(all.iter().any(|name| name == "also-local"), "{all:?}");
    let none = get(&stage, "/model_group/info?model_group=nobody").await;
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn the_price_map_is_shown_to_anybody() {
    let stage = stage().await;
    let path = "/public/litellm_model_cost_map";
    for _ in 0..2 {
        let reply = stage.gateway.client().get(path).await.unwrap();
        assert_eq!(reply.status, 200);
        let map = reply.json();
        assert_eq!(map["gpt-4o"]["input_cost_per_token"], 0.000_002_5);
        assert!(map.as_object().unwrap().len() > 4_000);
    }
}

#[tokio::test]
async fn supported_parameters_are_those_that_arrive() {
    let stage = stage().await;
    let ask = async |model: &str| {
        let path = format!("/utils/supported_openai_params?model={model}");
        get(&stage, &path).await["supported_openai_params"].clone()
    };
    for (model, taken, not) in [
        (
            "openai/gpt-4o",
            &["logit_bias", "max_tokens", "temperature"][..],
            &["reasoning_effort", "thinking", "top_k", "verbosity"][..],
        ),
        (
            "o3",
            &["reasoning_effort", "max_completion_tokens"],
            &["temperature", "max_tokens", "logprobs"],
        ),
        (
            "anthropic/claude-sonnet-4-5",
            &["thinking", "user", "stop", "tool_choice", "stream"],
            &["seed", "n", "logit_bias", "presence_penalty"],
        ),
        (
            "gemini/gemini-2.5-flash",
            &["seed", "n", "reasoning_effort", "response_format"],
            &["logit_bias", "user"],
        ),
        (
            "local",
            &["seed", "temperature", "tools"],
            &["n", "logit_bias"],
        ),
        (
            "groq/llama-3.3-70b-versatile",
            &["seed", "tools"],
            &["logprobs", "logit_bias"],
        ),
        (
            "xai/grok-4",
            &["temperature"],
            &["stop", "frequency_penalty"],
        ),
        // What both deployments of a group take.
        ("gpt", &["temperature"], &["logit_bias", "thinking"]),
        ("gem/gemini-2.5-flash", &["seed"], &["logit_bias"]),
    ] {
        let params = ask(model).await;
        for name in taken {
            assert!(contains(&params, name), "{model} takes {name}: {params}");
        }
        for name in not {
            assert!(!contains(&params, name), "{model} has no {name}: {params}");
        }
    }
    for bad in ["", "?model=", "?model=nobody-knows-this", "?model=vectors"] {
        let path = format!("/utils/supported_openai_params{bad}");
        assert_eq!(refused(&stage, &path, None).await, 400, "{bad}");
    }
}
