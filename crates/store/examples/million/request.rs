//! Finished requests as a company of a thousand keys makes them.

use lockgate_core::entity::EntityKind;
use lockgate_core::ledger::{Charge, CostSource, LedgerEntry, LedgerTokens, Window};
use lockgate_core::money::Nanodollars;

use crate::{DAY, DAYS, START};

/// One of five thousand customers, who are served by a thousand keys of a hundred teams with three
/// models each, spread over thirty days.
pub(crate) fn request(number: usize, count: usize) -> LedgerEntry {
    let at =
        START + DAYS * DAY / i64::try_from(count).unwrap_or(1) * i64::try_from(number).unwrap_or(0);
    let customer = fastrand::usize(..5_000);
    let key = customer % 1_000;
    let model = (key + fastrand::usize(..3)) % 8;
    let tag = format!("tag-{}", key % 20);
    let customer = format!("customer-{customer}");
    let (user, team) = (format!("user-{key}"), format!("team-{}", key % 100));
    let organization = format!("organization-{}", key % 10);
    let key = format!("{key:064x}");
    let day = at.div_euclid(DAY) * 86_400;
    let charge = |kind, id: &str| Charge {
        kind,
        id: id.to_owned(),
        windows: vec![Window {
            name: "1d".to_owned(),
            start: day,
        }],
    };
    let input = fastrand::u64(10..5_000);
    LedgerEntry {
        id: uuid(at),
        call_id: uuid(at),
        response_id: Some(format!("chatcmpl-{}", uuid(at))),
        started_at: at,
        ended_at: at + 2_000_000,
        dialect: "openai_chat".to_owned(),
        operation: "chat".to_owned(),
        model_group: format!("group-{model}"),
        model: Some(format!("model-{model}")),
        provider: Some(format!("provider-{}", model % 4)),
        deployment_id: Some(format!("deployment-{model}")),
        charges: vec![
            charge(EntityKind::Key, &key),
            charge(EntityKind::User, &user),
            charge(EntityKind::Team, &team),
            charge(EntityKind::Organization, &organization),
            charge(EntityKind::Customer, &customer),
        ],
        key_id: Some(key),
        user_id: Some(user),
        team_id: Some(team),
        organization_id: Some(organization),
        customer_id: Some(customer),
        tags: vec![tag],
        session_id: Some(format!("session-{}", number / 20)),
        client_address: Some("192.0.2.17".to_owned()),
        status: if fastrand::usize(..100) == 0 {
            500
        } else {
            200
        },
        stream: true,
        tokens: LedgerTokens {
            input,
            output: 300,
            cache_read: input / 2,
            ..LedgerTokens::default()
        },
        cost: Nanodollars::new(1_234_567),
        cost_source: CostSource::Computed,
        ..LedgerEntry::default()
    }
}

/// A version 7 UUID of that time.
fn uuid(at: i64) -> String {
    let milliseconds = u64::try_from(at / 1_000).unwrap_or_default();
    let random = fastrand::u128(..).to_be_bytes();
    let tail = [
        random[0], random[1], random[2], random[3], random[4], random[5], random[6], random[7],
        random[8], random[9],
    ];
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &tail)
        .into_uuid()
        .to_string()
}
