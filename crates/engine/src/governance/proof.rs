//! What must hold of reservations under any order of events and any number of threads.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::SeqCst;

use jiff::tz::TimeZone;
use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::money::Nanodollars;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::admission::{Entrant, Refused, Worst};
use super::caller::Caller;
use super::directory::Directory;
use super::leasing::Attempt;
use super::reservation::{Outcome, Reservation};

/// The start of a minute.
const NOON: i64 = 1_700_000_040;
static ZONE: TimeZone = TimeZone::UTC;

/// Where nobody shares anything.
fn make(caller: Caller, entrant: &Entrant<'_>) -> Result<Reservation, Refused> {
    Reservation::make(caller, entrant, &mut Attempt::default())
}

fn top_up(made: &mut Reservation, entrant: &Entrant<'_>) -> bool {
    matches!(made.top_up(entrant, &mut Attempt::default()), Ok(true))
}

fn key_hash(number: u8) -> [u8; 32] {
    [number; 32]
}

fn key_id(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

fn entity(kind: EntityKind, id: &str, settings: &Value) -> Entity {
    let mut entity = Entity::new(EntityId::new(kind, id), 0);
    entity.settings = settings.as_object().cloned().unwrap_or_else(Map::new);
    entity
}

/// Two keys of one team, each with terms of its own.
fn directory(keys: [&Value; 2], team: &Value) -> Directory {
    let directory = Directory::default();
    directory.put(&entity(EntityKind::Team, "team", team));
    for (number, terms) in (1..).zip(keys) {
        let mut key = entity(EntityKind::Key, &key_id(number), terms);
        key.team_id = Some("team".to_owned());
        directory.put(&key);
    }
    directory
}

fn caller(directory: &Directory, number: u8) -> Caller {
    directory.caller(key_hash(number), NOON).unwrap().unwrap()
}

fn entrant(worst: i64, tokens: u64, now: i64) -> Entrant<'static> {
    Entrant {
        model: "gpt-5",
        group: None,
        tokens,
        worst: Worst::AtMost(Nanodollars::new(worst)),
        least: Nanodollars::ZERO,
        user_pays_for_team: false,
        zone: &ZONE,
        now,
    }
}

#[test]
fn a_thousand_requests_at_once_overshoot_by_nothing() {
    const MOST: i64 = 100_000_000;
    for round in 0..20 {
        let terms = json!({ "max_budget": 0.1, "budget_duration": "30d" });
        let directory = directory([&terms, &json!({})], &json!({ "max_budget": 0.09 }));
        let served = AtomicI64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (directory, served) = (&directory, &served);
                scope.spawn(move || {
                    for step in 0..125 {
                        let worst = 50_000 + (thread * 13_131 + step * 97_777 + round) % 900_000;
                        let entrant = entrant(worst, 0, NOON);
                        let made = make(caller(directory, 1), &entrant);
                        let Ok(mut reservation) = made else {
                            continue;
                        };
                        // Half cost less than they might, some cost nothing at all.
                        let cost = if step % 2 == 0 { worst } else { worst / 2 };
                        if step % 7 != 0 {
                            served.fetch_add(cost, SeqCst);
                            reservation.settle(Outcome {
                                cost: Nanodollars::new(cost),
                                tokens: None,
                                now: NOON,
                            });
                        }
                    }
                });
            }
        });
        let account = |kind, id: &str| directory.account(&EntityId::new(kind, id)).unwrap();
        let (key, team) = (
            account(EntityKind::Key, &key_id(1)),
            account(EntityKind::Team, "team"),
        );
        let spent = served.load(SeqCst);
        assert!(spent <= MOST * 9 / 10, "{spent}");
        // The budget is used: what is left would not have paid for the dearest request.
        assert!(spent > MOST * 9 / 10 - 1_000_000, "{spent}");
        for account in [key, team] {
            assert_eq!(account.spent().get(), spent);
            assert_eq!(account.committed().get(), spent);
        }
    }
}

