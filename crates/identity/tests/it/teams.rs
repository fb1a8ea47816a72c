//! Which team a request counts for.

use lockgate_core::config::JwtAuth;
use lockgate_identity::{IdentityError, TeamChoice, UnknownTeam};
use serde_json::{Value, json};

use crate::mapping::caller;
use crate::support::settings;

fn reading(single: bool, several: bool, alias: bool) -> JwtAuth {
    let mut settings = settings();
    settings.claims.team_id = single.then(|| "team".to_owned());
    settings.claims.team_ids = several.then(|| "groups".to_owned());
    settings.claims.team_alias = alias.then(|| "name".to_owned());
    settings
}

fn id(id: &str) -> TeamChoice {
    TeamChoice::Id {
        id: id.to_owned(),
        unknown: UnknownTeam::Refuse,
    }
}

fn header(named: &str, among: &[&str], or_membership: bool) -> TeamChoice {
    TeamChoice::Header {
        named: named.to_owned(),
        among: among.iter().map(|&id| id.to_owned()).collect(),
        or_membership,
    }
}

async fn choose(
    settings: &JwtAuth,
    said: Value,
    named: Option<&str>,
) -> Result<TeamChoice, IdentityError> {
    caller(settings.clone(), said).await.admit(named)
}

#[tokio::test(start_paused = true)]
async fn the_token_names_it() {
    let one = reading(true, false, false);
    assert_eq!(choose(&one, json!({"team": "a"}), None).await, Ok(id("a")));
    assert_eq!(
        choose(&one, json!({"team": ["a", "b"]}), None).await,
        Ok(id("a"))
    );
    let missing = choose(&one, json!({}), None).await.unwrap_err();
    assert_eq!(
        (missing.status(), missing.error_type()),
        (401, "auth_error")
    );
    assert!(missing.to_string().contains("`team`"));

    let groups = reading(false, true, false);
    let ids = vec!["a".to_owned(), "b".to_owned()];
    let first = TeamChoice::FirstOf {
        ids,
        unknown: UnknownTeam::Refuse,
    };
    let said = json!({"groups": ["a", "b", "a"]});
    assert_eq!(choose(&groups, said.clone(), None).await, Ok(first));
    let picked = caller(groups.clone(), said).await;
    assert_eq!(picked.routes[0].setting, "team_allowed_routes");
    assert_eq!(
        choose(&groups, json!({}), None).await,
        Ok(TeamChoice::OnlyMembership)
    );

    let alias = reading(false, false, true);
    let named = TeamChoice::Alias("engines".to_owned());
    assert_eq!(
        choose(&alias, json!({"name": "engines"}), None).await,
        Ok(named.clone())
    );
    let both = reading(true, false, true);
    assert_eq!(
        choose(&both, json!({"name": "engines", "team": "a"}), None).await,
        Ok(id("a"))
    );
    let mut with_default = both;
    with_default.team_id_default = Some("d".to_owned());
    assert_eq!(
        choose(&with_default, json!({"name": "engines"}), None).await,
        Ok(named)
    );
    assert_eq!(choose(&with_default, json!({}), None).await, Ok(id("d")));
}

#[tokio::test(start_paused = true)]
async fn the_default_is_for_tokens_without_one() {
    let mut settings = reading(true, true, false);
    settings.team_id_default = Some("d".to_owned());
    assert_eq!(choose(&settings, json!({}), None).await, Ok(id("d")));
    assert_eq!(
        choose(&settings, json!({"team": "a"}), None).await,
        Ok(id("a"))
    );
    let choice = choose(&settings, json!({"groups": ["g"]}), None).await;
    assert!(matches!(choice, Ok(TeamChoice::FirstOf { .. })));
    assert_eq!(choose(&settings, json!({}), Some("d")).await, Ok(id("d")));
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_an_unknown_team() {
    let mut settings = reading(true, false, false);
    let mut of = |upsert, fallback, expected| {
        settings.team_id_upsert = upsert;
        settings.team_claim_fallback = fallback;
        let settings = settings.clone();
        async move {
            let choice = choose(&settings, json!({"team": "a"}), None).await;
            let id = "a".to_owned();
            assert_eq!(
                choice,
                Ok(TeamChoice::Id {
                    id,
                    unknown: expected
                })
            );
        }
    };
    of(false, false, UnknownTeam::Refuse).await;
    of(false, true, UnknownTeam::FallBack).await;
    of(true, true, UnknownTeam::Create).await;
}

#[tokio::test(start_paused = true)]
async fn the_header_picks_one_of_them() {
    let settings = reading(true, true, false);
    let said = json!({"team": "a", "groups": ["b", "c"]});
    for named in ["a", "b", "c"] {
        assert_eq!(
            choose(&settings, said.clone(), Some(named)).await,
            Ok(id(named))
        );
    }
    let alias = header("engines", &["b", "c", "a"], false);
    assert_eq!(
        choose(&settings, said.clone(), Some("engines")).await,
        Ok(alias)
    );
    assert_eq!(
        choose(&settings, said.clone(), Some(" ")).await,
        Ok(id("a"))
    );
    for named in ["a\u{1f}b", "a\nb"] {
        let refused = choose(&settings, said.clone(), Some(named))
            .await
            .unwrap_err();
        assert_eq!(refused.status(), 403);
    }
    // A user without teams cannot have one by saying so.
    let refused = choose(&reading(false, true, false), json!({}), Some("a"))
        .await
        .unwrap_err();
    assert_eq!(refused.status(), 403);
    assert!(!refused.to_string().contains("`a`"));
}

#[tokio::test(start_paused = true)]
async fn what_the_gateway_knows_of_the_user() {
    let mut settings = reading(false, true, false);
    settings.fallback_to_db_teams = true;
    let required = |required| Ok(TeamChoice::Membership { required });
    assert_eq!(choose(&settings, json!({}), None).await, required(false));
    assert_eq!(
        choose(&settings, json!({}), Some("x")).await,
        Ok(header("x", &[], true))
    );
    let said = json!({"groups": ["a"]});
    assert_eq!(
        choose(&settings, said.clone(), Some("x")).await,
        Ok(header("x", &["a"], true))
    );
    assert!(matches!(
        choose(&settings, said, None).await,
        Ok(TeamChoice::FirstOf { .. })
    ));
    settings.enforce_team_based_model_access = true;
    assert_eq!(choose(&settings, json!({}), None).await, required(true));
    settings.fallback_to_db_teams = false;
    assert_eq!(
        choose(&settings, json!({}), None)
            .await
            .unwrap_err()
            .status(),
        403
    );
}

#[tokio::test(start_paused = true)]
async fn administrators_are_in_no_team_unless_they_say_so() {
    let settings = reading(true, true, false);
    let said = json!({"scope": "litellm_proxy_admin", "team": "a"});
    assert_eq!(
        choose(&settings, said.clone(), None).await,
        Ok(TeamChoice::None)
    );
    let there = TeamChoice::IfThere("x".to_owned());
    assert_eq!(choose(&settings, said, Some("x")).await, Ok(there));
}
