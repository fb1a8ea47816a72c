//! `/global/spend/report` and `/{key,user,team,organization}/spend/report`: spend by key and model, or
//! by day and whom it was for.

use std::collections::BTreeMap;

use lockgate_core::entity::EntityKind;
use lockgate_core::ports::{Activity, ActivityQuery, Dimension, Totals};
use serde_json::{Value, json};

use super::days::{Days, date};
use super::key_names::KeyNames;
use super::{cents, global, own, sums};
use crate::ask::{Answer, Ask};
use crate::caller::Caller;
use crate::keys::id_of;
use crate::refusal::Refusal;

/// What a report is grouped by: LiteLLM's name, whose rollup, and what lists and members are called.
struct Group {
    names: &'static [&'static str],
    kind: EntityKind,
    list: &'static str,
    member: &'static str,
    /// What is shown of requests that were for nobody of the kind. A request may have several tags,
    /// so that of those nobody can say.
    nobody: Option<&'static str>,
}

const GROUPS: [Group; 5] = [
    Group {
        names: &["team"],
        kind: EntityKind::Team,
        list: "teams",
        member: "team_name",
        nobody: Some("Unassigned Team"),
    },
    Group {
        names: &["customer", "end_user"],
        kind: EntityKind::Customer,
        list: "customers",
        member: "customer",
        nobody: Some(""),
    },
    Group {
        names: &["internal_user", "user"],
        kind: EntityKind::User,
        list: "users",
        member: "user",
        nobody: Some(""),
    },
    Group {
        names: &["organization"],
        kind: EntityKind::Organization,
        list: "organizations",
        member: "organization",
        nobody: Some(""),
    },
    Group {
        names: &["tag"],
        kind: EntityKind::Tag,
        list: "tags",
        member: "tag",
        nobody: None,
    },
];

const BY_DAY: [Dimension; 4] = [
    Dimension::Day,
    Dimension::Entity,
    Dimension::Key,
    Dimension::Model,
];

pub(super) async fn global(ask: &Ask<'_>) -> Answer {
    let days = Days::bounded(ask)?;
    let asked = |name: &str| ask.query.get(name).map(str::to_owned);
    if let Some(key) = asked("api_key") {
        let key = id_of(&key);
        return by_key(ask, days, Some((EntityKind::Key, key))).await;
    }
    if let Some(user) = asked("internal_user_id") {
        return by_key(ask, days, Some((EntityKind::User, user))).await;
    }
    let group_by = ask.query.get("group_by").unwrap_or("team");
    if group_by == "api_key" {
        return by_key(ask, days, None).await;
    }
    let (team, customer) = (asked("team_id"), asked("customer_id"));
    if let (Some(team), Some(customer)) = (&team, &customer) {
        return of_customer_in_team(ask, days, team, customer).await;
    }
    let group = GROUPS.iter().find(|group| group.names.contains(&group_by));
    let Some(group) = group else {
        return Err(Refusal::fields(vec![json!({
            "type": "literal_error",
            "loc": ["query", "group_by"],
            "msg": "Input should be 'team', 'customer', 'api_key', 'internal_user', \
                    'organization' or 'tag'",
            "input": group_by,
        })]));
    };
    let only = match group.kind {
        EntityKind::Team => team,
        EntityKind::Customer => customer,
        _ => None,
    };
    by_day(ask, days, group, only).await
}

/// Each key with what it spent on each model.
async fn by_key(ask: &Ask<'_>, days: Days, of: Option<(EntityKind, String)>) -> Answer {
    let mut query = days.query(None, &[Dimension::Key, Dimension::Model]);
    if let Some((kind, id)) = of {
        (query.of, query.ids) = (Some(kind), Some(vec![id]));
    }
    Ok(key_rows(&sums(ask, &query).await?))
}

fn key_rows(rows: &[Activity]) -> Value {
    let mut keys: BTreeMap<&str, Totals> = BTreeMap::new();
    let mut models: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for row in rows {
        let key = row.key_id.as_deref().unwrap_or_default();
        cents::add(keys.entry(key).or_default(), &row.totals);
        models.entry(key).or_default().push(json!({
            "model": row.model,
            "total_cost": row.totals.cost,
            "total_input_tokens": row.totals.input,
            "total_output_tokens": row.totals.output,
        }));
    }
    let shown = cents::dearest(keys).into_iter().map(|(key, totals)| {
        json!({
            "api_key": key,
            "total_cost": totals.cost,
            "total_input_tokens": totals.input,
            "total_output_tokens": totals.output,
            "model_details": models.remove(key).unwrap_or_default(),
        })
    });
    shown.collect()
}

