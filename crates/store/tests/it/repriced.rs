//! Entries that are found by more, spend that is forgiven, and costs that are set anew.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ledger::{CostSource, LedgerDetails};
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{
    AuditQuery, Dimension, EntityStore as _, EntryOrder, EntryQuery, EntrySort, Paging, Seer,
    SpendStore as _, Spender, StatusQuery,
};
use lockgate_store::NewCost;

use crate::support::{NOW, Open, TODAY, all_spend, entry, on_both};

on_both!(
    entries_are_found_by_more,
    what_is_forgiven_is_said,
    a_new_cost_is_set_once,
);

fn all() -> EntryQuery {
    EntryQuery::new(Paging::page(1, 100))
}

async fn entries_are_found_by_more(open: &Open) {
    let text = |text: &str| Some(text.to_owned());
    let mut one = entry(NOW);
    one.call_id = "one".to_owned();
    one.tags = vec!["a".to_owned(), "a\"b".to_owned()];
    one.user_id = text("ann");
    one.deployment_id = text("d1");
    one.details = LedgerDetails {
        audio_input: 3,
        service_tier: text("flex"),
        ..LedgerDetails::default()
    }
    .boxed();
    let mut two = entry(NOW + 10);
    two.call_id = "two".to_owned();
    two.cost = Nanodollars::new(5);
    two.tokens.input = u64::MAX;
    two.status = 429;
    two.error = text("slow % down");
    two.key_id = text("sk-2");
    two.key_alias = text("alias of two");
    two.team_id = text("blue");
    two.model = text("other");
    open.store.write(&[one.clone(), two].into()).await.unwrap();
    let found = open.store.entries(&all()).await.unwrap().rows;
    assert_eq!(found[1], one);

    let by = |by, descending| EntryOrder { by, descending };
    let seer = |seer: Seer| EntryQuery {
        seen_by: Some(seer),
        ..all()
    };
    let cases: Vec<(EntryQuery, &[&str])> = vec![
        (
            EntryQuery {
                tag: text("a"),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                tag: text("a\"b"),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                tag: text("b"),
                ..all()
            },
            &[],
        ),
        (
            EntryQuery {
                model: text("other"),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                deployment_id: text("d1"),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                error: text("% d"),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                error: text("_"),
                ..all()
            },
            &[],
        ),
        (
            EntryQuery {
                key_alias: text("of"),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                status: Some(429),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                cache_hit: Some(true),
                ..all()
            },
            &[],
        ),
        (
            EntryQuery {
                most: Some(Nanodollars::new(5)),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                order: by(EntrySort::Started, false),
                ..all()
            },
            &["one", "two"],
        ),
        (
            EntryQuery {
                order: by(EntrySort::Cost, true),
                ..all()
            },
            &["one", "two"],
        ),
        (
            EntryQuery {
                order: by(EntrySort::Tokens, true),
                ..all()
            },
            &["two", "one"],
        ),
        (
            EntryQuery {
                order: by(EntrySort::Model, false),
                ..all()
            },
            &["one", "two"],
        ),
        (
            EntryQuery {
                order: by(EntrySort::Ended, true),
                ..all()
            },
            &["two", "one"],
        ),
        (
            EntryQuery {
                order: by(EntrySort::Duration, true),
                ..all()
            },
            &["two", "one"],
        ),
        (
            EntryQuery {
                order: by(EntrySort::FirstToken, true),
                ..all()
            },
            &["two", "one"],
        ),
        (seer(Seer::default()), &[]),
        (
            seer(Seer {
                user_id: text("ann"),
                ..Seer::default()
            }),
            &["one"],
        ),
        (
            seer(Seer {
                key_id: text("sk-2"),
                ..Seer::default()
            }),
            &["two"],
        ),
        (
            seer(Seer {
                user_id: text("ann"),
                teams: vec!["blue".to_owned()],
                ..Seer::default()
            }),
            &["two", "one"],
        ),
    ];
    for (query, calls) in cases {
        let page = open.store.entries(&query).await.unwrap();
        let found: Vec<&str> = page.rows.iter().map(|row| row.call_id.as_str()).collect();
        assert_eq!(found, calls, "{query:?}");
    }
    let query = StatusQuery {
        status: 429,
        model_group: text("gpt"),
        from: TODAY,
        until: TODAY + 1,
    };
    let counted = open.store.statuses(&query).await.unwrap();
    let counted: Vec<_> = counted.iter().map(|row| (row.day, row.count)).collect();
    assert_eq!(counted, [(TODAY, 1)]);
}

