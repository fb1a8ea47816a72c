//! The main file and everything it includes, as one tree.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::findings::Findings;
use super::yaml::{self, Entry, Mapping, Mark, Node, NodeValue, ScalarValue};

/// Nobody writes more by hand; it keeps `--config /dev/zero` from eating the memory.
const MAX_FILE_BYTES: u64 = 16 << 20;

const INCLUDE: &str = "include";

/// A file that is named but not read yet.
struct Pending {
    written: String,
    mark: Mark,
    /// The files that lead here, main file first.
    chain: Vec<PathBuf>,
}

pub(super) fn open(path: &Path, findings: &mut Findings) -> Result<Mapping, ConfigError> {
    let text = read(path).map_err(|source| ConfigError::Read {
        file: path.to_owned(),
        source,
    })?;
    assemble(&text, path, findings)
}

/// Reads a text as the main file `path`; its includes are read from disk.
pub(super) fn assemble(
    text: &str,
    path: &Path,
    findings: &mut Findings,
) -> Result<Mapping, ConfigError> {
    let mut root = document(text, path, findings)?;
    let mut pending = VecDeque::new();
    queue_includes(&mut root, &[path.to_owned()], findings, &mut pending)?;
    while let Some(next) = pending.pop_front() {
        let (file, chain) = locate(&next, path, findings)?;
        let Some(file) = file else { continue };
        let text = read(&file).map_err(|source| {
            invalid(
                findings,
                next.mark,
                format!("cannot read `{}`: {source}", file.display()),
            )
        })?;
        let mut included = document(&text, &file, findings)?;
        queue_includes(&mut included, &chain, findings, &mut pending)?;
        merge(&mut root, included, "", findings);
    }
    Ok(root)
}

pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("larger than {} MiB", MAX_FILE_BYTES >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    String::from_utf8(bytes).map_err(|wrong| {
        let good = &wrong.as_bytes()[..wrong.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("line {line} is not UTF-8"),
        )
    })
}

fn document(text: &str, path: &Path, findings: &mut Findings) -> Result<Mapping, ConfigError> {
    let file = findings.files.len();
    findings.files.push(path.to_owned());
    findings.fingerprint.add(path, text);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (root, duplicates) = yaml::parse(text, file).map_err(|error| ConfigError::Invalid {
        file: path.to_owned(),
        line: error.line,
        column: error.column,
        message: hint(error.message),
    })?;
    for duplicate in duplicates {
        findings.warn(
            duplicate.mark,
            &duplicate.key,
            format!(
                "written twice; this one counts, the one in line {} is lost",
                duplicate.first.line
            ),
        );
    }
    let found = if root.is_null() {
        "an empty document"
    } else {
        root.kind()
    };
    match root.value {
        NodeValue::Mapping(mapping) => Ok(mapping),
        _ => Err(invalid(
            findings,
            root.mark,
            format!("{found}: expected a mapping of sections such as `model_list:`"),
        )),
    }
}

/// What the parser says, and what it nearly always means.
const HINTS: &[(&str, &str)] = &[
    (
        "tabs disallowed",
        "expected spaces, not tabs, before the first word of a line",
    ),
    (
        "mapping values are not allowed",
        "expected quotes around a value that holds `: `, or this line is indented too far",
    ),
    (
        "did not find expected key",
        "expected `key: value`, indented like the keys above",
    ),
    ("unexpected end of stream", "expected a closing quote"),
    ("expected ',' or ']'", "expected a closing bracket"),
    ("expected ',' or '}'", "expected a closing brace"),
    ("unknown anchor", "expected `&name` further up"),
];

fn hint(message: String) -> String {
    match HINTS.iter().find(|(said, _)| message.contains(said)) {
        Some((_, meant)) => format!("{message}; {meant}"),
        None => message,
    }
}

