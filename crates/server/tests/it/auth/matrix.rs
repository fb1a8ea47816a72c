//! Every kind of caller on routes of every class, through the real binary: keys that are narrowed,
//! expired, blocked, of roles that only look, of teams that are blocked.
//!
//! The routes of the management API by role and ownership are the table of `lockgate-admin`.

use std::fmt::Write as _;

use lockgate_testkit::Client;
use serde_json::{Value, json};

use crate::support::{Dialect, Stage, eventually};

/// Routes of every class, with a body where they take one.
fn routes() -> Vec<(&'static str, Option<Value>)> {
    let messages = json!([{ "role": "user", "content": "x" }]);
    let chat = json!({ "model": "m", "messages": messages, "max_tokens": 1 });
    let gemini = json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" }] }] });
    vec![
        ("/v1/chat/completions", Some(chat.clone())),
        ("/openai/deployments/m/chat/completions", Some(chat.clone())),
        (
            "/v1/completions",
            Some(json!({ "model": "m", "prompt": "x" })),
        ),
        (
            "/v1/embeddings",
            Some(json!({ "model": "m", "input": "x" })),
        ),
        ("/v1/messages", Some(chat)),
        ("/v1/responses", Some(json!({ "model": "m", "input": "x" }))),
        ("/v1beta/models/m:generateContent", Some(gemini)),
        ("/v1/models", None),
        ("/model/info", None),
        ("/metrics", None),
        ("/health", None),
        (
            "/utils/transform_request",
            Some(json!({ "call_type": "completion", "request_body": {} })),
        ),
        ("/key/info", None),
        ("/key/generate", Some(json!({ "models": ["m"] }))),
        ("/team/new", Some(json!({}))),
        ("/config/update", Some(json!({ "general_settings": {} }))),
        ("/config/list", None),
        ("/audit", None),
    ]
}