/// By day, then by whom it was for, then by key and model.
type Daily = BTreeMap<Option<i32>, BTreeMap<String, BTreeMap<(String, String), Totals>>>;

fn key_and_model(row: &Activity) -> (String, String) {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    (name(&row.key_id), name(&row.model))
}

async fn by_day(ask: &Ask<'_>, days: Days, group: &Group, only: Option<String>) -> Answer {
    let mut query = days.query(Some(group.kind), &BY_DAY);
    query.ids = only.map(|id| vec![id]);
    let rows = sums(ask, &query).await?;
    let names = match group.kind {
        EntityKind::Team | EntityKind::Organization => {
            global::names(ask, group.kind, &rows).await?
        }
        _ => BTreeMap::new(),
    };
    let mut daily = Daily::new();
    for row in &rows {
        let id = row.entity_id.clone().unwrap_or_default();
        let name = names.get(&id).cloned().unwrap_or(id);
        let members = daily.entry(row.day).or_default().entry(name).or_default();
        cents::add(members.entry(key_and_model(row)).or_default(), &row.totals);
    }
    if let (Some(nobody), None) = (group.nobody, &query.ids) {
        add_rest(ask, days, nobody, &rows, &mut daily).await?;
    }
    Ok(shown(daily, group))
}

/// Adds what was for nobody: everything, without what was for somebody.
async fn add_rest(
    ask: &Ask<'_>,
    days: Days,
    nobody: &str,
    rows: &[Activity],
    daily: &mut Daily,
) -> Result<(), Refusal> {
    let by = [Dimension::Day, Dimension::Key, Dimension::Model];
    let all = sums(ask, &days.query(None, &by)).await?;
    let mut rest: BTreeMap<_, Totals> = all
        .iter()
        .map(|row| ((row.day, key_and_model(row)), row.totals))
        .collect();
    for row in rows {
        if let Some(left) = rest.get_mut(&(row.day, key_and_model(row))) {
            cents::take(left, &row.totals);
        }
    }
    for ((day, member), totals) in rest.into_iter().filter(|(_, left)| left.requests > 0) {
        let members = daily
            .entry(day)
            .or_default()
            .entry(nobody.to_owned())
            .or_default();
        cents::add(members.entry(member).or_default(), &totals);
    }
    Ok(())
}

fn shown(daily: Daily, group: &Group) -> Value {
    let day = |(day, members): (Option<i32>, BTreeMap<String, BTreeMap<_, Totals>>)| {
        let members: Vec<Value> = members
            .into_iter()
            .map(|(name, details)| {
                let total = details.values().map(|totals| totals.cost).sum();
                member(group.member, &name, total, details)
            })
            .collect();
        json!({
            "group_by_day": format!("{}T00:00:00+00:00", date(day)),
            group.list: members,
        })
    };
    daily.into_iter().map(day).collect()
}

fn member(
    member: &str,
    name: &str,
    total: lockgate_core::money::Nanodollars,
    details: BTreeMap<(String, String), Totals>,
) -> Value {
    let metadata: Vec<Value> = details
        .into_iter()
        .map(|((key, model), totals)| {
            json!({
                "model": model,
                "api_key": key,
                "spend": totals.cost,
                "total_tokens": cents::tokens(&totals),
            })
        })
        .collect();
    json!({member: name, "total_spend": total, "metadata": metadata})
}

/// What a team's keys spent for a customer.
async fn of_customer_in_team(ask: &Ask<'_>, days: Days, team: &str, customer: &str) -> Answer {
    let query = ActivityQuery {
        ids: Some(vec![customer.to_owned()]),
        ..days.query(Some(EntityKind::Customer), &BY_DAY)
    };
    let mut rows = sums(ask, &query).await?;
    let keys = rows.iter().filter_map(|row| row.key_id.as_deref());
    let keys = KeyNames::of(ask, keys).await?;
    rows.retain(|row| row.key_id.as_deref().and_then(|id| keys.team(id)) == Some(team));
    let found = ask.find(EntityKind::Team, team).await?;
    let name = found.as_ref().map_or(team, global::team_name);
    let mut days: BTreeMap<Option<i32>, BTreeMap<_, Totals>> = BTreeMap::new();
    for row in &rows {
        let details = days.entry(row.day).or_default();
        cents::add(details.entry(key_and_model(row)).or_default(), &row.totals);
    }
    let shown = days.into_iter().map(|(day, details)| {
        let total = details.values().map(|totals| totals.cost).sum();
        let mut row = member("customer", customer, total, details);
        row["team_name"] = name.into();
        json!({
            "group_by_day": format!("{}T00:00:00+00:00", date(day)),
            "teams_customers": [row],
        })
    });
    Ok(shown.collect())
}

