//! What a configuration becomes: groups, aliases, wildcards, ids, fallbacks.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use lockgate_core::config::Fallback;
use lockgate_engine::snapshot::{Route, Snapshot};
use lockgate_wire::{DialectId, Operation};

use crate::support::{HOUR, cool, rebuild, snapshot};

/// The upstream models that `name` leads to.
fn models(snapshot: &Snapshot, name: &str) -> Option<Vec<String>> {
    snapshot.route(name).map(|route| upstream_models(&route))
}

fn upstream_models(route: &Route) -> Vec<String> {
    let deployments = route.group.deployments.iter();
    deployments
        .map(|d| format!("{}/{}", d.provider.id, d.model))
        .collect()
}

fn fallback(snapshot: &Snapshot, name: &str) -> Option<Vec<String>> {
    snapshot
        .fallback_route(&Fallback::Name(name.to_owned()))
        .map(|route| upstream_models(&route))
}

fn strings(list: &[&str]) -> Option<Vec<String>> {
    Some(list.iter().map(|&s| s.to_owned()).collect())
}

#[test]
fn entries_of_one_name_are_one_group_in_the_order_of_the_file() {
    let snapshot = snapshot(
        "model_list:\n\
         - {model_name: b, litellm_params: {model: openai/one, api_key: k}}\n\
         - {model_name: a, litellm_params: {model: openai/two, api_key: k}}\n\
         - {model_name: b, litellm_params: {model: anthropic/three, api_key: k}}\n",
    );
    assert_eq!(
        models(&snapshot, "b"),
        strings(&["openai/one", "anthropic/three"])
    );
    assert_eq!(models(&snapshot, "a"), strings(&["openai/two"]));
    assert_eq!(models(&snapshot, "c"), None);
    assert_eq!(models(&snapshot, ""), None);
    assert_eq!(snapshot.deployments().count(), 3);
    let listed: Vec<&str> = (snapshot.listed_models().iter().map(|(name, _)| *name)).collect();
    assert_eq!(listed, ["b", "a"]);
}

#[test]
fn a_deployment_id_names_one_deployment() {
    let snapshot = snapshot(
        "model_list:\n\
         - {model_name: g, litellm_params: {model: openai/one, api_key: k}, model_info: {id: first}}\n\
         - {model_name: g, litellm_params: {model: openai/two, api_key: k}}\n",
    );
    assert_eq!(models(&snapshot, "first"), strings(&["openai/one"]));
    let second = snapshot.route("g").unwrap().group.deployments[1].clone();
    assert_eq!(second.id().len(), 64);
    let route = snapshot.route(second.id()).unwrap();
    assert_eq!(route.group.name, "g");
    assert!(Arc::ptr_eq(&route.group.deployments[0], &second));
}

#[test]
fn aliases_lead_to_groups_and_are_listed_unless_hidden() {
    let snapshot = snapshot(
        "model_list:\n\
         - {model_name: real, litellm_params: {model: openai/real, api_key: k}}\n\
         - {model_name: 'wild/*', litellm_params: {model: 'openai/*', api_key: k}}\n\
         router_settings:\n  model_group_alias:\n    \
           shown: real\n    hidden: {model: real, hidden: true}\n    \
           open: {model: real, hidden: false}\n    to-wild: wild/x\n    \
           nowhere: gone\n\
         litellm_settings:\n  model_alias_map: {global: real, chained: shown}\n",
    );
    for alias in ["shown", "hidden", "open", "global", "chained"] {
        assert_eq!(
            models(&snapshot, alias),
            strings(&["openai/real"]),
            "{alias}"
        );
    }
    assert_eq!(models(&snapshot, "to-wild"), strings(&["openai/x"]));
    assert_eq!(models(&snapshot, "nowhere"), None);
    let listed: Vec<&str> = (snapshot.listed_models().iter().map(|(name, _)| *name)).collect();
    assert_eq!(listed, ["open", "shown", "real", "wild/*"]);
}

#[test]
fn groups_and_ids_come_before_aliases_and_aliases_before_wildcards() {
    let snapshot = snapshot(
        "model_list:\n\
         - {model_name: real, litellm_params: {model: openai/real, api_key: k}}\n\
         - {model_name: two, litellm_params: {model: openai/two, api_key: k}, model_info: {id: id-2}}\n\
         - {model_name: 'wild-*', litellm_params: {model: 'openai/*', api_key: k}}\n\
         router_settings:\n  \
           model_group_alias: {real: two, id-2: real, wild-x: two}\n",
    );
    assert_eq!(models(&snapshot, "real"), strings(&["openai/real"]));
    assert_eq!(models(&snapshot, "id-2"), strings(&["openai/two"]));
    assert_eq!(models(&snapshot, "wild-x"), strings(&["openai/two"]));
    assert_eq!(models(&snapshot, "wild-y"), strings(&["openai/y"]));
}