fn queue_includes(
    root: &mut Mapping,
    chain: &[PathBuf],
    findings: &Findings,
    pending: &mut VecDeque<Pending>,
) -> Result<(), ConfigError> {
    let Some(entry) = root.remove(INCLUDE) else {
        return Ok(());
    };
    let expected = "expected a list of file names";
    let items = match entry.value.value {
        NodeValue::Sequence(items) => items,
        NodeValue::Scalar(ref scalar) if scalar.value == ScalarValue::Null => return Ok(()),
        _ => {
            let found = entry.value.kind();
            return Err(invalid(
                findings,
                entry.value.mark,
                format!("`include` is {found}: {expected}"),
            ));
        }
    };
    for item in items {
        let found = item.kind();
        match item.value {
            NodeValue::Scalar(scalar) if scalar.value == ScalarValue::Text => {
                pending.push_back(Pending {
                    written: scalar.text,
                    mark: item.mark,
                    chain: chain.to_vec(),
                });
            }
            _ => {
                let message = format!("`include` holds {found}: {expected}");
                return Err(invalid(findings, item.mark, message));
            }
        }
    }
    Ok(())
}

/// The file an include means, next to the file that names it; `None` when it was read already.
fn locate(
    next: &Pending,
    main: &Path,
    findings: &mut Findings,
) -> Result<(Option<PathBuf>, Vec<PathBuf>), ConfigError> {
    let beside = |path: &Path| {
        path.parent()
            .unwrap_or_else(|| Path::new(""))
            .join(&next.written)
    };
    let includer = next.chain.last().map_or(main, PathBuf::as_path);
    let mut file = beside(includer);
    if !file.exists() {
        // LiteLLM once looked beside the main file, and still does.
        let legacy = beside(main);
        if !legacy.exists() {
            let message = format!(
                "`{}` does not exist: expected a file to include",
                file.display()
            );
            return Err(invalid(findings, next.mark, message));
        }
        findings.warn(
            next.mark,
            INCLUDE,
            format!(
                "not beside this file; `{}` is read instead",
                legacy.display()
            ),
        );
        file = legacy;
    }
    if next.chain.iter().any(|known| same_file(known, &file)) {
        let message = format!("`{}` includes itself, directly or not", next.written);
        return Err(invalid(findings, next.mark, message));
    }
    if findings.files.iter().any(|known| same_file(known, &file)) {
        findings.warn(
            next.mark,
            INCLUDE,
            "included already; the second time has no effect",
        );
        return Ok((None, Vec::new()));
    }
    let mut chain = next.chain.clone();
    chain.push(file.clone());
    Ok((Some(file), chain))
}

fn same_file(one: &Path, two: &Path) -> bool {
    match (one.canonicalize(), two.canonicalize()) {
        (Ok(one), Ok(two)) => one == two,
        _ => one == two,
    }
}

/// Lists grow, mappings are merged, anything else is replaced by the included file.
fn merge(base: &mut Mapping, included: Mapping, path: &str, findings: &mut Findings) {
    for entry in included.entries {
        let path = join(path, &entry.key);
        match base.entries.iter_mut().find(|own| own.key == entry.key) {
            None => base.entries.push(entry),
            Some(own) => merge_entry(own, entry, &path, findings),
        }
    }
}

fn merge_entry(own: &mut Entry, included: Entry, path: &str, findings: &mut Findings) {
    let replaces = !own.value.is_null() && !included.value.is_null();
    match (&mut own.value.value, included.value) {
        (
            NodeValue::Sequence(items),
            Node {
                value: NodeValue::Sequence(more),
                ..
            },
        ) => {
            items.extend(more);
        }
        (
            NodeValue::Mapping(mapping),
            Node {
                value: NodeValue::Mapping(more),
                ..
            },
        ) => {
            merge(mapping, more, path, findings);
        }
        (_, value) => {
            if replaces {
                let file = findings
                    .files
                    .get(value.mark.file)
                    .cloned()
                    .unwrap_or_default();
                let message = format!(
                    "replaced by the included file {}:{}",
                    file.display(),
                    value.mark.line
                );
                findings.warn(own.key_mark, path, message);
            }
            if !value.is_null() {
                own.key_mark = included.key_mark;
                own.value = value;
            }
        }
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn invalid(findings: &Findings, mark: Mark, message: String) -> ConfigError {
    let origin = findings.origin(mark, "");
    ConfigError::Invalid {
        file: origin.file,
        line: origin.line,
        column: origin.column,
        message,
    }
}
