//! The files that the AWS tools share: `~/.aws/credentials` and `~/.aws/config`.
//!
//! AWS SDKs and Tools reference guide, "Shared config and credentials files".

use std::collections::BTreeMap;

use lockgate_core::Environment;

/// The profiles of both files; what the credentials file says wins.
#[derive(Default)]
pub(super) struct Profiles(BTreeMap<String, Profile>);

/// One section.
#[derive(Default)]
pub(super) struct Profile(BTreeMap<String, String>);

// === impl Profiles ===

impl Profiles {
    /// Reads what is there; a file that is missing has no profiles.
    pub(super) fn read(environment: &Environment) -> Self {
        let mut profiles = Self::default();
        for (variable, name) in [
            ("AWS_CONFIG_FILE", "config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ] {
            let path = environment.get_non_empty(variable).map(str::to_owned);
            let home = environment.get_non_empty("HOME");
            let path = path.or_else(|| home.map(|home| format!("{home}/.aws/{name}")));
            if let Some(text) = path.and_then(|path| std::fs::read_to_string(path).ok()) {
                profiles.add(&text);
            }
        }
        profiles
    }

    pub(super) fn get(&self, name: &str) -> Option<&Profile> {
        self.0.get(name)
    }

    pub(super) fn has_credentials(&self, name: &str) -> bool {
        self.get(name).is_some_and(|profile| {
            ["aws_access_key_id", "role_arn"]
                .iter()
                .any(|member| profile.get(member).is_some())
        })
    }

    fn add(&mut self, text: &str) {
        let mut current: Option<&mut Profile> = None;
        for line in text.lines() {
            // An indented line belongs to the setting above it, which is none that matters here.
            let nested = line.starts_with([' ', '\t']);
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) || nested {
                continue;
            }
            if let Some(section) = line.strip_prefix('[') {
                let section = section.split(']').next().unwrap_or_default().trim();
                // `[profile x]` in one file, `[x]` in the other; `[sso-session x]` is neither.
                let name = match section.split_once(char::is_whitespace) {
                    Some(("profile", name)) => Some(name.trim()),
                    Some(_) => None,
                    None => Some(section),
                };
                current = name.map(|name| self.0.entry(name.to_owned()).or_default());
            } else if let Some(profile) = &mut current
                && let Some((name, value)) = line.split_once('=')
            {
                let value = value.split(" #").next().unwrap_or_default().trim();
                profile
                    .0
                    .insert(name.trim().to_ascii_lowercase(), value.to_owned());
            }
        }
    }
}

// === impl Profile ===

impl Profile {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        (!value.is_empty()).then_some(value.as_str())
    }
}
