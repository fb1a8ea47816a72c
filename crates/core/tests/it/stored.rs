//! What a database adds to the files.

use lockgate_core::config::{Document, Loaded, Severity, Stored, StoredModel};
use lockgate_core::{Environment, Fallback};
use serde_json::{Map, Value, json};

const FILE: &str = "
credential_list:
- {credential_name: filed, credential_values: {api_key: sk-filed}}
model_list:
- {model_name: a, litellm_params: {model: openai/a, api_key: k}}
router_settings: {num_retries: 5, model_group_alias: {x: a}}
";

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn model(id: &str, params: Value, info: Value) -> StoredModel {
    StoredModel {
        id: id.to_owned(),
        model_name: format!("name of {id}").into(),
        params: object(params),
        info: object(info),
        reads_environment: true,
    }
}

fn with(models: Vec<StoredModel>) -> Stored {
    Stored {
        models,
        ..Stored::default()
    }
}

fn read(stored: &Stored) -> Loaded {
    let environment: Environment = [("KEY", "sk-env"), ("LITELLM_SALT_KEY", "sk-salt")]
        .into_iter()
        .collect();
    let document = Document::parse(FILE, "config.yaml").expect("it is YAML");
    document.read(&environment, stored)
}

#[test]
fn deployments_stand_behind_those_of_the_file() {
    let stored = with(vec![
        model(
            "one",
            json!({"model": "openai/b", "api_key": "sk-b", "rpm": "4"}),
            json!({"mode": "chat"}),
        ),
        model(
            "two",
            json!({"model": "openai/c", "litellm_credential_name": "filed"}),
            json!({}),
        ),
    ]);
    let loaded = read(&stored);
    assert_eq!(loaded.diagnostics, []);
    let [filed, one, two] = &loaded.config.models[..] else {
        panic!("{:?}", loaded.config.models);
    };
    assert!(!filed.model_info.in_database && one.model_info.in_database);
    assert_eq!(
        (&*one.model_info.id, &*one.model_name),
        ("one", "name of one")
    );
    assert_eq!(one.litellm_params.rpm, Some(4));
    let key = two.litellm_params.api_key.as_ref().unwrap();
    assert_eq!(key.expose(), "sk-filed");
    assert_eq!(loaded.files, [std::path::PathBuf::from("config.yaml")]);
}

#[test]
fn one_that_cannot_be_read_is_told_and_the_others_serve() {
    let stored = with(vec![
        model(
            "bad",
            json!({"model": "openai/b", "rpm": "many"}),
            json!({}),
        ),
        model("good", json!({"model": "openai/c"}), json!({})),
    ]);
    let loaded = read(&stored);
    assert_eq!(loaded.config.models.len(), 2);
    let unserved = &loaded.config.unserved[0];
    assert_eq!((&*unserved.id, unserved.in_database), ("bad", true));
    assert!(unserved.reason.contains("rpm"), "{}", unserved.reason);
    let said = loaded.diagnostics[0].to_string();
    assert!(said.starts_with("database/model/bad: error: "), "{said}");
}

#[test]
fn only_what_administrators_stored_reads_the_environment_and_never_the_gateways_own_secrets() {
    let key = |reads_environment, reference: &str| {
        let params = json!({"model": "openai/b", "api_key": reference});
        let model = StoredModel {
            reads_environment,
            ..model("m", params, json!({}))
        };
        let loaded = read(&with(vec![model]));
        let key = loaded.config.models[1].litellm_params.api_key.clone();
        let errors = loaded.diagnostics.iter();
        let errors = errors
            .filter(|said| said.severity == Severity::Error)
            .count();
        (key.map(|key| key.expose().to_owned()), errors)
    };
    assert_eq!(key(true, "os.environ/KEY"), (Some("sk-env".to_owned()), 0));
    assert_eq!(key(false, "os.environ/KEY"), (None, 1));
    assert_eq!(key(true, "os.environ/LITELLM_SALT_KEY"), (None, 1));
}

#[test]
fn settings_win_over_the_file_and_mappings_are_merged() {
    let mut stored = Stored::default();
    let router = json!({
        "num_retries": 1,
        "model_group_alias": {"y": "a"},
        "fallbacks": [{"a": ["x"]}],
        "timeout": null,
        "redis_url": "redis://nobody"
    });
    stored
        .sections
        .insert("router_settings".to_owned(), object(router));
    let general = json!({"master_key": "sk-stolen", "enforce_user_param": true});
    stored
        .sections
        .insert("general_settings".to_owned(), object(general));
    let loaded = read(&stored);
    assert_eq!(loaded.diagnostics, []);
    let config = &loaded.config;
    assert_eq!(config.router.num_retries, 1);
    let aliases: Vec<&String> = config.router.model_group_alias.keys().collect();
    assert_eq!(aliases, ["x", "y"]);
    let target = &config.router.fallbacks[0].targets[0];
    assert!(matches!(target, Fallback::Name(name) if name == "x"));
    assert!(config.governance.enforce_user_param);
    assert!(
        config.general.master_key.is_none(),
        "not for the database to say"
    );
}

#[test]
fn variables_are_laid_over_the_environment() {
    let mut stored = with(vec![model(
        "m",
        json!({"model": "openai/b", "api_key": "os.environ/NEW"}),
        json!({}),
    )]);
    let variables = object(json!({"NEW": "sk-new", "PATH": "/elsewhere"}));
    stored
        .sections
        .insert("environment_variables".to_owned(), variables);
    let loaded = read(&stored);
    let key = loaded.config.models[1].litellm_params.api_key.clone();
    assert_eq!(key.unwrap().expose(), "sk-new");
    assert_eq!(loaded.config.environment.get("PATH"), None);
}

#[test]
fn a_deployment_of_a_team_goes_by_its_public_name() {
    let info = json!({"team_id": "red", "team_public_model_name": "gpt"});
    let loaded = read(&with(vec![model("m", json!({"model": "openai/b"}), info)]));
    let entry = &loaded.config.models[1];
    assert_eq!(entry.model_name, "gpt");
    assert_eq!(entry.model_info.team_id.as_deref(), Some("red"));
}
