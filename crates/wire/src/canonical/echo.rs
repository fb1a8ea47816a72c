//! What an answer repeats of its request.

use super::RawJson;

/// Members of a request that its answer must hold, in the client's dialect, complete with the
/// values that stand for what the client left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Echo {
    /// Name and value, in the order they are written.
    pub members: Vec<(&'static str, RawJson)>,
}

// === impl Echo ===

impl Echo {
    /// The value of member `name`.
    pub fn get(&self, name: &str) -> Option<&RawJson> {
        let found = self.members.iter().find(|(member, _)| *member == name);
        found.map(|(_, value)| value)
    }
}