#[test]
fn an_alias_of_itself_ends() {
    let snapshot = snapshot(
        "model_list:\n\
         - {model_name: real, litellm_params: {model: openai/real, api_key: k}}\n\
         router_settings:\n  model_group_alias: {a: a, b: c, c: b}\n",
    );
    for alias in ["a", "b", "c"] {
        assert_eq!(models(&snapshot, alias), None, "{alias}");
    }
}

#[test]
fn the_most_specific_wildcard_serves() {
    let snapshot = snapshot(
        "model_list:\n\
         - {model_name: '*', litellm_params: {model: 'openai/any-*', api_key: k}}\n\
         - {model_name: 'a/*', litellm_params: {model: 'openai/a-*', api_key: k}}\n\
         - {model_name: 'a/b-*', litellm_params: {model: 'openai/ab-*', api_key: k}}\n\
         - {model_name: 'a/b-c', litellm_params: {model: openai/exact, api_key: k}}\n\
         - {model_name: '*/swap-*', litellm_params: {model: 'openai/*-of-*', api_key: k}}\n",
    );
    let table = [
        ("a/b-c", "openai/exact"),
        ("a/b-d", "openai/ab-d"),
        ("a/x", "openai/a-x"),
        ("z/swap-y", "openai/z-of-y"),
        ("else", "openai/any-else"),
    ];
    for (name, expected) in table {
        assert_eq!(models(&snapshot, name), strings(&[expected]), "{name}");
    }
    assert_eq!(snapshot.group("a/*").unwrap().name, "a/*");
    assert!(snapshot.group("a/x").is_none());
}

#[test]
fn a_bare_wildcard_finds_the_provider_request_by_request() {
    let snapshot =
        snapshot("model_list:\n- {model_name: '*', litellm_params: {model: '*', api_key: k}}\n");
    assert_eq!(
        models(&snapshot, "openai/gpt-4o"),
        strings(&["openai/gpt-4o"])
    );
    assert_eq!(
        models(&snapshot, "anthropic/claude-x"),
        strings(&["anthropic/claude-x"])
    );
    assert_eq!(models(&snapshot, "no-such-provider-at-all/x"), None);
    // All of them are one deployment as far as its health is concerned.
    let health = |name| {
        snapshot.route(name).unwrap().group.deployments[0]
            .health
            .clone()
    };
    assert!(Arc::ptr_eq(
        &health("openai/gpt-4o"),
        &health("anthropic/claude-x")
    ));
}

#[test]
fn the_api_that_a_name_asks_for_is_found_behind_a_wildcard() {
    let snapshot = snapshot(
        "model_list:\n- {model_name: 'openai/*', litellm_params: {model: 'openai/*', api_key: k}}\n",
    );
    let found = |name: &str| {
        let route = snapshot.route(name).unwrap();
        let deployment = &route.group.deployments[0];
        (deployment.dialect(), upstream_models(&route).remove(0))
    };
    let openai = |dialect, model: &str| (dialect, format!("openai/{model}"));
    assert_eq!(
        found("openai/responses/gpt-5"),
        openai(DialectId::OpenAiResponses, "gpt-5")
    );
    assert_eq!(
        found("openai/gpt-5"),
        openai(DialectId::OpenAiChat, "gpt-5")
    );
    let completes = snapshot.route("openai/davinci-002").unwrap();
    let completes = &completes.group.deployments[0];
    assert_eq!(completes.text_operation(), Operation::Completions);
}

#[test]
fn what_a_name_behind_a_wildcard_means_is_found_out_once() {
    let snapshot = snapshot(
        "model_list:\n- {model_name: '*', litellm_params: {model: 'bedrock/*', aws_region_name: eu-west-1}}\n",
    );
    let deployment = |name: &str| snapshot.route(name).unwrap().group.deployments[0].clone();
    let name = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    let first = deployment(name);
    assert!(Arc::ptr_eq(&first, &deployment(name)));
    assert_eq!(first.model, name);
    // Names that clients make up push it out; it is found again.
    for made_up in 0..2000 {
        assert_eq!(
            deployment(&format!("meta.{made_up}")).model,
            format!("meta.{made_up}")
        );
    }
    assert!(!Arc::ptr_eq(&first, &deployment(name)));
    let longest = "x".repeat(100_000);
    let once = deployment(&longest);
    assert!(!Arc::ptr_eq(&once, &deployment(&longest)), "it is not kept");
}

