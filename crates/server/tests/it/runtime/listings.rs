//! The models there are, as each dialect's clients ask for them.

use serde_json::{Value, json};

use crate::support::{Dialect, Stage};

const NAMES: [&str; 3] = ["zeta", "alpha", "vectors"];

/// Three groups, one of two deployments, one that embeds.
async fn stage() -> Stage {
    Stage::start(|mock, config| {
        config
            .entry(json!({
                "model_name": "zeta",
                "litellm_params": { "model": "openai/mock", "api_base": mock.url("/v1"), "api_key": "k" },
                "model_info": { "mode": "chat", "max_input_tokens": 32000, "max_output_tokens": 4000 },
            }))
            .model(mock, "alpha", Dialect::Ollama, "mock")
            .model(mock, "zeta", Dialect::Anthropic, "mock")
            .entry(json!({
                "model_name": "vectors",
                "litellm_params": { "model": "openai/text-embedding-3-small", "api_base": mock.url("/v1"), "api_key": "k" },
                "model_info": { "mode": "embedding" },
            }))
            .section("router_settings", json!({ "model_group_alias": {
                "hidden-alias": { "model": "alpha", "hidden": true },
            } }))
    })
    .await
}

async fn get(stage: &Stage, path: &str, header: Option<&str>) -> Value {
    let mut client = stage.client();
    if let Some(name) = header {
        client = client.header(name, "2023-06-01");
    }
    let reply = client.get(path).await.unwrap();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn column(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn openai() {
    let stage = stage().await;
    for path in ["/v1/models", "/models"] {
        let list = get(&stage, path, None).await;
        assert_eq!(list["object"], "list");
        assert_eq!(column(&list["data"], "id"), NAMES);
        let first = &list["data"][0];
        assert_eq!(first["object"], "model");
        assert_eq!(first["created"], 1_677_610_602);
        assert_eq!(first["owned_by"], "openai");
        assert_eq!(first["max_input_tokens"], 32000);
        assert_eq!(first["max_output_tokens"], 4000);
    }
    let one = get(&stage, "/v1/models/alpha", None).await;
    assert_eq!(one["id"], "alpha");
    let none = stage.client().get("/v1/models/nobody").await.unwrap();
    assert_eq!(none.status, 404);
    Dialect::OpenAi.assert_error(404, &none.json());
}

#[tokio::test]
async fn anthropic() {
    let stage = stage().await;
    let list = get(&stage, "/v1/models", Some("anthropic-version")).await;
    assert_eq!(column(&list["data"], "id"), NAMES);
    assert_eq!(list["has_more"], false);
    assert_eq!(list["first_id"], "zeta");
    assert_eq!(list["last_id"], "vectors");
    assert_eq!(list["data"][0]["type"], "model");
    assert!(
        list["data"][0]["created_at"].is_string() && list["data"][0]["display_name"].is_string()
    );
    // Members that the type `ModelInfo` of the official SDKs requires.
    assert_eq!(list["data"][0]["lifecycle"], "active");
    assert!(list["data"][0]["line"].is_null());
    let one = get(&stage, "/v1/models/alpha", Some("anthropic-version")).await;
    assert_eq!(one["type"], "model");
}

#[tokio::test]
async fn gemini() {
    let stage = stage().await;
    let list = get(&stage, "/v1beta/models", None).await;
    assert_eq!(
        column(&list["models"], "name"),
        ["models/zeta", "models/alpha", "models/vectors"]
    );
    let first = &list["models"][0];
    assert_eq!(first["inputTokenLimit"], 32000);
    let methods = first["supportedGenerationMethods"].to_string();
    assert!(methods.contains("generateContent"), "{methods}");
    let embeds = list["models"][2]["supportedGenerationMethods"].to_string();
    assert!(embeds.contains("embedContent"), "{embeds}");
    let one = get(&stage, "/v1beta/models/alpha", None).await;
    assert_eq!(one["name"], "models/alpha");
    let none = stage.client().get("/v1beta/models/nobody").await.unwrap();
    Dialect::Gemini.assert_error(none.status, &none.json());
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn ollama() {
    let stage = stage().await;
    for path in ["/api/tags", "/api/ps"] {
        let list = get(&stage, path, None).await;
        for member in ["name", "model"] {
            assert_eq!(column(&list["models"], member), NAMES, "{path}");
        }
        let first = &list["models"][0];
        assert!(
            first["digest"].is_string() && first["size"].is_u64(),
            "{first}"
        );
        assert!(first["details"]["families"].is_array() || first["details"]["families"].is_null());
    }
    let version = get(&stage, "/api/version", None).await;
    assert!(
        version["version"]
            .as_str()
            .is_some_and(|version| version.split('.').count() == 3)
    );

    let show = async |body: &Value| stage.client().post("/api/show", body).await.unwrap();
    for body in [
        json!({ "model": "zeta" }),
        json!({ "name": "zeta" }),
        json!({ "model": "zeta:latest" }),
    ] {
        let shown = show(&body).await;
        assert_eq!(shown.status, 200, "{body}: {}", shown.text());
        let shown = shown.json();
        assert!(
            shown["capabilities"].to_string().contains("completion"),
            "{shown}"
        );
        assert!(
            shown["capabilities"].to_string().contains("tools"),
            "{shown}"
        );
        assert!(
            shown["details"].is_object() && shown["model_info"].is_object(),
            "{shown}"
        );
        let window = shown["model_info"].as_object().unwrap().iter();
        let mut window = window.filter(|(name, _)| name.ends_with(".context_length"));
        assert_eq!(window.next().unwrap().1, 32000);
    }
    let embeds = show(&json!({ "model": "vectors" })).await.json();
    assert_eq!(embeds["capabilities"], json!(["embedding"]));
    let none = show(&json!({ "model": "nobody" })).await;
    assert_eq!(none.status, 404);
    Dialect::Ollama.assert_error(404, &none.json());
    assert_eq!(show(&json!({})).await.status, 400);
}

#[tokio::test]
async fn a_hidden_alias_is_served_and_not_listed() {
    let stage = stage().await;
    assert_eq!(stage.chat("hidden-alias").await.status, 200);
    let list = get(&stage, "/v1/models", None).await.to_string();
    assert!(!list.contains("hidden-alias"), "{list}");
}

#[tokio::test]
async fn pages_for_people_and_tools() {
    let stage = stage().await;
    let page = stage.gateway.client().get("/").await.unwrap();
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(page.text().contains("Lockgate"));
    let openapi = stage
        .gateway
        .client()
        .get("/openapi.json")
        .await
        .unwrap()
        .json();
    assert!(
        openapi["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with('3'))
    );
    for path in [
        "/v1/chat/completions",
        "/v1/messages",
        "/api/chat",
        "/health/readiness",
        "/public/providers",
    ] {
        assert!(openapi["paths"][path].is_object(), "{path}");
    }
}

#[tokio::test]
async fn the_providers_are_listed_for_anybody() {
    let stage = stage().await;
    let client = stage.gateway.client();
    let reply = client.get("/public/providers").await.unwrap();
    assert_eq!(reply.status, 200);
    let ids = reply.json();
    let ids = ids.as_array().unwrap();
    assert!(ids.iter().any(|id| id == "openai"), "{ids:?}");
    assert!(ids.iter().all(serde_json::Value::is_string));
}
