//! What a journal does not do: grow without end, share its folder, write to old files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::Ledger as _;
use lockgate_journal::{Journal, OpenError, Options};

use crate::database::Database;
use crate::support::{append, drain, entry, files, folder, only_segment, open, undrained};

fn small() -> Options {
    Options {
        limit_bytes: 4000,
        segment_bytes: 500,
    }
}

#[test]
fn what_is_beyond_the_limit_is_counted_and_the_rest_stays() {
    let folder = folder();
    let journal = Journal::open(folder.path(), small()).unwrap();
    let writers = [journal.writer(0), journal.writer(1)];
    for number in 0..100 {
        writers[number % 2].append(entry(format!("{number:03}")));
    }
    let status = journal.status();
    assert!(
        status.bytes <= status.limit_bytes && status.bytes > 3000,
        "{status:?}"
    );
    assert_eq!(status.appended + status.refused, 100);
    assert!(status.appended >= 8 && status.is_refusing, "{status:?}");
    assert!(status.last_error.unwrap().contains("4000 bytes"));
    let on_disk: u64 = files(folder.path(), ".journal")
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();
    assert_eq!(on_disk, status.bytes);
    let database = Database::new();
    drain(&journal, &database);
    assert_eq!(database.ids().len() as u64, status.appended);
    writers[0].append(entry("again"));
    let after = journal.status();
    assert!(!after.is_refusing && after.bytes < 2000, "{after:?}");
    assert_eq!(undrained(&journal), ["again"]);
}

/// What an earlier process left counts, too.
#[test]
fn the_limit_is_for_all_generations() {
    let folder = folder();
    let before = {
        let journal = Journal::open(folder.path(), small()).unwrap();
        append(&journal.writer(0), (0..100).map(|n| n.to_string()));
        journal.status()
    };
    let journal = Journal::open(folder.path(), small()).unwrap();
    let status = journal.status();
    assert_eq!(
        (status.bytes, status.undrained, status.undrained_bytes),
        (before.bytes, before.appended, before.bytes)
    );
    append(&journal.writer(0), ["more"]);
    assert_eq!(journal.status().refused, 1);
}

#[test]
fn an_entry_that_is_too_long_is_refused_alone() {
    let folder = folder();
    let journal = open(folder.path());
    let writer = journal.writer(0);
    writer.append(LedgerEntry {
        model_group: "x".repeat(70_000),
        ..entry("long")
    });
    append(&writer, ["short"]);
    assert_eq!(undrained(&journal), ["short"]);
    let status = journal.status();
    assert_eq!(
        (status.appended, status.refused, status.is_refusing),
        (1, 1, false)
    );
}

#[test]
fn a_folder_has_one_process() {
    let folder = folder();
    let journal = open(folder.path());
    let writer = journal.writer(0);
    let again = Journal::open(folder.path(), Options::default());
    assert!(matches!(again, Err(OpenError::InUse(_))), "{again:?}");
    drop(journal);
    // A writer may still write.
    let again = Journal::open(folder.path(), Options::default());
    assert!(matches!(again, Err(OpenError::InUse(_))), "{again:?}");
    drop(writer);
    open(folder.path());
}

#[test]
fn a_file_of_another_process_is_never_written_to() {
    let folder = folder();
    append(&open(folder.path()).writer(0), ["a"]);
    let first = only_segment(folder.path());
    let bytes = fs::read(&first).unwrap();
    let journal = open(folder.path());
    append(&journal.writer(0), ["b"]);
    assert_eq!(fs::read(&first).unwrap(), bytes);
    assert_eq!(undrained(&journal), ["a", "b"]);
    assert_eq!(files(folder.path(), ".journal").len(), 2);
}

/// A clock that goes back does not make an old generation of a new one.
#[test]
fn generations_follow_each_other_whatever_the_clock_says() {
    let folder = folder();
    let future = "fffffffffffffff0.00000000.0000.journal";
    append(&open(folder.path()).writer(0), ["a"]);
    fs::rename(only_segment(folder.path()), folder.path().join(future)).unwrap();
    let journal = open(folder.path());
    append(&journal.writer(0), ["b"]);
    assert_eq!(undrained(&journal), ["a", "b"]);
    let names = files(folder.path(), ".journal");
    assert!(
        names[1] > names[0] && names[0].ends_with(future),
        "{names:?}"
    );
}

#[test]
fn files_are_their_owners_alone() {
    let folder = folder();
    let inner = folder.path().join("deep/journal");
    let journal = open(&inner);
    append(&journal.writer(0), ["a"]);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&inner), mode(&only_segment(&inner))), (0o700, 0o600));
}

#[test]
fn a_folder_that_cannot_be_one_is_an_error_at_once() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = Journal::open(&file, Options::default());
    let error = refused.unwrap_err().to_string();
    assert!(error.contains(file.to_str().unwrap()), "{error}");
}

/// A folder that is taken away costs entries, not requests.
#[test]
fn what_the_disk_does_not_take_is_counted() {
    let folder = folder();
    let inner = folder.path().join("journal");
    let journal = open(&inner);
    fs::remove_dir_all(&inner).unwrap();
    let writer = journal.writer(0);
    append(&writer, ["a"]);
    let status = journal.status();
    assert_eq!((status.refused, status.appended, status.bytes), (1, 0, 0));
    assert!(status.is_refusing);
    fs::create_dir(&inner).unwrap();
    append(&writer, ["b"]);
    assert_eq!(undrained(&journal), ["b"]);
}
