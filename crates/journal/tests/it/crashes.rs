//! Any order of writing, draining and dying loses nothing and counts nothing twice.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::sync::Arc;

use lockgate_core::ports::Ledger as _;
use lockgate_journal::{Drain, DrainSettings, Journal, Options, Writer};
use proptest::prelude::*;

use crate::database::{Database, Mood};
use crate::support::{drain, entry, files, folder, hasty, wait};

const WRITERS: u16 = 2;

#[derive(Debug, Clone)]
enum Event {
    /// So many entries by this writer.
    Write(u16, usize),
    /// A step of the drain, with the database in these moods, the last one first.
    Drain(Vec<Mood>),
    /// The process is killed and another one starts.
    Die,
    /// The same, and the last segment misses bytes of its last line.
    DieTorn(u64),
}

/// What a process holds.
struct Process {
    journal: Arc<Journal>,
    writers: Vec<Writer>,
    drain: Drain,
}

// === impl Process ===

impl Process {
    fn start(folder: &Path, database: &Arc<Database>) -> Self {
        let options = Options {
            segment_bytes: 700,
            ..Options::default()
        };
        let journal = Journal::open(folder, options).unwrap();
        let settings = DrainSettings {
            entries: 3,
            ..hasty()
        };
        Self {
            writers: (0..WRITERS).map(|number| journal.writer(number)).collect(),
            drain: Drain::new(journal.clone(), database.clone(), settings),
            journal,
        }
    }
}

fn mood() -> impl Strategy<Value = Mood> {
    prop_oneof![
        4 => Just(Mood::Well),
        1 => Just(Mood::Away),
        2 => Just(Mood::Mute),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..WRITERS, 1_usize..6).prop_map(|(writer, count)| Event::Write(writer, count)),
        4 => prop::collection::vec(mood(), 0..4).prop_map(Event::Drain),
        // It refuses every entry of a batch.
        1 => Just(Event::Drain(vec![Mood::Broken; 8])),
        1 => Just(Event::Die),
        1 => (1_u64..400).prop_map(Event::DieTorn),
    ]
}

/// Cuts `bytes` off the last line of the last segment; says which entry that costs.
fn tear(folder: &Path, bytes: u64) -> Option<String> {
    let last = files(folder, ".journal").pop()?;
    let text = fs::read(&last).unwrap();
    // What is torn already has nobody who writes to it, and may end within a character.
    let lines = text.strip_suffix(b"\n")?;
    let line = lines.rsplit(|byte| *byte == b'\n').next()?;
    let cut = bytes.min(line.len() as u64 + 1);
    let file = OpenOptions::new().write(true).open(&last).unwrap();
    file.set_len(text.len() as u64 - cut).unwrap();
    let line = std::str::from_utf8(line).unwrap();
    let start = line.find("\"id\":\"")? + 6;
    Some(line[start..start + 6].to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_entry_is_in_the_database_once(events in prop::collection::vec(event(), 1..40)) {
        let folder = folder();
        let database = Database::new();
        let mut process = Process::start(folder.path(), &database);
        let mut written = BTreeSet::new();
        let mut number = 0;
        for event in events {
            match event {
                Event::Write(writer, count) => for _ in 0..count {
                    number += 1;
                    let id = format!("{number:06}");
                    process.writers[usize::from(writer)].append(entry(&id));
                    written.insert(id);
                },
                Event::Drain(moods) => {
                    database.will_be(moods);
                    wait(process.drain.step());
                    database.will_be(Vec::new());
                }
                Event::Die | Event::DieTorn(_) => {
                    drop(process);
                    if let Event::DieTorn(bytes) = event
                        && let Some(id) = tear(folder.path(), bytes)
                        && !database.has(&id)
                    {
                        written.remove(&id);
                    }
                    process = Process::start(folder.path(), &database);
                    let left: BTreeSet<String> =
                        process.journal.undrained().map(|entry| entry.id).collect();
                    let missing: BTreeSet<String> = written
                        .iter()
                        .filter(|id| !database.has(id))
                        .cloned()
                        .collect();
                    prop_assert!(left.is_superset(&missing), "{left:?} {missing:?}");
                    prop_assert_eq!(process.journal.status().undrained, left.len() as u64);
                }
            }
        }
        let journal = process.journal.clone();
        drop(process);
        drain(&journal, &database);
        prop_assert_eq!(database.ids(), written.into_iter().collect::<Vec<_>>());
        let status = journal.status();
        prop_assert_eq!((status.undrained, status.undrained_bytes), (0, 0));
        prop_assert_eq!((status.damaged, status.set_aside, status.refused), (0, 0, 0));
        prop_assert_eq!(status.oldest, None);
    }
}
