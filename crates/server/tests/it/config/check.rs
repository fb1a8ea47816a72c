//! `lockgate check`, `models` and `version`: they say what they have to say and start nothing.

use lockgate_testkit::{Exited, Gateway};

async fn check(yaml: &str) -> Exited {
    Gateway::builder()
        .config(yaml)
        .run(&["check", "--config", "config.yaml"])
        .await
        .unwrap()
}

#[tokio::test]
async fn a_good_file() {
    let exited = check(
        "model_list:\n- model_name: a\n  litellm_params: {model: openai/x, api_key: k}\n\
         - model_name: b\n  litellm_params: {model: ollama/y}\n",
    )
    .await;
    assert_eq!(exited.code, Some(0), "{exited:?}");
    assert_eq!(exited.stdout.trim(), "2 model groups, 0 errors, 0 warnings");
}

#[tokio::test]
async fn warnings_name_file_line_and_key() {
    let exited = check(
        "model_list: []\n\
         litellm_settings:\n\
         \x20 drop_prams: true\n\
         router_settings:\n\
         \x20 routing_strategy: simple-shuffle\n\
         nonsense: 1\n",
    )
    .await;
    assert_eq!(exited.code, Some(0), "warnings are no errors: {exited:?}");
    let lines: Vec<&str> = exited.stdout.lines().collect();
    let find = |place: &str| {
        let found: Vec<_> = lines.iter().filter(|line| line.contains(place)).collect();
        assert_eq!(found.len(), 1, "{place}: {}", exited.stdout);
        found[0].to_string()
    };
    let misspelt = find("config.yaml:3:");
    assert!(
        misspelt.contains("warning") && misspelt.contains("drop_prams"),
        "{misspelt}"
    );
    assert!(
        misspelt.contains("drop_params"),
        "it does not say what was meant: {misspelt}"
    );
    assert!(find("config.yaml:6:").contains("nonsense"));
    assert!(exited.stdout.contains("2 warnings"), "{}", exited.stdout);
}

#[tokio::test]
async fn a_broken_entry_is_an_error_with_its_line() {
    let exited = check(
        "model_list:\n\
         - model_name: good\n\
         \x20 litellm_params: {model: openai/x, api_key: k}\n\
         - model_name: no-model\n\
         \x20 litellm_params: {api_key: k}\n\
         - model_name: later\n\
         \x20 litellm_params: {model: replicate/some/model}\n\
         - model_name: unknown\n\
         \x20 litellm_params: {model: nobody/x}\n",
    )
    .await;
    assert_eq!(exited.code, Some(1), "{exited:?}");
    let out = &exited.stdout;
    for place in ["config.yaml:4:", "config.yaml:6:", "config.yaml:8:"] {
        assert!(
            out.lines()
                .any(|line| line.contains(place) || line.contains(&next(place))),
            "{place} is not named: {out}"
        );
    }
    assert!(out.contains("replicate"), "{out}");
    assert!(out.contains("1 model group, 3 errors"), "{out}");
}

/// An entry may be reported at its first line or at the value that is wrong.
fn next(place: &str) -> String {
    let line: u32 = place
        .split(':')
        .nth(1)
        .and_then(|line| line.parse().ok())
        .unwrap();
    format!("config.yaml:{}:", line + 1)
}

#[tokio::test]
async fn a_file_that_is_no_yaml() {
    for yaml in [
        "model_list:\n  - model_name: [a\n    x: }\n",
        "a: 1\n\tb: 2\n",
        "- just\n- a list\n",
        "text",
    ] {
        let exited = check(yaml).await;
        assert_eq!(exited.code, Some(1), "{yaml:?}: {exited:?}");
        assert!(
            exited.stdout.contains("config.yaml:"),
            "{yaml:?}: {}",
            exited.stdout
        );
    }
    let exited = check("general_settings:\n  master_key: \"sk-unclosed\nmodel_list: []\n").await;
    assert_eq!(exited.code, Some(1));
    assert!(!exited.stdout.contains("sk-unclosed"), "{}", exited.stdout);
}

#[tokio::test]
async fn a_file_that_is_not_there() {
    let missing = Gateway::builder()
        .run(&["check", "--config", "absent.yaml"])
        .await
        .unwrap();
    assert_eq!(missing.code, Some(1));
    let said = missing.stdout + &missing.stderr;
    assert!(said.contains("absent.yaml"), "{said}");
}

#[tokio::test]
async fn an_unset_variable_is_named_and_no_value_is() {
    let yaml = "model_list:\n- model_name: a\n  litellm_params: {model: openai/x, api_key: os.environ/NOT_SET_HERE}\n\
                - model_name: b\n  litellm_params: {model: openai/x, api_key: os.environ/SET_HERE}\n";
    let exited = Gateway::builder()
        .config(yaml)
        .env("SET_HERE", "sk-value-of-a-secret")
        .run(&["check", "--config", "config.yaml"])
        .await
        .unwrap();
    assert!(exited.stdout.contains("NOT_SET_HERE"), "{}", exited.stdout);
    assert!(
        !exited.stdout.contains("sk-value-of-a-secret"),
        "{}",
        exited.stdout
    );
}

#[tokio::test]
async fn the_file_may_come_from_the_environment() {
    let exited = Gateway::builder()
        .config("model_list: []\nnonsense: 1\n")
        .env("CONFIG_FILE_PATH", "config.yaml")
        .run(&["check"])
        .await
        .unwrap();
    assert!(exited.stdout.contains("nonsense"), "{exited:?}");
}

#[tokio::test]
async fn litellms_flag_for_it() {
    let exited = Gateway::builder()
        .config("model_list:\n- model_name: a\n  litellm_params: {}\n")
        .arg("--validate_config")
        .run_to_exit()
        .await
        .unwrap();
    assert_eq!(exited.code, Some(1), "{exited:?}");
}

#[tokio::test]
async fn models_lists_what_would_be_served() {
    let exited = Gateway::builder()
        .config(
            "model_list:\n- model_name: fast\n  litellm_params: {model: openai/gpt-4o-mini, api_key: sk-hidden}\n\
             - model_name: fast\n  litellm_params: {model: ollama/llama3, api_base: 'http://10.0.0.7:11434'}\n",
        )
        .run(&["models", "--config", "config.yaml"])
        .await
        .unwrap();
    assert_eq!(exited.code, Some(0));
    let lines: Vec<&str> = exited.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", exited.stdout);
    assert!(lines[0].starts_with("fast") && lines[0].contains("openai/gpt-4o-mini"));
    assert!(lines[1].contains("ollama/llama3") && lines[1].contains("http://10.0.0.7:11434"));
    assert!(!exited.stdout.contains("sk-hidden"));
}

#[tokio::test]
async fn version() {
    for args in [&["version"][..], &["--version"], &["-v"]] {
        let exited = Gateway::builder().run(args).await.unwrap();
        assert_eq!(exited.code, Some(0), "{args:?}");
        assert!(
            exited.stdout.contains(env!("CARGO_PKG_VERSION")),
            "{args:?}: {}",
            exited.stdout
        );
        assert!(
            exited.stdout.contains("1.105.0"),
            "{args:?}: {}",
            exited.stdout
        );
    }
}
