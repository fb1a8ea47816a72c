//! `size`: the sizes ARCHITECTURE.md allows a source file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// Lines of code that are not tests: from here on a warning.
const WARN: usize = 400;
/// From here on a failure.
const FAIL: usize = 800;

/// Checks every Rust file of the workspace. `tests` folders, `tests.rs` files, `#[cfg(test)]`
/// modules and generated files do not count.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut files = Vec::new();
    for folder in ["crates", "xtask"] {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut too_large = 0_usize;
    for file in &files {
        let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
        let lines = count(&text);
        let shown = file.strip_prefix(root).unwrap_or(file).display();
        if lines > FAIL {
            println!("too large: {shown}: {lines} lines, at most {FAIL}");
            too_large += 1;
        } else if lines > WARN {
            println!("large: {shown}: {lines} lines, better at most {WARN}");
        }
    }
    if too_large > 0 {
        bail!("{too_large} source files are too large");
    }
    println!("{} source files are of the right size", files.len());
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if path.is_dir() {
            if !matches!(name, Some("tests" | "target" | "benches")) {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && name != Some("tests.rs")
        {
            files.push(path);
        }
    }
    Ok(())
}

/// The lines that count. A `#[cfg(test)]` item ends where its braces close, which at the top level
/// of formatted code is a line that is `}` alone; one without a body ends with its line.
fn count(text: &str) -> usize {
    if text.lines().take(5).any(|line| line.contains("@generated")) {
        return 0;
    }
    let mut lines = 0;
    let mut skipping = false;
    let mut test_attribute = false;
    for line in text.lines() {
        if skipping {
            skipping = line != "}";
        } else if line == "#[cfg(test)]" {
            test_attribute = true;
        } else if test_attribute {
            // Further attributes belong to the same item.
            test_attribute = line.starts_with("#[");
            skipping = !test_attribute && line.ends_with('{');
        } else {
            lines += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn test_modules_do_not_count() {
        let text = "\
//! One.
fn two() {
}

#[cfg(test)]
#[expect(unused, reason = \"no\")]
mod tests {
    fn skipped() {
    }
}
fn five() {}
#[cfg(test)]
mod more;
fn six() {}
";
        assert_eq!(count(text), 6);
    }

    #[test]
    fn generated_files_do_not_count() {
        assert_eq!(count("// @generated\nfn one() {}\n"), 0);
    }
}
