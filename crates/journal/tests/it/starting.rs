//! What a start is told of entries that earlier processes left.

use std::time::Duration;

use lockgate_journal::{Drain, DrainSettings};

use crate::database::{Database, Mood};
use crate::support::{SOON, append, folder, hasty, open, wait};

fn left(drain: &Drain) -> Vec<String> {
    drain.left().map(|entry| entry.id).collect()
}

#[test]
fn only_what_earlier_processes_left_is_drained_and_then_the_rest() {
    let folder = folder();
    append(&open(folder.path()).writer(0), ["a", "b"]);
    let journal = open(folder.path());
    let writer = journal.writer(0);
    append(&writer, ["c"]);
    let database = Database::new();
    let mut drain = Drain::new(journal.clone(), database.clone(), hasty()).only_earlier();
    assert_eq!(left(&drain), ["a", "b"]);
    assert!(wait(drain.catch_up(SOON)));
    assert_eq!(database.ids(), ["a", "b"]);
    assert_eq!(left(&drain), Vec::<String>::new());
    assert_eq!(journal.status().undrained, 1);
    append(&writer, ["d"]);
    let mut drain = Drain::new(journal, database.clone(), hasty());
    assert_eq!(left(&drain), ["c", "d"]);
    assert!(wait(drain.catch_up(SOON)));
    assert_eq!(database.ids(), ["a", "b", "c", "d"]);
}

#[test]
fn a_long_backlog_is_not_waited_for() {
    let folder = folder();
    append(&open(folder.path()).writer(0), ["a", "b", "c", "d", "e"]);
    let journal = open(folder.path());
    let settings = DrainSettings {
        entries: 2,
        ..hasty()
    };
    let database = Database::new();
    let mut drain = Drain::new(journal, database.clone(), settings);
    // The batch that it began is in the database, and what it says is left is not.
    assert!(wait(drain.catch_up(Duration::ZERO)));
    assert_eq!(database.ids(), ["a", "b"]);
    assert_eq!(left(&drain), ["c", "d", "e"]);
}

#[test]
fn an_answer_that_was_lost_is_asked_for_again() {
    let folder = folder();
    append(&open(folder.path()).writer(0), ["a", "b"]);
    let journal = open(folder.path());
    let database = Database::new();
    database.will_be(vec![Mood::Mute]);
    let mut drain = Drain::new(journal, database.clone(), hasty());
    assert!(wait(drain.catch_up(SOON)));
    assert_eq!(left(&drain), Vec::<String>::new());
    assert_eq!(database.ids(), ["a", "b"]);
}

#[test]
fn it_is_said_when_the_database_takes_nothing() {
    let folder = folder();
    append(&open(folder.path()).writer(0), ["a"]);
    let journal = open(folder.path());
    let database = Database::new();
    database.is(Mood::Away);
    let mut drain = Drain::new(journal, database, hasty());
    assert!(!wait(drain.catch_up(Duration::from_millis(20))));
    assert_eq!(left(&drain), ["a"]);
}
