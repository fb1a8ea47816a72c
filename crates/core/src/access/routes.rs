//! Which routes a key may call, decided on what was matched and never on how a path was spelled.

use super::fits;

/// The `allowed_routes` of a key. An empty list restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteList(Box<[Box<str>]>);

/// A route of the gateway that a request was matched to.
#[derive(Debug, Clone, Copy)]
pub struct MatchedRoute<'a> {
    /// The paths that lead there, with `{...}` for what varies.
    pub paths: &'a [&'a str],
    /// What kind of thing it does.
    pub class: RouteClass,
}

/// What a route is for; roles and the groups of `allowed_routes` speak of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteClass {
    /// Open to everybody, without a key.
    Public,
    /// Calls a model in the OpenAI API.
    OpenAi,
    /// Calls a model in Anthropic's API.
    Anthropic,
    /// Calls a model in Google's API.
    Google,
    /// Calls a model in another API.
    OtherDialect,
    /// A provider's own API, or what the operator declared.
    PassThrough,
    /// Lists the models.
    Models,
    /// Tells about the caller, or about the models.
    Info,
    /// Tells what was spent: callers see their own.
    Spend,
    /// Tells what all spent.
    GlobalSpend,
    /// Makes and changes keys.
    Keys,
    /// Makes and changes users.
    Users,
    /// Makes and changes teams and their members.
    Teams,
    /// Makes and changes organizations.
    Organizations,
    /// Makes and changes customers, budgets, tags, projects and access groups.
    Accounts,
    /// Makes and changes deployments and credentials.
    Deployments,
    /// The configuration, the audit log, health with real calls, and whatever else concerns all.
    Gateway,
    /// For the holder of the master key alone.
    Master,
}

// === impl RouteList ===

impl RouteList {
    /// The list of these paths, patterns and groups.
    #[must_use]
    pub fn new(rules: Box<[Box<str>]>) -> Self {
        Self(rules)
    }

    /// Whether nothing is restricted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `route` is on it, or it is empty.
    #[must_use]
    pub fn allows(&self, route: MatchedRoute<'_>) -> bool {
        self.is_empty() || self.names(route)
    }

    /// Whether `route` is on it.
    #[must_use]
    pub fn names(&self, route: MatchedRoute<'_>) -> bool {
        self.0.iter().any(|rule| route.is_named(rule))
    }
}

// === impl MatchedRoute ===

impl MatchedRoute<'_> {
    /// Whether `rule` means it: one of its paths, a pattern, or a group.
    #[must_use]
    pub fn is_named(&self, rule: &str) -> bool {
        self.class.is_in(rule) || self.paths.iter().any(|path| matches(rule, path))
    }
}

/// `*` stands for the rest of a path, a rule without one for itself.
fn matches(rule: &str, path: &str) -> bool {
    let rule = rule
        .strip_suffix('/')
        .filter(|rule| !rule.is_empty())
        .unwrap_or(rule);
    fits(rule, path)
}

// === impl RouteClass ===

impl RouteClass {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Public,
        Self::OpenAi,
        Self::Anthropic,
        Self::Google,
        Self::OtherDialect,
        Self::PassThrough,
        Self::Models,
        Self::Info,
        Self::Spend,
        Self::GlobalSpend,
        Self::Keys,
        Self::Users,
        Self::Teams,
        Self::Organizations,
        Self::Accounts,
        Self::Deployments,
        Self::Gateway,
        Self::Master,
    ];

    /// Whether it calls a model, or is needed to.
    #[must_use]
    pub fn is_llm(self) -> bool {
        matches!(
            self,
            Self::OpenAi
                | Self::Anthropic
                | Self::Google
                | Self::OtherDialect
                | Self::PassThrough
                | Self::Models
        )
    }

    fn is_management(self) -> bool {
        matches!(
            self,
            Self::Keys
                | Self::Users
                | Self::Teams
                | Self::Organizations
                | Self::Accounts
                | Self::Deployments
        )
    }

    /// Whether it belongs to a group of `allowed_routes` (reference section 3.5).
    #[must_use]
    pub fn is_in(self, group: &str) -> bool {
        match group {
            "llm_api_routes" => self.is_llm(),
            "openai_routes" => matches!(self, Self::OpenAi | Self::Models),
            "anthropic_routes" => self == Self::Anthropic,
            "google_routes" => self == Self::Google,
            "passthrough_routes" | "mapped_pass_through_routes" => self == Self::PassThrough,
            "info_routes" => matches!(self, Self::Info | Self::Models),
            "management_routes" => self.is_management() || self == Self::Info,
            "key_management_routes" => self == Self::Keys,
            "spend_tracking_routes" => self == Self::Spend,
            "global_spend_tracking_routes" => self == Self::GlobalSpend,
            "public_routes" => self == Self::Public,
            "admin_only_routes" => {
                matches!(self, Self::Gateway | Self::Deployments | Self::Master)
            }
            "master_key_only_routes" => self == Self::Master,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: MatchedRoute<'_> = MatchedRoute {
        paths: &["/v1/chat/completions", "/chat/completions"],
        class: RouteClass::OpenAi,
    };
    const KEYS: MatchedRoute<'_> = MatchedRoute {
        paths: &["/key/generate"],
        class: RouteClass::Keys,
    };

    #[test]
    fn routes_are_allowed_by_path_by_pattern_and_by_group() {
        for (rules, chat, keys) in [
            (&[][..], true, true),
            (&["/chat/completions"], true, false),
            (&["/v1/chat/completions/"], true, false),
            (&["/v1/*"], true, false),
            (&["/key/*"], false, true),
            (&["/key"], false, false),
            (&["llm_api_routes"], true, false),
            (&["management_routes"], false, true),
            (&["key_management_routes", "openai_routes"], true, true),
            (&["no_such_group"], false, false),
            (&["/v1/chat"], false, false),
            (&["*"], true, true),
        ] {
            let list = RouteList::new(rules.iter().map(|&rule| rule.into()).collect());
            assert_eq!(
                (list.allows(CHAT), list.allows(KEYS)),
                (chat, keys),
                "{rules:?}"
            );
        }
    }
}
