//! Finds the end of a JSON object that arrives in pieces.

/// Follows the nesting of one JSON value.
#[derive(Debug, Default)]
pub(crate) struct JsonEnd {
    depth: u32,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

// === impl JsonEnd ===

impl JsonEnd {
    pub(crate) fn push(&mut self, json: &str) {
        for byte in json.bytes() {
            match byte {
                _ if std::mem::take(&mut self.escaped) => {}
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => {
                    self.begun = true;
                    self.depth += 1;
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Nothing was opened yet.
    pub(crate) fn is_empty(&self) -> bool {
        !self.begun
    }

    /// The object was opened and closed.
    pub(crate) fn is_complete(&self) -> bool {
        self.begun && self.depth == 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_where_the_object_ends() {
        let mut end = JsonEnd::default();
        assert!(!end.is_complete());
        end.push(r#"{"a": ["}", "\"""#);
        assert!(!end.is_complete());
        end.push(r#", "\\"]"#);
        assert!(!end.is_complete());
        end.push("}");
        assert!(end.is_complete());
    }
}