#[test]
fn a_reload_keeps_health_and_counts_of_what_stays() {
    let stays = "model_list:\n- {model_name: g, litellm_params: {model: openai/one, api_key: k}}\n";
    let more = format!(
        "{stays}- {{model_name: g, litellm_params: {{model: openai/two, api_key: k}}}}\n\
         router_settings: {{num_retries: 7}}\n"
    );
    let before = snapshot(stays);
    let old = before.route("g").unwrap().group.deployments[0].clone();
    cool(&old, HOUR);
    old.health.enter();
    old.metrics.cooldowns.fetch_add(3, Relaxed);
    let (after, rejected) = rebuild(&more, Some(&before));
    assert!(rejected.is_empty());
    let group = after.route("g").unwrap().group;
    assert!(group.deployments[0].health.cooling().is_some());
    assert_eq!(group.deployments[0].health.in_flight(), 1);
    assert_eq!(group.deployments[0].metrics.cooldowns.load(Relaxed), 3);
    assert_eq!(group.deployments[1].health.cooling(), None);
    assert_eq!(after.config.router.num_retries, 7);
    // A request that began before the reload ends after it.
    old.health.leave();
    assert_eq!(group.deployments[0].health.in_flight(), 0);
}

#[test]
fn a_reload_keeps_the_health_of_fallbacks_without_an_entry() {
    let yaml = "model_list:\n- {model_name: g, litellm_params: {model: openai/one, api_key: k}}\n\
                router_settings:\n  fallbacks: [{g: [anthropic/two]}]\n";
    let before = snapshot(yaml);
    let target = Fallback::Name("anthropic/two".to_owned());
    cool(
        &before.fallback_route(&target).unwrap().group.deployments[0],
        HOUR,
    );
    let (after, _) = rebuild(yaml, Some(&before));
    let group = after.fallback_route(&target).unwrap().group;
    assert!(group.deployments[0].health.cooling().is_some());
}

#[test]
fn a_changed_deployment_starts_anew() {
    let yaml = |model: &str| {
        format!(
            "model_list:\n- {{model_name: g, litellm_params: {{model: {model}, api_key: k}}}}\n"
        )
    };
    let before = snapshot(&yaml("openai/one"));
    cool(&before.route("g").unwrap().group.deployments[0], HOUR);
    let (after, _) = rebuild(&yaml("openai/two"), Some(&before));
    assert_eq!(
        after.route("g").unwrap().group.deployments[0]
            .health
            .cooling(),
        None
    );
}

#[test]
fn broken_entries_are_reported_and_the_others_served() {
    let (snapshot, rejected) = rebuild(
        "model_list:\n\
         - {model_name: good, litellm_params: {model: openai/one, api_key: k}}\n\
         - {model_name: lost, litellm_params: {model: no-such-provider/x, api_key: k}}\n\
         - {model_name: mixed, litellm_params: {model: no-such-provider/y, api_key: k}}\n\
         - {model_name: mixed, litellm_params: {model: openai/two, api_key: k}}\n\
         - {model_name: odd, litellm_params: {model: openai/three, api_key: k, temperature: warm}}\n",
        None,
    );
    assert_eq!(models(&snapshot, "good"), strings(&["openai/one"]));
    assert_eq!(models(&snapshot, "mixed"), strings(&["openai/two"]));
    assert_eq!(models(&snapshot, "lost"), None);
    assert_eq!(models(&snapshot, "odd"), None);
    let messages: Vec<&str> = rejected.iter().map(|r| r.message.as_str()).collect();
    let expected = [
        ("config.yaml:3:", "model_list[1]", "model `lost`"),
        ("config.yaml:4:", "model_list[2]", "model `mixed`"),
        ("config.yaml:6:", "model_list[4]", "temperature"),
    ];
    assert_eq!(messages.len(), expected.len(), "{messages:#?}");
    for (message, (place, path, what)) in messages.iter().zip(expected) {
        for part in [place, path, what] {
            assert!(message.contains(part), "{part} in {message}");
        }
    }
}

#[test]
fn fallback_targets_without_an_entry_become_deployments() {
    let snapshot = snapshot(
        "model_list:\n\
         - model_name: g\n  litellm_params:\n    model: openai/one\n    api_key: k\n    \
           fallbacks: [openai/own]\n\
         - {model_name: other, litellm_params: {model: openai/two, api_key: k}}\n\
         router_settings:\n  \
           fallbacks: [{g: [other, openai/routed]}]\n  \
           context_window_fallbacks: [{g: [openai/larger]}]\n  \
           content_policy_fallbacks: [{g: [openai/laxer]}]\n  \
           default_fallbacks: [openai/default]\n",
    );
    assert_eq!(fallback(&snapshot, "other"), strings(&["openai/two"]));
    for name in ["own", "routed", "larger", "laxer", "default"] {
        let name = format!("openai/{name}");
        assert_eq!(fallback(&snapshot, &name), strings(&[&name]));
        // They are no models that a client may name.
        assert_eq!(models(&snapshot, &name), None);
    }
    assert_eq!(fallback(&snapshot, "openai/never-said"), None);
}

