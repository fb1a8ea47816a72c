//! Wildcards in model names (reference section 1.4).

/// A model name with one or more `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What stands between the wildcards; always one more than there are wildcards.
    parts: Vec<String>,
}

// === impl Pattern ===

impl Pattern {
    /// The pattern that `name` is; `None` when it has no `*`.
    pub fn parse(name: &str) -> Option<Self> {
        name.contains('*').then(|| Self {
            parts: name.split('*').map(str::to_owned).collect(),
        })
    }

    /// What the wildcards stand for in `name`; `None` when it does not match. Each wildcard but
    /// the last takes as little as it can.
    pub fn captures<'n>(&self, name: &'n str) -> Option<Vec<&'n str>> {
        let (first, rest) = self.parts.split_first()?;
        let (last, middle) = rest.split_last()?;
        let mut left = name.strip_prefix(first.as_str())?;
        let mut captures = Vec::with_capacity(rest.len());
        for part in middle {
            let at = left.find(part.as_str())?;
            captures.push(&left[..at]);
            left = &left[at + part.len()..];
        }
        captures.push(left.strip_suffix(last.as_str())?);
        Some(captures)
    }

    /// `template` with its wildcards replaced by what this pattern captured.
    pub fn fill(template: &str, captures: &[&str]) -> String {
        let mut captures = captures.iter();
        let mut filled = String::with_capacity(template.len() + 32);
        for (place, part) in template.split('*').enumerate() {
            if place > 0 {
                filled.push_str(captures.next().copied().unwrap_or("*"));
            }
            filled.push_str(part);
        }
        filled
    }

    /// Orders patterns: more specific ones first (longer fixed text, then fewer wildcards).
    pub fn specificity(&self) -> (std::cmp::Reverse<usize>, usize) {
        (
            std::cmp::Reverse(self.parts.iter().map(String::len).sum()),
            self.parts.len(),
        )
    }
}