#[test]
fn a_limit_is_met_exactly_by_many_threads() {
    let directory = directory(
        [&json!({ "rpm_limit": 60 }), &json!({ "rpm_limit": 1000 })],
        &json!({ "rpm_limit": 100 }),
    );
    let let_in = AtomicI64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let (directory, let_in) = (&directory, &let_in);
            scope.spawn(move || {
                for _ in 0..100 {
                    let caller = caller(directory, 1 + thread % 2);
                    if make(caller, &entrant(0, 0, NOON)).is_ok() {
                        let_in.fetch_add(1, SeqCst);
                    }
                }
            });
        }
    });
    // The team's limit is the narrower one of all requests together; a refusal by one account
    // leaves no trace in another.
    assert_eq!(let_in.load(SeqCst), 100);
    let used = |kind, id: &str| {
        directory
            .account(&EntityId::new(kind, id))
            .unwrap()
            .used(NOON)
            .0
    };
    assert_eq!(used(EntityKind::Team, "team"), 100);
    let keys = used(EntityKind::Key, &key_id(1)) + used(EntityKind::Key, &key_id(2));
    assert_eq!(keys, 100);
    assert!(used(EntityKind::Key, &key_id(1)) <= 60);
}

/// Something that happens to reservations.
#[derive(Debug, Clone)]
enum Event {
    Make {
        key: u8,
        worst: i64,
        tokens: u64,
    },
    Settle {
        place: usize,
        part: i64,
        tokens: u64,
    },
    Drop {
        place: usize,
    },
    TopUp {
        place: usize,
        worst: i64,
    },
    Wait {
        seconds: i64,
    },
    Replace {
        key: u8,
    },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..=2_u8, 0..40_i64, 0..60_u64)
            .prop_map(|(key, worst, tokens)| Event::Make { key, worst, tokens }),
        2 => (0..8_usize, 0..=4_i64, 0..60_u64)
            .prop_map(|(place, part, tokens)| Event::Settle { place, part, tokens }),
        1 => (0..8_usize).prop_map(|place| Event::Drop { place }),
        1 => (0..8_usize, 0..60_i64).prop_map(|(place, worst)| Event::TopUp { place, worst }),
        1 => (0..50_i64).prop_map(|seconds| Event::Wait { seconds }),
        1 => (1..=2_u8).prop_map(|key| Event::Replace { key }),
    ]
}

fn terms() -> Value {
    json!({
        "max_budget": 1e-7, "rpm_limit": 9, "tpm_limit": 200, "max_parallel_requests": 3,
        "budget_limits": [{ "budget_duration": "1m", "max_budget": 6e-8 }],
        "model_max_budget": { "gpt-5": { "budget_limit": 9e-8, "time_period": "1h" },
                              "other": { "budget_limit": 0, "time_period": "1h" } },
        "model_rpm_limit": { "gpt-5": 8 },
    })
}

/// A world in which events happen, and what should have come of them.
struct World {
    directory: Directory,
    now: i64,
    live: Vec<(u8, i64, Reservation)>,
    spent: [i64; 2],
}

impl World {
    fn new() -> Self {
        Self {
            directory: directory([&terms(), &terms()], &terms()),
            now: NOON,
            live: Vec::new(),
            spent: [0; 2],
        }
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Make { key, worst, tokens } => {
                let entrant = entrant(worst, tokens, self.now);
                let made = make(caller(&self.directory, key), &entrant);
                if let Ok(made) = made {
                    self.live.push((key, worst, made));
                }
            }
            Event::Settle {
                place,
                part,
                tokens,
            } if !self.live.is_empty() => {
                let (key, worst, mut made) = self.live.swap_remove(place % self.live.len());
                let cost = worst * part / 4;
                self.spent[usize::from(key) - 1] += cost;
                let outcome = Outcome {
                    cost: Nanodollars::new(cost),
                    tokens: Some(tokens),
                    now: self.now,
                };
                made.settle(outcome);
                // Once is enough.
                assert!(made.settle(outcome).is_empty());
            }
            Event::Drop { place } if !self.live.is_empty() => {
                self.live.swap_remove(place % self.live.len());
            }
            Event::TopUp { place, worst } if !self.live.is_empty() => {
                let place = place % self.live.len();
                let (_, old, made) = &mut self.live[place];
                if top_up(made, &entrant(worst, 0, self.now)) {
                    *old = (*old).max(worst);
                }
            }
            Event::Wait { seconds } => self.now += seconds,
            Event::Replace { key } => {
                let mut entity = entity(EntityKind::Key, &key_id(key), &terms());
                entity.team_id = Some("team".to_owned());
                self.directory.put(&entity);
            }
            _ => {}
        }
    }

    fn accounts(&self) -> [(i64, Arc<super::Account>); 3] {
        let account = |kind, id: &str| self.directory.account(&EntityId::new(kind, id)).unwrap();
        [
            (self.spent[0], account(EntityKind::Key, &key_id(1))),
            (self.spent[1], account(EntityKind::Key, &key_id(2))),
            (self.spent.iter().sum(), account(EntityKind::Team, "team")),
        ]
    }
}