async fn manage(stage: &Stage, path: &str, body: Value) -> Value {
    let reply = stage.client().post(path, &body).await.unwrap();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

async fn key(stage: &Stage, settings: Value) -> String {
    let made = manage(stage, "/key/generate", settings).await;
    made["key"].as_str().unwrap().to_owned()
}

async fn of_user(stage: &Stage, role: &str) -> String {
    let user = json!({ "user_id": role, "user_role": role, "auto_create_key": false });
    manage(stage, "/user/new", user).await;
    key(stage, json!({ "user_id": role })).await
}

async fn callers(stage: &Stage) -> Vec<(&'static str, Client)> {
    let mut keys = vec![
        ("key", key(stage, json!({})).await),
        ("admin", of_user(stage, "proxy_admin").await),
        ("viewer", of_user(stage, "proxy_admin_viewer").await),
        ("user", of_user(stage, "internal_user").await),
        ("user_viewer", of_user(stage, "internal_user_viewer").await),
        ("org_admin", of_user(stage, "org_admin").await),
        (
            "chat_only",
            key(stage, json!({ "allowed_routes": ["/chat/completions"] })).await,
        ),
        (
            "models_only",
            key(stage, json!({ "allowed_routes": ["llm_api_routes"] })).await,
        ),
        (
            "manager",
            key(stage, json!({ "allowed_routes": ["management_routes"] })).await,
        ),
        (
            "other_model",
            key(stage, json!({ "models": ["other"] })).await,
        ),
    ];
    let expired = key(stage, json!({ "duration": "1s" })).await;
    let blocked = key(stage, json!({})).await;
    manage(stage, "/key/block", json!({ "key": blocked })).await;
    manage(stage, "/team/new", json!({ "team_id": "red" })).await;
    let of_team = key(stage, json!({ "team_id": "red" })).await;
    manage(stage, "/team/block", json!({ "team_id": "red" })).await;
    eventually("the key has expired", || async {
        let client = stage.gateway.client().bearer(&expired);
        client.get("/v1/models").await.unwrap().status == 401
    })
    .await;
    keys.extend([
        ("expired", expired),
        ("blocked", blocked),
        ("team_blocked", of_team),
    ]);
    keys.push(("unknown", "sk-unknown-0123456789".to_owned()));
    // As much of SQL as an error message would need (CVE-2026-42208).
    keys.push(("sql", "sk-' OR '1'='1'; DROP TABLE entities; --".to_owned()));
    let clients = keys.into_iter();
    let client = |key: String| stage.gateway.client().bearer(&key);
    let mut clients: Vec<_> = clients.map(|(name, key)| (name, client(key))).collect();
    clients.push(("nobody", stage.gateway.client()));
    clients
}

#[tokio::test]
async fn who_gets_in_where() {
    let stage = Stage::start(|mock, config| {
        config.model(mock, "m", Dialect::OpenAi, "mock").model(
            mock,
            "other",
            Dialect::OpenAi,
            "mock",
        )
    })
    .await;
    let callers = callers(&stage).await;
    let mut table = String::new();
    for (path, body) in routes() {
        let _written = write!(table, "{path:40}");
        for (name, client) in &callers {
            let reply = match &body {
                Some(body) => client.post(path, body).await.unwrap(),
                None => client.get(path).await.unwrap(),
            };
            // Whoever is let in gets an answer, of whatever kind.
            let cell = match reply.status {
                401 => "key",
                403 => "no",
                status if status < 500 => "yes",
                other => panic!("{path} by {name}: {other} {}", reply.text()),
            };
            let _written = write!(table, " {cell:>4}");
        }
        table.push('\n');
    }
    let names = callers.iter().map(|(name, _)| *name);
    let names = names.collect::<Vec<_>>().join(" ");
    let shown = format!("{names}\n{table}");
    assert_eq!(shown.trim(), EXPECTED.trim(), "\n{shown}");
    // Nothing that was shown changed what is known.
    let reply = stage.client().get("/key/list").await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// `key`: 401, `no`: 403, `yes`: an answer.
const EXPECTED: &str = "\
key admin viewer user user_viewer org_admin chat_only models_only manager other_model expired blocked team_blocked unknown sql nobody
/v1/chat/completions                      yes  yes  yes  yes  yes  yes  yes  yes   no   no  key  key  key  key  key  key
/openai/deployments/m/chat/completions    yes  yes  yes  yes  yes  yes  yes  yes   no   no  key  key  key  key  key  key
/v1/completions                           yes  yes  yes  yes  yes  yes   no  yes   no   no  key  key  key  key  key  key
/v1/embeddings                            yes  yes  yes  yes  yes  yes   no  yes   no   no  key  key  key  key  key  key
/v1/messages                              yes  yes  yes  yes  yes  yes   no  yes   no   no  key  key  key  key  key  key
/v1/responses                             yes  yes  yes  yes  yes  yes   no  yes   no   no  key  key  key  key  key  key
/v1beta/models/m:generateContent          yes  yes  yes  yes  yes  yes   no  yes   no   no  key  key  key  key  key  key
/v1/models                                yes  yes  yes  yes  yes  yes   no  yes   no  yes  key  key  key  key  key  key
/model/info                               yes  yes  yes  yes  yes  yes   no   no  yes  yes  key  key  key  key  key  key
/metrics                                  yes  yes  yes  yes  yes  yes   no   no  yes  yes  key  key  key  key  key  key
/health                                    no  yes  yes   no   no   no   no   no   no   no  key  key  key  key  key  key
/utils/transform_request                   no  yes  yes   no   no   no   no   no   no   no  key  key  key  key  key  key
/key/info                                 yes  yes  yes  yes  yes  yes   no   no  yes  yes  key  key  key  key  key  key
/key/generate                              no  yes   no  yes   no  yes   no   no   no   no  key  key  key  key  key  key
/team/new                                  no  yes   no   no   no   no   no   no   no   no  key  key  key  key  key  key
/config/update                             no  yes   no   no   no   no   no   no   no   no  key  key  key  key  key  key
/config/list                               no  yes   no   no   no   no   no   no   no   no  key  key  key  key  key  key
/audit                                     no  yes  yes   no   no   no   no   no   no   no  key  key  key  key  key  key
";
