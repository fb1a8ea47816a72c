//! From the journal to the database.

use std::fs;
use std::time::Duration;

use lockgate_journal::{Drain, DrainSettings, Journal, Options, Step};

use crate::database::{Database, Mood};
use crate::support::{
    SOON, append, drain, drain_with, files, folder, hasty, open, undrained, wait,
};

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:05}")).collect()
}

#[test]
fn a_long_backlog_goes_in_batches_and_its_files_go_with_it() {
    let folder = folder();
    let options = Options {
        segment_bytes: 10_000,
        ..Options::default()
    };
    let ids = numbers(3000);
    {
        let journal = Journal::open(folder.path(), options).unwrap();
        append(&journal.writer(0), ids.clone());
    }
    assert!(files(folder.path(), ".journal").len() > 50);
    let journal = Journal::open(folder.path(), options).unwrap();
    assert_eq!(journal.status().undrained, 3000);
    let database = Database::new();
    let settings = DrainSettings {
        entries: 100,
        ..hasty()
    };
    drain_with(&journal, &database, settings);
    assert_eq!(database.ids(), ids);
    assert_eq!(database.batches(), [100; 30]);
    assert_eq!(
        files(folder.path(), ".journal"),
        Vec::<std::path::PathBuf>::new()
    );
    let status = journal.status();
    assert_eq!(
        (status.drained, status.undrained, status.bytes),
        (3000, 0, 0)
    );
    assert_eq!(status.oldest, None);
}

/// What does not fit into memory is read from the files, and what came before it was drained is
/// there once.
#[test]
fn what_was_just_written_and_what_is_only_in_files_come_in_order() {
    let folder = folder();
    let options = Options {
        segment_bytes: 100_000,
        ..Options::default()
    };
    let journal = Journal::open(folder.path(), options).unwrap();
    let (writer, other) = (journal.writer(0), journal.writer(1));
    let database = Database::new();
    let ids = numbers(12_000);
    // More than is kept in memory, then less, then nothing but a few.
    for part in [
        &ids[..7_000],
        &ids[7_000..8_000],
        &ids[8_000..11_990],
        &ids[11_990..],
    ] {
        append(&writer, part.iter().cloned());
        append(&other, part.iter().map(|id| format!("other-{id}")));
        drain(&journal, &database);
        assert_eq!(journal.status().undrained, 0);
    }
    let (others, own): (Vec<_>, Vec<_>) = database
        .ids()
        .into_iter()
        .partition(|id| id.starts_with("other-"));
    assert_eq!(own, ids);
    assert_eq!(others.len(), ids.len());
    let status = journal.status();
    assert_eq!((status.drained, status.damaged), (24_000, 0));
}

/// Every writer's entries, while they write.
#[test]
fn segments_in_use_are_drained_as_far_as_they_go() {
    let folder = folder();
    let journal = open(folder.path());
    let writers = [journal.writer(0), journal.writer(1)];
    let database = Database::new();
    let mut drain = Drain::new(journal, database.clone(), hasty());
    for number in 0..50 {
        append(&writers[number % 2], [format!("{number:05}")]);
        assert_eq!(wait(drain.step()), Step::Done);
        assert_eq!(database.ids().len(), number + 1);
        assert_eq!(wait(drain.step()), Step::Rest);
    }
    assert_eq!(database.ids(), numbers(50));
    assert_eq!(database.batches(), [1; 50]);
    assert_eq!(files(folder.path(), ".journal").len(), 2);
}

#[test]
fn while_the_database_is_away_everything_stays() {
    let folder = folder();
    let journal = open(folder.path());
    let writer = journal.writer(0);
    append(&writer, ["a", "b"]);
    let database = Database::new();
    database.is(Mood::Away);
    let mut drain = Drain::new(journal.clone(), database.clone(), hasty());
    let Step::Again(first) = wait(drain.step()) else {
        panic!("it is away");
    };
    let Step::Again(second) = wait(drain.step()) else {
        panic!("it is away");
    };
    assert!(second > first, "{second:?} {first:?}");
    append(&writer, ["c"]);
    let status = journal.status();
    assert_eq!(
        (status.undrained, status.drained, status.is_away),
        (3, 0, true)
    );
    assert!(status.oldest.unwrap() > Duration::ZERO);
    assert!(status.last_error.unwrap().contains("it is down"));
    database.is(Mood::Well);
    assert!(wait(drain.finish(SOON)));
    append(&writer, ["d"]);
    assert!(wait(drain.finish(SOON)));
    assert_eq!(database.ids(), ["a", "b", "c", "d"]);
    assert!(!journal.status().is_away);
}