proptest! {
    /// At every moment no account is beyond a limit; when everything has ended, what was spent is
    /// what was settled, and nothing is held any more.
    #[test]
    fn what_is_taken_is_given_back_once(events in prop::collection::vec(event(), 1..80)) {
        let mut world = World::new();
        for event in &events {
            world.happen(event);
            for (spent, account) in world.accounts() {
                prop_assert_eq!(account.spent().get(), spent);
                prop_assert!(account.in_flight() <= 3);
                prop_assert!(account.used(world.now).0 <= 9);
                for (terms, _, spent, committed) in account.windows(world.now, &ZONE) {
                    prop_assert!(committed <= terms.most, "{} {committed}", terms.name);
                    prop_assert!(spent <= committed);
                }
            }
        }
        let reserved: Vec<_> = world.live.iter().map(|(key, worst, _)| (*key, *worst)).collect();
        for (number, (spent, account)) in (1_u8..).zip(world.accounts()) {
            let own = reserved.iter().filter(|(key, _)| number == 3 || *key == number);
            let own: i64 = own.map(|(_, worst)| worst).sum();
            prop_assert_eq!(account.committed().get(), spent + own);
        }
        world.live.clear();
        for (spent, account) in world.accounts() {
            prop_assert_eq!(account.in_flight(), 0);
            prop_assert_eq!(account.committed().get(), spent);
            for (_, _, spent, committed) in account.windows(world.now, &ZONE) {
                prop_assert_eq!(spent, committed);
            }
        }
    }
}

#[test]
fn a_refusal_takes_nothing_anywhere() {
    // The team is the last to be asked, and refuses.
    let key = json!({
        "max_budget": 1, "rpm_limit": 9, "tpm_limit": 900, "max_parallel_requests": 3,
        "model_rpm_limit": { "gpt-5": 8 }, "model_tpm_limit": { "gpt-5": 800 },
    });
    let directory = directory([&key, &json!({})], &json!({ "max_budget": 1e-9 }));
    for _ in 0..20 {
        let refused = make(caller(&directory, 1), &entrant(2, 50, NOON));
        assert!(matches!(
            refused,
            Err(Refused::For(super::refusal::Refusal::Budget(_)))
        ));
    }
    let id = EntityId::new(EntityKind::Key, key_id(1));
    let account = directory.account(&id).unwrap();
    assert_eq!(account.used(NOON), (0, 0));
    assert_eq!((account.in_flight(), account.committed().get()), (0, 0));
    // A request that fits is let in with all its model limits unused.
    let free = entrant(0, 50, NOON);
    let free = Entrant {
        worst: Worst::Nothing,
        ..free
    };
    for _ in 0..3 {
        make(caller(&directory, 1), &free).unwrap();
    }
    assert_eq!(account.used(NOON), (3, 0));
}

#[test]
fn a_window_ends_on_the_second() {
    let directory = directory([&json!({ "rpm_limit": 2 }), &json!({})], &json!({}));
    let ask = |now| make(caller(&directory, 1), &entrant(0, 0, now)).is_ok();
    let last = NOON + 59;
    assert_eq!([ask(NOON), ask(last), ask(last)], [true, true, false]);
    let next = NOON + 60;
    assert_eq!([ask(next), ask(next), ask(next)], [true, true, false]);
    // A core whose clock is a second behind cannot open the minute that has passed.
    assert!(!ask(last));
}

