//! Files that are not what was written.

use std::fs::{self, OpenOptions};

use crate::database::Database;
use crate::support::{append, drain, entry, files, folder, only_segment, open, undrained};

const IDS: [&str; 4] = ["a", "b", "c", "d"];

/// A folder with one segment of four entries, and its bytes.
fn written() -> (tempfile::TempDir, Vec<u8>) {
    let folder = folder();
    append(&open(folder.path()).writer(0), IDS);
    let bytes = fs::read(only_segment(folder.path())).unwrap();
    (folder, bytes)
}

#[test]
fn a_segment_cut_off_anywhere_loses_the_entry_that_is_cut() {
    let (original, bytes) = written();
    let name = only_segment(original.path());
    let ends: Vec<usize> = memchr_ends(&bytes);
    for length in 0..=bytes.len() {
        let folder = folder();
        let segment = folder.path().join(name.file_name().unwrap());
        fs::write(&segment, &bytes[..length]).unwrap();
        let whole = ends.iter().filter(|&&end| end <= length).count();
        let journal = open(folder.path());
        assert_eq!(undrained(&journal), IDS[..whole], "{length}");
        let database = Database::new();
        drain(&journal, &database);
        assert_eq!(database.ids(), IDS[..whole], "{length}");
        let status = journal.status();
        let torn = length > 0 && !ends.contains(&length);
        assert_eq!(
            (status.torn, status.damaged),
            (u64::from(torn), 0),
            "{length}"
        );
        assert_eq!(
            (status.undrained, status.undrained_bytes, status.bytes),
            (0, 0, 0)
        );
        assert!(!segment.exists());
    }
}

fn memchr_ends(bytes: &[u8]) -> Vec<usize> {
    (1..=bytes.len())
        .filter(|&end| bytes[end - 1] == b'\n')
        .collect()
}

#[test]
fn a_changed_byte_costs_its_line_and_the_line_is_kept() {
    let (original, bytes) = written();
    let name = only_segment(original.path());
    for place in 0..bytes.len() {
        let folder = folder();
        let segment = folder.path().join(name.file_name().unwrap());
        let mut changed = bytes.clone();
        changed[place] ^= 0x10;
        fs::write(&segment, &changed).unwrap();
        let journal = open(folder.path());
        let database = Database::new();
        drain(&journal, &database);
        // A line feed that is none joins two lines, or leaves the last one unfinished.
        let lost = IDS.len() - database.ids().len();
        assert!(
            lost == 1 || lost == 2 && bytes[place] == b'\n',
            "{place}: {lost}"
        );
        let status = journal.status();
        assert_eq!(status.damaged + status.torn, 1, "{place}");
        let kept: usize = files(folder.path(), ".damaged")
            .iter()
            .map(|path| fs::read(path).unwrap().len())
            .sum();
        let entries: usize = database.ids().iter().map(|id| line_of(&bytes, id)).sum();
        let torn = bytes.len() - kept - entries;
        assert_eq!(torn > 0, status.torn == 1, "{place}");
        assert_eq!(
            (status.undrained, status.undrained_bytes),
            (0, 0),
            "{place}"
        );
    }
}

/// The length of the line with the entry `id`.
fn line_of(bytes: &[u8], id: &str) -> usize {
    let wanted = format!("\"id\":\"{id}\"");
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let found = lines.find(|line| String::from_utf8_lossy(line).contains(&wanted));
    found.unwrap().len()
}

/// After a power loss a file may have the length but not the bytes that were written.
#[test]
fn a_file_that_ends_in_nothing_but_zeros_is_set_aside() {
    let (folder, bytes) = written();
    let segment = only_segment(folder.path());
    let file = OpenOptions::new().write(true).open(&segment).unwrap();
    file.set_len(bytes.len() as u64 + 200_000).unwrap();
    let journal = open(folder.path());
    let database = Database::new();
    drain(&journal, &database);
    assert_eq!(database.ids(), IDS);
    assert!(journal.status().damaged > 0);
    assert!(!segment.exists());
}

/// An entry of a newer version is not understood, and not thrown away.
#[test]
fn a_line_that_is_whole_but_not_understood_is_set_aside() {
    let (folder, bytes) = written();
    let line = String::from_utf8(bytes).unwrap();
    let payload =
        line.lines().next().unwrap()[9..].replacen('{', "{\"cost_source\":\"guessed\",", 1);
    let line = format!("{:08x} {payload}\n", crc32fast::hash(payload.as_bytes()));
    let path = only_segment(folder.path());
    fs::write(&path, &line).unwrap();
    let journal = open(folder.path());
    drain(&journal, &Database::new());
    assert_eq!(journal.status().damaged, 1);
    let kept = &files(folder.path(), ".damaged")[0];
    assert_eq!(fs::read_to_string(kept).unwrap(), line);
}

/// Everything is drained twice rather than anything not at all.
#[test]
fn a_damaged_checkpoint_is_none() {
    let folder = folder();
    let database = Database::new();
    {
        let journal = open(folder.path());
        let writer = journal.writer(0);
        append(&writer, IDS);
        drain(&journal, &database);
        append(&writer, ["e"]);
        assert_eq!(undrained(&journal), ["e"]);
    }
    let checkpoint = folder.path().join("checkpoint");
    let text = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, text.replace(":1", ":9")).unwrap();
    fs::write(&checkpoint, &text[..text.len() - 3]).unwrap();
    let journal = open(folder.path());
    assert_eq!(undrained(&journal), ["a", "b", "c", "d", "e"]);
    drain(&journal, &database);
    assert_eq!(database.ids(), ["a", "b", "c", "d", "e"]);
}

#[test]
fn entries_come_back_as_they_were() {
    let (folder, _) = written();
    let database = Database::new();
    drain(&open(folder.path()), &database);
    assert_eq!(database.entry("b"), entry("b"));
}
