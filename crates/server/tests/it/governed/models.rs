//! Deployments and settings of the database: served at once, everywhere, and after a restart.

use std::path::Path;

use http::Method;
use lockgate_testkit::{Gateway, Reply};
use serde_json::{Value, json};

use super::{Database, Site, holder, key, manage, on_each_database, told};
use crate::support::{CHAT, Dialect, MASTER, SOON, eventually};

on_each_database! {
    a_model_serves_as_soon_as_it_is_made_and_until_it_is_deleted
    a_model_reaches_another_replica_and_outlives_the_process
    a_team_has_models_of_its_own
    settings_of_the_database_win_over_the_file
    what_cannot_be_served_is_told
    a_credential_serves_the_models_that_name_it
    prices_of_stored_models_and_of_wildcards_count
}

/// The provider's credential: nobody may find it anywhere but in the upstream request.
const SECRET: &str = "sk-db-upstream-c0ffee15";

/// A deployment of the mock as `/model/new` takes it.
fn model(site: &Site, name: &str, script: &str, info: &Value) -> Value {
    json!({
        "model_name": name,
        "litellm_params": {
            "model": format!("openai/{script}"),
            "api_base": site.mock.url(Dialect::OpenAi.base_path()),
            "api_key": SECRET,
        },
        "model_info": info,
    })
}

async fn ask(gateway: &Gateway, key: &str, model: &str) -> Reply {
    let body = json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] });
    holder(gateway, key).post(CHAT, &body).await.unwrap()
}

async fn status(gateway: &Gateway, model: &str) -> u16 {
    ask(gateway, MASTER, model).await.status
}