#[test]
fn a_customer_nobody_has_made_is_charged_all_the_same() {
    let directory = directory([&json!({ "tags": ["prod"] }), &json!({})], &json!({}));
    let mut caller = caller(&directory, 1);
    caller.mark(&directory, Some("anna".to_owned()), vec!["beta".to_owned()]);
    let mut made = make(caller, &entrant(0, 0, NOON)).unwrap();
    let charges = made.settle(Outcome::default());
    let charged: Vec<_> = charges.iter().map(|c| (c.kind, c.id.as_str())).collect();
    let key = key_id(1);
    assert_eq!(
        charged,
        [
            (EntityKind::Key, key.as_str()),
            (EntityKind::Team, "team"),
            (EntityKind::Customer, "anna"),
            (EntityKind::Tag, "prod"),
            (EntityKind::Tag, "beta"),
        ]
    );
}

#[test]
fn charges_name_the_windows_that_memory_is_filled_from() {
    let terms = json!({
        "max_budget": 1, "budget_duration": "30d",
        "model_max_budget": { "gpt-5": { "budget_limit": 1, "time_period": "1d" },
                              "other": { "budget_limit": 1, "time_period": "1d" } },
    });
    let first = directory([&terms, &json!({})], &json!({}));
    let mut made = make(caller(&first, 1), &entrant(9, 0, NOON)).unwrap();
    let cost = Nanodollars::new(7);
    let charges = made.settle(Outcome {
        cost,
        tokens: None,
        now: NOON,
    });
    let windows: Vec<&str> = charges[0].windows.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(windows, ["30d", "gpt-5/1d"]);
    // Another process reads its journal and knows the same.
    let second = directory([&terms, &json!({})], &json!({}));
    let entry = lockgate_core::ledger::LedgerEntry {
        cost,
        charges,
        ..Default::default()
    };
    second.undrained(&entry, &ZONE);
    let id = EntityId::new(EntityKind::Key, key_id(1));
    let (first, second) = (first.account(&id).unwrap(), second.account(&id).unwrap());
    let all = |account: &super::Account| -> Vec<_> {
        let windows = account.windows(NOON, &ZONE);
        windows
            .map(|(terms, start, spent, _)| (terms.name.clone(), start, spent))
            .collect()
    };
    assert_eq!(all(&first), all(&second));
    assert_eq!((first.spent(), second.spent()), (cost, cost));
}

#[test]
fn a_budget_that_changes_reaches_whoever_refers_to_it() {
    let directory = directory([&json!({ "budget_id": "free" }), &json!({})], &json!({}));
    let ask = |worst| make(caller(&directory, 1), &entrant(worst, 0, NOON));
    assert!(ask(1_000).is_ok());
    let budget = |dollars: f64| {
        entity(
            EntityKind::Budget,
            "free",
            &json!({ "max_budget": dollars }),
        )
    };
    directory.put(&budget(5e-7));
    assert!(ask(1_000).is_err());
    let spent = Nanodollars::new(400);
    ask(400).unwrap().settle(Outcome {
        cost: spent,
        ..Outcome::default()
    });
    directory.put(&budget(1e-6));
    assert!(ask(600).is_ok());
    assert!(ask(601).is_err(), "the counters go on");
    directory.remove(&EntityId::new(EntityKind::Budget, "free"));
    assert!(ask(1_000_000).is_ok());
}

#[test]
fn a_fallback_has_budgets_of_its_own() {
    let terms = json!({ "max_budget": 1, "model_max_budget": { "dear": 1e-8 } });
    let directory = directory([&terms, &json!({})], &json!({}));
    let id = EntityId::new(EntityKind::Key, key_id(1));
    let account = directory.account(&id).unwrap();
    let committed = || -> Vec<i64> {
        let windows = account.windows(NOON, &ZONE);
        windows
            .map(|(_, _, _, committed)| committed.get())
            .collect()
    };
    let mut made = make(caller(&directory, 1), &entrant(5, 0, NOON)).unwrap();
    assert_eq!(committed(), [5, 0]);
    let to = |worst| Entrant {
        model: "dear",
        ..entrant(worst, 0, NOON)
    };
    assert!(!top_up(&mut made, &to(11)));
    assert_eq!(committed(), [5, 0], "a refusal takes nothing");
    assert!(top_up(&mut made, &to(10)));
    assert_eq!(committed(), [10, 10]);
    let cost = Nanodollars::new(7);
    let charges = made.settle(Outcome {
        cost,
        ..Outcome::default()
    });
    assert_eq!(committed(), [7, 7]);
    assert_eq!(charges[0].windows[0].name, "dear/");
}
