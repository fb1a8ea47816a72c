//! What reports ask for.

use lockgate_core::entity::EntityKind;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{ActivityQuery, Dimension, EntryQuery, Paging};

use crate::{DAY, START};

pub(crate) fn activities() -> Vec<(&'static str, ActivityQuery)> {
    use Dimension::{Day, Entity, Hour, Key, Model, ModelGroup, Provider};

    let query = |of, by: &[Dimension]| ActivityQuery {
        of,
        ids: None,
        key_id: None,
        model_group: None,
        from: 20_758,
        until: 20_788,
        by: by.to_vec(),
    };
    let one = |of, id: &str, by: &[Dimension]| ActivityQuery {
        ids: Some(vec![id.to_owned()]),
        ..query(Some(of), by)
    };
    vec![
        ("all, by day", query(None, &[Day])),
        ("all, by hour", query(None, &[Hour])),
        (
            "all, by day and model",
            query(None, &[Day, ModelGroup, Model, Provider]),
        ),
        ("all, by key", query(None, &[Key])),
        ("all keys, by day", query(Some(EntityKind::Key), &[Day])),
        (
            "all teams, by team",
            query(Some(EntityKind::Team), &[Entity]),
        ),
        (
            "all teams, by team and day",
            query(Some(EntityKind::Team), &[Entity, Day]),
        ),
        (
            "all customers, by customer",
            query(Some(EntityKind::Customer), &[Entity]),
        ),
        (
            "all tags, by tag and day",
            query(Some(EntityKind::Tag), &[Entity, Day]),
        ),
        ("one team, by day", one(EntityKind::Team, "team-7", &[Day])),
        (
            "one team, by day, key and model",
            one(EntityKind::Team, "team-7", &[Day, Key, Model]),
        ),
        (
            "one user, by day and model",
            one(EntityKind::User, "user-7", &[Day, Model]),
        ),
    ]
}

pub(crate) fn everything() -> EntryQuery {
    EntryQuery::new(Paging::page(1, 100))
}

pub(crate) fn entries() -> Vec<(&'static str, EntryQuery)> {
    let text = |text: &str| Some(text.to_owned());
    let all = everything();
    let week = EntryQuery {
        from: Some(START + 10 * DAY),
        until: Some(START + 17 * DAY),
        ..all.clone()
    };
    vec![
        ("the newest entries", all.clone()),
        ("entries of a week", week.clone()),
        (
            "entries, page 100",
            EntryQuery {
                paging: Paging::page(100, 100),
                ..all.clone()
            },
        ),
        (
            "entries of a team",
            EntryQuery {
                team_id: text("team-7"),
                ..all.clone()
            },
        ),
        (
            "entries of a team in a week",
            EntryQuery {
                team_id: text("team-7"),
                ..week.clone()
            },
        ),
        (
            "entries of a key",
            EntryQuery {
                key_id: Some(format!("{:064x}", 7)),
                ..all.clone()
            },
        ),
        (
            "entries of a customer",
            EntryQuery {
                customer_id: text("customer-7"),
                ..all.clone()
            },
        ),
        (
            "entries of a session",
            EntryQuery {
                session_id: text("session-777"),
                ..all.clone()
            },
        ),
        (
            "entries of a model group in a week",
            EntryQuery {
                model_group: text("group-3"),
                ..week.clone()
            },
        ),
        (
            "entries that failed",
            EntryQuery {
                failed: Some(true),
                ..all.clone()
            },
        ),
        (
            "entries of a team that failed",
            EntryQuery {
                failed: Some(true),
                team_id: text("team-7"),
                ..all.clone()
            },
        ),
        (
            "entries of an organization that failed",
            EntryQuery {
                failed: Some(true),
                organization_id: text("organization-7"),
                ..all.clone()
            },
        ),
        (
            "entries of a model group that failed",
            EntryQuery {
                failed: Some(true),
                model_group: text("group-3"),
                ..all.clone()
            },
        ),
        (
            "entries of an organization, of nobody",
            EntryQuery {
                organization_id: text("organization-7"),
                user_id: text("nobody"),
                ..all.clone()
            },
        ),
        (
            "entries of a team with another's model group",
            EntryQuery {
                team_id: text("team-7"),
                model_group: text("group-99"),
                ..all.clone()
            },
        ),
        (
            "entries of an organization by a stranger",
            EntryQuery {
                organization_id: text("organization-7"),
                team_id: text("team-8"),
                ..all.clone()
            },
        ),
        (
            "entries of a week that cost more than any",
            EntryQuery {
                least: Some(Nanodollars::new(9_999_999)),
                ..week
            },
        ),
        (
            "entries of nobody",
            EntryQuery {
                team_id: text("nobody"),
                ..all.clone()
            },
        ),
        (
            "entries of an unknown model group",
            EntryQuery {
                model_group: text("nothing"),
                ..all.clone()
            },
        ),
        (
            "entries that cost more than any",
            EntryQuery {
                least: Some(Nanodollars::new(9_999_999)),
                ..all.clone()
            },
        ),
        (
            "an entry by an unknown id",
            EntryQuery {
                request_id: text("chatcmpl-nothing"),
                ..all
            },
        ),
    ]
}
