//! Finding a member's value without reading what is around it.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::json;

/// Where the string value of the first member `name` stands (of the first one nested so deeply,
/// when asked; 1 is the top level), its quotes included.
pub(super) fn string_value(
    text: &[u8],
    name: &Finder<'_>,
    wanted: Option<usize>,
) -> Option<Range<usize>> {
    let (mut depth, mut counted) = (0, 0);
    for found in name.find_iter(text) {
        // An escaped quote does not open a name, it stands within a string.
        if text[..found].ends_with(b"\\") {
            continue;
        }
        if let Some(wanted) = wanted {
            depth = depth_after(&text[counted..found], depth);
            counted = found;
            if depth != wanted {
                continue;
            }
        }
        let Some(value) = text[found + name.needle().len()..]
            .trim_ascii_start()
            .strip_prefix(b":")
        else {
            continue;
        };
        let open = text.len() - value.trim_ascii_start().len();
        let close = json::string_end(text, open);
        if text.get(open) == Some(&b'"') && close < text.len() {
            return Some(open..close + 1);
        }
    }
    None
}

/// How deeply nested the place behind `text` is, when the place before it is `depth` deep.
fn depth_after(text: &[u8], mut depth: usize) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at = json::string_end(text, at),
            _ => {}
        }
        at += 1;
    }
    depth
}