#[test]
fn a_fallback_with_parameters_of_its_own_is_called_with_them() {
    let snapshot = snapshot(
        "model_list:\n\
         - model_name: g\n  litellm_params:\n    model: openai/one\n    api_key: k\n    \
           fallbacks: [{model: openai/elsewhere, api_key: k2, api_base: 'http://127.0.0.1:9/v1'}]\n",
    );
    let group = snapshot.route("g").unwrap().group;
    let target = &group.deployments[0].entry.litellm_params.fallbacks[0];
    let route = snapshot.fallback_route(target).unwrap();
    assert_eq!(upstream_models(&route), ["openai/elsewhere"]);
    let base = route.group.deployments[0].connection.api_base();
    assert!(base.starts_with("http://127.0.0.1:9"), "{base}");
}

#[test]
fn a_fallback_that_leads_nowhere_is_reported_once() {
    let (snapshot, rejected) = rebuild(
        "model_list:\n\
         - {model_name: g, litellm_params: {model: openai/one, api_key: k}}\n\
         router_settings:\n  fallbacks: [{g: [no-such-group]}]\n  default_fallbacks: [no-such-group]\n",
        None,
    );
    assert_eq!(fallback(&snapshot, "no-such-group"), None);
    let [only] = rejected.as_slice() else {
        panic!("{rejected:?}");
    };
    assert!(only.message.contains("`no-such-group`"), "{}", only.message);
}

#[test]
fn defaults_of_all_deployments_fill_what_an_entry_leaves_open() {
    let snapshot = snapshot(
        "model_list:\n\
         - {model_name: g, litellm_params: {model: openai/one, num_retries: 1}}\n\
         router_settings:\n  default_litellm_params: {api_key: k, num_retries: 9, timeout: 3}\n",
    );
    let group = snapshot.route("g").unwrap().group;
    let params = &group.deployments[0].entry.litellm_params;
    assert_eq!(params.num_retries, Some(1));
    assert_eq!(params.timeout, Some(std::time::Duration::from_secs(3)));
    assert!(params.api_key.is_some());
}

#[test]
fn a_team_has_models_of_its_own() {
    let snapshot = snapshot(
        "model_list:
- {model_name: gpt, litellm_params: {model: openai/everybodys, api_key: k}}
- {model_name: gpt, litellm_params: {model: openai/reds, api_key: k}, model_info: {id: red, team_id: red}}
- {model_name: internal, litellm_params: {model: openai/reds-other, api_key: k}, model_info: {team_id: red, team_public_model_name: other}}
- {model_name: 'wild/*', litellm_params: {model: 'openai/*', api_key: k}, model_info: {team_id: red}}
",
    );
    let of = |team: Option<&str>, name: &str| {
        let route = snapshot.route_for(team, name)?;
        Some((upstream_models(&route).remove(0), route.group.team.clone()))
    };
    let reds = |model: &str| Some((format!("openai/{model}"), Some("red".to_owned())));
    assert_eq!(
        of(None, "gpt"),
        Some(("openai/everybodys".to_owned(), None))
    );
    assert_eq!(of(Some("blue"), "gpt"), of(None, "gpt"));
    assert_eq!(of(Some("red"), "gpt"), reds("reds"));
    assert_eq!(of(Some("red"), "other"), reds("reds-other"));
    assert_eq!(of(Some("red"), "wild/x"), reds("x"));
    for name in ["other", "internal", "wild/x"] {
        assert_eq!(of(None, name), None, "{name}");
    }
    // The id leads to it, and the group says whose it is.
    assert_eq!(of(None, "red"), reds("reds"));
    let listed: Vec<&str> = snapshot
        .listed_models()
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(listed, ["gpt", "gpt", "other", "wild/*"]);
}

#[test]
fn an_entry_that_cannot_be_served_is_remembered() {
    let (snapshot, rejected) = rebuild(
        "model_list:\n- {model_name: a, litellm_params: {model: nobody-knows-it}, model_info: {id: x}}\n",
        None,
    );
    assert_eq!(rejected.len(), 1);
    let unserved = &snapshot.config.unserved[0];
    assert_eq!((&*unserved.id, &*unserved.model_name), ("x", "a"));
    assert!(!unserved.reason.is_empty());
}
