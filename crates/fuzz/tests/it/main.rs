//! Every input that is kept, given to its target on a stable toolchain.
#![cfg(test)]

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use lockgate_fuzz::TARGETS;

/// The inputs in `fuzz/<kind>/<target>`, by path; none when there is no such folder.
fn inputs(kind: &str, target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz")
        .join(kind)
        .join(target);
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<(PathBuf, Vec<u8>)> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            (path, input)
        })
        .collect();
    found.sort();
    found
}

fn replay(kind: &str, at_least: usize) {
    for (name, target) in TARGETS {
        let inputs = inputs(kind, name);
        assert!(inputs.len() >= at_least, "{name} has {}", inputs.len());
        for (path, input) in inputs {
            let run = panic::catch_unwind(AssertUnwindSafe(|| target(&input)));
            assert!(run.is_ok(), "{name} breaks on {}", path.display());
        }
    }
}

#[test]
fn the_corpora_hold() {
    replay("corpus", 10);
}

#[test]
fn what_once_broke_holds() {
    replay("regressions", 0);
}

/// Every target has its program, and no program is without a target.
#[test]
fn every_target_is_a_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let mut programs: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    programs.sort();
    let mut targets = TARGETS.map(|(name, _)| name);
    targets.sort_unstable();
    assert_eq!(programs, targets);
}