#[test]
fn a_database_that_never_answers_is_away() {
    let folder = folder();
    let journal = open(folder.path());
    append(&journal.writer(0), ["a"]);
    let database = Database::new();
    database.is(Mood::Asleep);
    let settings = DrainSettings {
        patience: Duration::from_millis(1),
        ..hasty()
    };
    let mut drain = Drain::new(journal.clone(), database.clone(), settings);
    assert!(matches!(wait(drain.step()), Step::Again(_)));
    assert!(!wait(drain.finish(Duration::from_millis(20))));
    assert_eq!(journal.status().undrained, 1);
    database.is(Mood::Well);
    assert!(wait(drain.finish(SOON)));
    assert_eq!(database.ids(), ["a"]);
}

#[test]
fn an_entry_that_the_database_refuses_is_set_aside_alone() {
    let folder = folder();
    let journal = open(folder.path());
    let ids = numbers(40);
    append(&journal.writer(0), ids.clone());
    let database = Database::new();
    database.cannot_take(&["00000", "00017", "00039"]);
    drain(&journal, &database);
    let mut taken = ids;
    taken.retain(|id| !["00000", "00017", "00039"].contains(&id.as_str()));
    assert_eq!(database.ids(), taken);
    let status = journal.status();
    assert_eq!(
        (status.set_aside, status.drained, status.undrained),
        (3, 37, 0)
    );
    assert!(status.last_error.unwrap().contains("a row is bad"));
    let kept = files(folder.path(), ".refused");
    assert_eq!(kept.len(), 1);
    assert_eq!(fs::read_to_string(&kept[0]).unwrap().lines().count(), 3);
}

/// What was set aside is a segment but for its name.
#[test]
fn what_was_set_aside_can_be_put_back() {
    let folder = folder();
    let database = Database::new();
    database.cannot_take(&["b"]);
    {
        let journal = open(folder.path());
        append(&journal.writer(0), ["a", "b", "c"]);
        drain(&journal, &database);
    }
    database.cannot_take(&[]);
    // The next process removes the segment itself, which is drained.
    drain(&open(folder.path()), &database);
    let refused = files(folder.path(), ".refused").remove(0);
    fs::rename(&refused, refused.with_extension("")).unwrap();
    drain(&open(folder.path()), &database);
    assert_eq!(database.ids(), ["a", "b", "c"]);
    assert_eq!(files(folder.path(), ".refused").len(), 0);
}

#[test]
fn a_database_that_refuses_everything_is_waited_for() {
    let folder = folder();
    let journal = open(folder.path());
    let ids = numbers(100);
    append(&journal.writer(0), ids.clone());
    let database = Database::new();
    database.is(Mood::Broken);
    let mut drain = Drain::new(journal.clone(), database.clone(), hasty());
    for _ in 0..5 {
        assert!(matches!(wait(drain.step()), Step::Again(_)));
    }
    let asked: usize = database.batches().len();
    assert!(asked < 5 * 30, "{asked}");
    assert_eq!(journal.status().set_aside, 0);
    database.is(Mood::Well);
    assert!(wait(drain.finish(SOON)));
    assert_eq!(database.ids(), ids);
}

/// Otherwise whoever can write such entries keeps all others back.
#[test]
fn a_batch_of_nothing_but_bad_entries_is_set_aside_in_the_end() {
    let folder = folder();
    let journal = open(folder.path());
    let writer = journal.writer(0);
    append(&writer, ["a", "b", "c"]);
    let database = Database::new();
    database.cannot_take(&["a", "b", "c"]);
    let mut drain = Drain::new(journal.clone(), database.clone(), hasty());
    assert!(matches!(wait(drain.step()), Step::Again(_)));
    append(&writer, ["d"]);
    assert!(wait(drain.finish(SOON)));
    assert_eq!(database.ids(), ["d"]);
    assert_eq!(journal.status().set_aside, 3);
}

#[test]
fn what_an_earlier_process_left_comes_first() {
    let folder = folder();
    append(&open(folder.path()).writer(0), ["a"]);
    append(&open(folder.path()).writer(0), ["b"]);
    let journal = open(folder.path());
    append(&journal.writer(0), ["c"]);
    assert_eq!(undrained(&journal), ["a", "b", "c"]);
    assert!(journal.status().oldest.is_some());
}