/// The scope that the caller asks for, or his own; others see their own only.
fn scope<'s>(
    ask: &Ask<'_>,
    asked: Option<&'s str>,
    own: Option<&'s str>,
    name: &str,
) -> Result<&'s str, Refusal> {
    match (asked, own) {
        (Some(asked), own) if ask.caller().sees_all() || own == Some(asked) => Ok(asked),
        (Some(_), _) => Err(Refusal::forbidden(format!(
            "Not authorized to view spend for a {name} other than your own"
        ))),
        (None, Some(own)) => Ok(own),
        (None, None) => Err(Refusal::bad(format!(
            "No {name} associated with this API key; pass a {name} query param"
        ))),
    }
}

fn caller_key<'a>(ask: &Ask<'a>) -> Option<&'a crate::caller::KeyCaller> {
    match ask.caller() {
        Caller::Key(key) => Some(key),
        Caller::Master | Caller::Gateway(_) => None,
    }
}

pub(super) async fn of_key(ask: &Ask<'_>) -> Answer {
    let days = Days::bounded(ask)?;
    let asked = ask.query.get("api_key").map(id_of);
    let key = scope(ask, asked.as_deref(), ask.caller().key_id(), "api_key")?.to_owned();
    by_key(ask, days, Some((EntityKind::Key, key))).await
}

pub(super) async fn of_user(ask: &Ask<'_>) -> Answer {
    let days = Days::bounded(ask)?;
    // A key of a team is only itself.
    let own = caller_key(ask).filter(|key| !own::is_key_of_others(ask.caller(), key));
    let own = own.and_then(|key| key.user_id.as_deref());
    let user = scope(ask, ask.query.get("user_id"), own, "user_id")?.to_owned();
    by_key(ask, days, Some((EntityKind::User, user))).await
}

/// All of the team for those who manage it; for its members what their keys spent.
pub(super) async fn of_team(ask: &Ask<'_>) -> Answer {
    let days = Days::bounded(ask)?;
    let own_team = caller_key(ask).and_then(|key| key.team_id.as_deref());
    let asked = ask.query.get("team_id");
    let Some(id) = asked.or(own_team) else {
        return Err(Refusal::bad(
            "No team_id associated with this API key; pass a team_id query param",
        ));
    };
    let team = ask.find(EntityKind::Team, id).await?;
    let manages =
        ask.caller().sees_all() || team.is_some_and(|team| own::manages(ask.caller(), &team));
    if !manages && !ask.caller().is_in_team(id) {
        return Err(Refusal::forbidden(
            "Not authorized to view spend for a team_id other than your own",
        ));
    }
    let query = ActivityQuery {
        ids: Some(vec![id.to_owned()]),
        ..days.query(Some(EntityKind::Team), &[Dimension::Key, Dimension::Model])
    };
    let mut rows = sums(ask, &query).await?;
    if !manages {
        let keys = own::keys(ask).await?;
        rows.retain(|row| row.key_id.as_ref().is_some_and(|key| keys.contains(key)));
    }
    Ok(key_rows(&rows))
}

pub(super) async fn of_organization(ask: &Ask<'_>) -> Answer {
    let days = Days::bounded(ask)?;
    let own = caller_key(ask).and_then(|key| key.organization_id.as_deref());
    let Some(id) = ask.query.get("organization_id").or(own) else {
        return Err(Refusal::bad(
            "No organization_id associated with this API key; pass an organization_id query param",
        ));
    };
    if !ask.caller().sees_all() && !ask.caller().administers(Some(id)) {
        return Err(Refusal::forbidden(format!(
            "User is not org_admin for Organization= {id}."
        )));
    }
    let id = id.to_owned();
    by_key(ask, days, Some((EntityKind::Organization, id))).await
}