async fn what_is_forgiven_is_said(open: &Open) {
    let store = &open.store;
    store
        .write(&[entry(NOW), entry(NOW + 1)].into())
        .await
        .unwrap();
    let red = EntityId::new(EntityKind::Team, "red");
    let most = Nanodollars::new(500_000);
    let taken = store.lower_spend(Spender::One(&red), most).await.unwrap();
    let taken: Vec<_> = taken
        .iter()
        .map(|row| (&*row.window, row.amount.get()))
        .collect();
    assert_eq!(taken, [("", 1_500_000), ("1d", 1_500_000)]);
    assert_eq!(
        store.lower_spend(Spender::One(&red), most).await,
        Ok(Vec::new())
    );
    let all = Spender::All(EntityKind::Key);
    let taken = store.lower_spend(all, Nanodollars::ZERO).await.unwrap();
    assert_eq!((taken.len(), taken[0].amount.get()), (1, 2_000_000));
    let left: Vec<i64> = all_spend(store)
        .await
        .into_iter()
        .map(|row| row.3)
        .collect();
    assert_eq!(left, [0, 500_000, 500_000]);
}

async fn a_new_cost_is_set_once(open: &Open) {
    let store = &open.store;
    let mut reported = entry(NOW + 2);
    reported.cost_source = CostSource::Reported;
    let entries = [entry(NOW), entry(NOW + 1), reported];
    store.write(&entries.into()).await.unwrap();
    let first = store.priced_entries(NOW, NOW + 9, None, 1).await.unwrap();
    let rest = store
        .priced_entries(NOW, NOW + 9, first.last(), 9)
        .await
        .unwrap();
    assert_eq!(
        (first.len(), rest.len()),
        (1, 1),
        "what was reported is left alone"
    );

    let costs: Vec<NewCost> = first
        .into_iter()
        .chain(rest)
        .zip([3_000_000, 500_000])
        .map(|(entry, cost)| NewCost {
            entry,
            cost: Nanodollars::new(cost),
            source: CostSource::Computed,
        })
        .collect();
    for changed in [vec![0, 1], vec![]] {
        assert_eq!(store.reprice(&costs, "me", NOW).await.unwrap(), changed);
    }
    // 3,000,000 and 500,000 in place of 1,000,000 each, and what was reported.
    let sum = 4_500_000;
    let spent: Vec<i64> = all_spend(store)
        .await
        .into_iter()
        .map(|row| row.3)
        .collect();
    assert_eq!(spent, [sum, sum, sum]);
    for by in [&[][..], &[Dimension::Model], &[Dimension::Hour]] {
        let query = lockgate_core::ports::ActivityQuery {
            of: None,
            ids: None,
            key_id: None,
            model_group: None,
            from: TODAY,
            until: TODAY + 1,
            by: by.to_vec(),
        };
        let rows = store.activity(&query).await.unwrap();
        assert_eq!(rows.len(), 1);
        let totals = rows[0].totals;
        assert_eq!((totals.cost.get(), totals.requests), (sum, 3), "{by:?}");
    }
    let dear = EntryQuery {
        least: Some(Nanodollars::new(3_000_000)),
        ..all()
    };
    let dear = store.entries(&dear).await.unwrap().rows;
    let repriced = dear[0].details.as_ref().unwrap().repriced.unwrap();
    assert_eq!((dear.len(), repriced.first_cost.get()), (1, 1_000_000));
    let said = store
        .audit(&AuditQuery {
            entity: None,
            kind: None,
            actor: Some("me".to_owned()),
            action: Some("repriced".to_owned()),
            from: None,
            until: None,
            paging: Paging::page(1, 9),
        })
        .await
        .unwrap();
    assert_eq!(said.total, 1);
    assert_eq!(said.rows[0].said.after.as_ref().unwrap()["spend"], 0.0035);
    assert_eq!(store.verify_audit().await.unwrap().broken, None);
}
