//! The query of a URL.

use percent_encoding::percent_decode_str;

use crate::refusal::Refusal;

/// The members of a query, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

// === impl Query ===

impl Query {
    /// Reads `a=1&b=two+words`.
    pub(crate) fn read(text: &str) -> Self {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
        };
        let members = text.split('&').filter(|member| !member.is_empty());
        Self(
            members
                .map(|member| {
                    let (name, value) = member.split_once('=').unwrap_or((member, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// The value of `name`; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut members = self.0.iter();
        members
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// All values of `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Whether `name` is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// A whole number from `least` to `most`, or `default`.
    pub(crate) fn number(
        &self,
        name: &str,
        default: u32,
        least: u32,
        most: u32,
    ) -> Result<u32, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        let wrong = |kind: &str, message: String| {
            Refusal::fields(vec![serde_json::json!({
                "type": kind,
                "loc": ["query", name],
                "msg": message,
                "input": text,
            })])
        };
        let number: u32 = text.parse().map_err(|_| {
            let message = "Input should be a valid integer, unable to parse string as an integer";
            wrong("int_parsing", message.to_owned())
        })?;
        if number < least {
            let message = format!("Input should be greater than or equal to {least}");
            return Err(wrong("greater_than_equal", message));
        }
        if number > most {
            let message = format!("Input should be less than or equal to {most}");
            return Err(wrong("less_than_equal", message));
        }
        Ok(number)
    }

    /// A member that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| {
            Refusal::fields(vec![serde_json::json!({
                "type": "missing",
                "loc": ["query", name],
                "msg": "Field required",
                "input": null,
            })])
        })
    }
}