async fn get(gateway: &Gateway, key: &str, path: &str) -> Value {
    let reply = holder(gateway, key).get(path).await.unwrap();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// The names in `/v1/models`.
async fn listed(gateway: &Gateway, key: &str) -> Vec<String> {
    let models = get(gateway, key, "/v1/models").await;
    let models = models["data"].as_array().unwrap().iter();
    models
        .map(|model| model["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The entry of `/model/info` with an id.
async fn info(gateway: &Gateway, id: &str) -> Value {
    let path = format!("/v1/model/info?litellm_model_id={id}");
    get(gateway, MASTER, &path).await["data"][0].clone()
}

fn hides_secret(text: &str) {
    assert!(!text.contains(SECRET), "{text}");
}

fn files_hide_secret(folder: &Path) {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            hides_secret(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}

async fn a_model_serves_as_soon_as_it_is_made_and_until_it_is_deleted(database: Database) {
    let site = Site::new(database, 0.0).await;
    let gateway = site.start().await;
    assert_eq!(status(&gateway, "made").await, 400);
    let made = model(
        &site,
        "made",
        "mock-made",
        &json!({ "id": "made-id", "mode": "chat" }),
    );
    let answer = manage(&gateway, "/model/new", made.clone()).await;
    hides_secret(&answer.to_string());
    assert_eq!(status(&gateway, "made").await, 200);
    let sent = &site.mock.requests_for("mock-made")[0];
    let bearer = sent.headers["authorization"].to_str().unwrap();
    assert_eq!(bearer, format!("Bearer {SECRET}"));

    assert_eq!(listed(&gateway, MASTER).await, ["mock", "made"]);
    let shown = info(&gateway, "made-id").await;
    assert_eq!(shown["model_info"]["db_model"], true);
    hides_secret(&shown.to_string());
    let groups = get(&gateway, MASTER, "/model_group/info?model_group=made").await;
    assert_eq!(groups["data"][0]["model_group"], "made");
    let client = gateway.client().bearer(MASTER);
    let again = client.post("/model/new", &made).await.unwrap();
    assert_eq!(again.status, 400, "{}", again.text());

    let patch =
        json!({ "model_name": "renamed", "litellm_params": { "api_key": "****", "rpm": 7 } });
    let patched = client
        .send(
            Method::PATCH,
            "/model/made-id/update",
            patch.to_string().into(),
        )
        .await
        .unwrap();
    assert_eq!(patched.status, 200);
    assert_eq!(status(&gateway, "made").await, 400);
    assert_eq!(status(&gateway, "renamed").await, 200);
    assert_eq!(info(&gateway, "made-id").await["litellm_params"]["rpm"], 7);
    let sent = site.mock.requests_for("mock-made");
    let kept = sent[1].headers["authorization"].to_str().unwrap();
    assert_eq!(kept, format!("Bearer {SECRET}"), "a blotted secret stays");

    manage(&gateway, "/model/block", json!({ "id": "made-id" })).await;
    assert_eq!(status(&gateway, "renamed").await, 400);
    manage(&gateway, "/model/unblock", json!({ "id": "made-id" })).await;
    assert_eq!(status(&gateway, "renamed").await, 200);
    manage(&gateway, "/model/delete", json!({ "id": "made-id" })).await;
    assert_eq!(status(&gateway, "renamed").await, 400);
    assert_eq!(listed(&gateway, MASTER).await, ["mock"]);
    hides_secret(&gateway.logs());
    hides_secret(&get(&gateway, MASTER, "/audit").await.to_string());
    files_hide_secret(site.folder.path());
}

async fn a_model_reaches_another_replica_and_outlives_the_process(database: Database) {
    let site = Site::new(database, 0.0).await;
    let mut one = site.start().await;
    let other = site.start_another().await;
    let made = model(&site, "made", "mock", &json!({ "id": "made-id" }));
    manage(&one, "/model/new", made).await;
    eventually("the other replica serves the model", || async {
        status(&other, "made").await == 200
    })
    .await;
    // A file that changes keeps what the database adds.
    let yaml = std::fs::read_to_string(other.config_path()).unwrap();
    let mut config: Value = serde_json::from_str(&yaml).unwrap();
    config["router_settings"] = json!({ "model_group_alias": { "other-name": "made" } });
    other.write_config(&config.to_string()).unwrap();
    other.sighup().unwrap();
    eventually("the file is taken", || async {
        status(&other, "other-name").await == 200
    })
    .await;
    one.sigkill().unwrap();
    one.wait_exit(SOON).await.unwrap();
    let again = site.start().await;
    assert_eq!(status(&again, "made").await, 200);
    manage(&again, "/model/delete", json!({ "id": "made-id" })).await;
    assert_eq!(status(&again, "made").await, 400);
    eventually("the other replica forgets the model", || async {
        status(&other, "made").await == 400
    })
    .await;
}

async fn a_team_has_models_of_its_own(database: Database) {
    let site = Site::new(database, 0.0).await;
    let gateway = site.start().await;
    let nobodys = model(&site, "reds", "mock", &json!({ "team_id": "red" }));
    let client = gateway.client().bearer(MASTER);
    let reply = client.post("/model/new", &nobodys).await.unwrap();
    assert_eq!(reply.status, 400, "there is no such team yet");
    for team in ["red", "blue"] {
        let team = json!({ "team_id": team, "models": ["mock"] });
        manage(&gateway, "/team/new", team).await;
    }
    for (name, script, id) in [("reds", "mock-reds", "r1"), ("mock", "mock-own", "r2")] {
        let of_red = json!({ "id": id, "team_id": "red", "team_public_model_name": name });
        manage(
            &gateway,
            "/model/new",
            model(&site, "internal", script, &of_red),
        )
        .await;
    }
    let red = key(&gateway, json!({ "team_id": "red" })).await;
    let blue = key(&gateway, json!({ "team_id": "blue" })).await;
    let free = key(&gateway, json!({})).await;

    assert_eq!(ask(&gateway, &red, "reds").await.status, 200);
    assert_eq!(ask(&gateway, &red, "mock").await.status, 200);
    assert_eq!(
        site.mock.requests_for("mock-own").len(),
        1,
        "its own comes first"
    );
    let mut seen = listed(&gateway, &red).await;
    seen.sort();
    assert_eq!(seen, ["mock", "reds"]);
    for stranger in [&blue, &free] {
        assert_eq!(ask(&gateway, stranger, "reds").await.status, 400);
        assert_eq!(
            ask(&gateway, stranger, "r1").await.status,
            403,
            "nor by its id"
        );
        assert_eq!(ask(&gateway, stranger, "mock").await.status, 200);
        assert_eq!(listed(&gateway, stranger).await, ["mock"]);
        let shown = get(&gateway, stranger, "/model/info").await.to_string();
        assert!(
            !shown.contains("reds") && !shown.contains("mock-own"),
            "{shown}"
        );
    }
    assert_eq!(site.mock.requests_for("mock-own").len(), 1);
    assert_eq!(info(&gateway, "r1").await["model_info"]["team_id"], "red");
    manage(&gateway, "/team/delete", json!({ "team_ids": ["red"] })).await;
    let rest = get(&gateway, MASTER, "/model/info").await.to_string();
    assert!(!rest.contains("r1"), "a team's models go with it: {rest}");
}

async fn settings_of_the_database_win_over_the_file(database: Database) {
    let site = Site::new(database, 0.0).await;
    let mut gateway = site.start().await;
    let broken = model(
        &site,
        "broken",
        "mock-fail-500",
        &json!({ "id": "broken-id" }),
    );
    manage(&gateway, "/model/new", broken).await;
    let routing = json!({ "fallbacks": [{ "broken": ["mock"] }], "num_retries": 0 });
    let variables = json!({ "OPENAI_API_KEY": SECRET });
    let settings = json!({ "router_settings": routing, "environment_variables": variables });
    assert_eq!(status(&gateway, "broken").await, 500);
    manage(&gateway, "/config/update", settings).await;
    assert_eq!(status(&gateway, "broken").await, 200);
    gateway.sigkill().unwrap();
    gateway.wait_exit(SOON).await.unwrap();
    let gateway = site.start().await;
    assert_eq!(status(&gateway, "broken").await, 200);

    let named = get(&gateway, MASTER, "/config/field/info?field_name=fallbacks").await;
    assert_eq!(named["field_value"], json!([{ "broken": ["mock"] }]));
    let client = gateway.client().bearer(MASTER);
    for (refused, word) in [
        (
            json!({ "router_settings": { "num_retries": "often" } }),
            "num_retries",
        ),
        (
            json!({ "router_settings": { "redis_url": "redis://x" } }),
            "redis_url",
        ),
        (
            json!({ "general_settings": { "master_key": "sk-mine" } }),
            "master_key",
        ),
        (
            json!({ "litellm_settings": { "fallbacks": 7 } }),
            "fallbacks",
        ),
    ] {
        let reply = client.post("/config/update", &refused).await.unwrap();
        assert_eq!(reply.status, 400, "{refused}: {}", reply.text());
        assert!(reply.text().contains(word), "{}", reply.text());
    }
    let field = json!({ "field_name": "fallbacks", "config_type": "router_settings" });
    manage(&gateway, "/config/field/delete", field).await;
    assert_eq!(status(&gateway, "broken").await, 500);
    files_hide_secret(site.folder.path());
}

async fn what_cannot_be_served_is_told(database: Database) {
    let site = Site::new(database, 0.0).await;
    let mut gateway = site.start().await;
    let nobody = json!({
        "model_name": "odd",
        "litellm_params": { "model": "openai/mock", "rpm": "many", "api_key": SECRET },
        "model_info": { "id": "odd-id" },
    });
    manage(&gateway, "/model/new", nobody).await;
    manage(
        &gateway,
        "/model/new",
        model(&site, "fine", "mock", &json!({})),
    )
    .await;
    assert_eq!(status(&gateway, "fine").await, 200);
    assert_eq!(status(&gateway, "odd").await, 400);
    let shown = info(&gateway, "odd-id").await;
    let why = shown["model_info"]["not_served"].as_str().unwrap();
    assert!(why.contains("rpm"), "{why}");
    gateway
        .wait_for_log("database/model/odd-id: error", SOON)
        .await
        .unwrap();
    gateway.sigkill().unwrap();
    gateway.wait_exit(SOON).await.unwrap();

    // With another key nothing that is encrypted can be read, and the rest is served.
    let gateway = site
        .builder()
        .env("LITELLM_SALT_KEY", "sk-another-salt-key")
        .start()
        .await
        .unwrap();
    assert_eq!(status(&gateway, "mock").await, 200);
    assert_eq!(status(&gateway, "fine").await, 400);
    let why = info(&gateway, "odd-id").await;
    assert!(why.to_string().contains("LITELLM_SALT_KEY"), "{why}");
    drop(gateway);

    // Switched off, the database adds nothing, and takes nothing.
    let gateway = site
        .builder()
        .env("STORE_MODEL_IN_DB", "False")
        .start()
        .await
        .unwrap();
    assert_eq!(status(&gateway, "fine").await, 400);
    let another = model(&site, "another", "mock", &json!({}));
    let client = gateway.client().bearer(MASTER);
    let reply = client.post("/model/new", &another).await.unwrap();
    assert_eq!(reply.status, 500, "{}", reply.text());
    assert!(
        reply.text().contains("store_model_in_db"),
        "{}",
        reply.text()
    );
}

async fn a_credential_serves_the_models_that_name_it(database: Database) {
    let site = Site::new(database, 0.0).await;
    let gateway = site
        .builder()
        .env("UPSTREAM_KEY", "sk-of-the-environment")
        .start()
        .await
        .unwrap();
    let client = gateway.client().bearer(MASTER);
    let credential = json!({
        "credential_name": "ours",
        "credential_values": { "api_key": SECRET },
        "credential_info": {},
    });
    manage(&gateway, "/credentials", credential).await;
    let mut made = model(&site, "made", "mock-made", &json!({}));
    made["litellm_params"]["api_key"] = Value::Null;
    made["litellm_params"]["litellm_credential_name"] = "ours".into();
    manage(&gateway, "/model/new", made).await;
    assert_eq!(status(&gateway, "made").await, 200);
    let changed = json!({ "credential_values": { "api_key": "os.environ/UPSTREAM_KEY" } });
    let changed = changed.to_string().into();
    let reply = client
        .send(Method::PATCH, "/credentials/ours", changed)
        .await;
    assert_eq!(reply.unwrap().status, 200);
    assert_eq!(status(&gateway, "made").await, 200);
    let sent = site.mock.requests_for("mock-made");
    let keys = sent
        .iter()
        .map(|sent| sent.headers["authorization"].to_str().unwrap());
    let keys: Vec<&str> = keys.collect();
    let first = format!("Bearer {SECRET}");
    assert_eq!(keys, [first.as_str(), "Bearer sk-of-the-environment"]);
}

async fn prices_of_stored_models_and_of_wildcards_count(database: Database) {
    let site = Site::new(database, 0.0).await;
    let gateway = site.start().await;
    let price = json!({ "input_cost_per_token": 0.001, "output_cost_per_token": 0.001 });
    manage(&gateway, "/model/new", model(&site, "made", "mock", &price)).await;
    manage(
        &gateway,
        "/model/new",
        model(&site, "oai/*", "*", &json!({})),
    )
    .await;
    let spent = async |model: &str| {
        let key = key(&gateway, json!({ "max_budget": 100.0 })).await;
        assert_eq!(ask(&gateway, &key, model).await.status, 200);
        eventually("the ledger is written", || async {
            told(&gateway, &key).await["spend"].as_f64().unwrap() > 0.0
        })
        .await;
        told(&gateway, &key).await["spend"].as_f64().unwrap()
    };
    let made = spent("made").await;
    assert!((made - 0.001 * super::TOKENS).abs() < 1e-9, "{made}");
    // By the model that was asked for: 0.15 and 0.6 dollars a million tokens.
    let wild = spent("oai/gpt-4o-mini").await;
    assert!(wild > 0.0 && wild < 0.000_01, "{wild}");
}
