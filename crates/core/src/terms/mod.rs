//! What an entity may do and how much of it: its settings, read once into types.
//!
//! Settings are stored as they were sent, so reading them is lenient: what has another type but a
//! clear meaning is taken, and what nobody can read is reported. Where that is a limit, a budget or
//! a list that restricts, the entity refuses everything until it is repaired; an unreadable limit
//! never means "no limit".

mod budgets;
mod limits;
mod reader;

pub use self::budgets::{BudgetTerms, Raise};
pub use self::limits::{Limits, ModelLimits};
use self::reader::Reader;
use crate::access::{ModelList, RouteList};
use crate::entity::Entity;
use crate::money::Nanodollars;

/// Where models are listed: of a member or a budget under the second name, of an access group under
/// the last two.
const MODELS: [&str; 4] = [
    "models",
    "allowed_models",
    "model_names",
    "access_model_names",
];

/// What an entity's settings say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms {
    /// The models it may call.
    pub models: ModelList,
    /// It may do nothing at all.
    pub blocked: bool,
    /// How much per window.
    pub limits: Limits,
    /// How much it may spend, in which periods.
    pub budgets: Box<[BudgetTerms]>,
    /// What is rarely said.
    pub rare: Option<Box<Rare>>,
}

/// What few entities say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rare {
    /// `allowed_routes`
    pub routes: RouteList,
    /// `allowed_passthrough_routes`
    pub pass_through_routes: RouteList,
    /// `aliases` of a key, `model_aliases` of a team: the name that is meant, by the name that is
    /// sent.
    pub aliases: Box<[(Box<str>, Box<str>)]>,
    /// `model_rpm_limit` and `model_tpm_limit`
    pub by_model: Box<[ModelLimits]>,
    /// `tag_rpm_limit`: requests per minute that bear a tag.
    pub by_tag: Box<[(Box<str>, u64)]>,
    /// Where people are told, without a refusal.
    pub soft_budget: Option<Nanodollars>,
    /// `temp_budget_increase`
    pub raise: Option<Raise>,
    /// `budget_id`: the entity whose terms hold where this one has none.
    pub budget_id: Option<Box<str>>,
    /// `tags`, also in `metadata`: what its requests are marked with.
    pub tags: Box<[Box<str>]>,
    /// `access_group_ids`: sets of models it may call besides.
    pub access_groups: Box<[Box<str>]>,
    /// `allowed_cache_controls`
    pub cache_controls: Box<[Box<str>]>,
    /// `guardrails`, also in `metadata`.
    pub guardrails: Box<[Box<str>]>,
    /// `project_id`
    pub project_id: Option<Box<str>>,
    /// `user_role` of a user, `role` of a member.
    pub role: Option<Box<str>>,
    /// `active_token_id` of a retired key: the id of the key that it stands for.
    pub successor: Option<Box<str>>,
    /// How long an answer is expected to be where a request sets no limit.
    pub default_estimated_output_tokens: Option<u64>,
    /// What could not be read.
    pub unreadable: Box<[Unreadable]>,
}

/// A setting that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name.
    pub field: Box<str>,
    /// What it should be.
    pub expected: &'static str,
    /// Whether everything is refused until it is repaired.
    pub refuses: bool,
}

// === impl Terms ===

impl Terms {
    /// Reads the settings of `entity`.
    #[must_use]
    pub fn read(entity: &Entity) -> Self {
        let mut reader = Reader::new(&entity.settings);
        let models = ModelList::new(reader.restricting(&MODELS));
        let blocked = reader.blocked();
        let limits = Limits::read(&mut reader);
        let budgets = budgets::read(&mut reader);
        let rare = Rare::read(&mut reader);
        let is_plain = rare == Rare::default();
        Self {
            models,
            blocked,
            limits,
            budgets,
            rare: (!is_plain).then(|| Box::new(rare)),
        }
    }

    /// The first setting that makes everything be refused until it is repaired.
    #[must_use]
    pub fn broken(&self) -> Option<&Unreadable> {
        let rare = self.rare.as_deref()?;
        rare.unreadable.iter().find(|unreadable| unreadable.refuses)
    }

    /// The model that is meant by `name`.
    #[must_use]
    pub fn alias(&self, name: &str) -> Option<&str> {
        let aliases = &self.rare.as_deref()?.aliases;
        let (_, meant) = aliases.iter().find(|(alias, _)| **alias == *name)?;
        Some(meant)
    }

    /// What requests are marked with.
    #[must_use]
    pub fn tags(&self) -> &[Box<str>] {
        self.rare.as_deref().map_or(&[], |rare| &rare.tags)
    }

    /// These terms, completed with those of the budget they refer to: what they say themselves
    /// stands.
    #[must_use]
    pub fn completed(&self, with: &Self) -> Self {
        let mut whole = self.clone();
        whole.limits = self.limits.or(with.limits);
        let names_model = |budget: &&BudgetTerms| budget.model.is_some();
        let whole_of = |budgets: &[BudgetTerms]| budgets.iter().any(|b| b.model.is_none());
        let own_models = self.budgets.iter().any(|budget| names_model(&budget));
        let mut budgets = self.budgets.to_vec();
        let added = with.budgets.iter().filter(|budget| match budget.model {
            Some(_) => !own_models,
            None => !whole_of(&self.budgets),
        });
        budgets.extend(added.cloned());
        whole.budgets = budgets.into();
        if let Some(theirs) = &with.rare {
            let rare = whole.rare.get_or_insert_default();
            rare.soft_budget = rare.soft_budget.or(theirs.soft_budget);
            rare.raise = rare.raise.or(theirs.raise);
            let unreadable = rare.unreadable.iter().chain(&theirs.unreadable);
            rare.unreadable = unreadable.cloned().collect();
        }
        if whole.models.is_open() {
            whole.models = with.models.clone();
        }
        whole
    }
}

// === impl Rare ===

impl Rare {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            routes: RouteList::new(reader.restricting(&["allowed_routes"])),
            pass_through_routes: RouteList::new(
                reader.restricting(&["allowed_passthrough_routes"]),
            ),
            aliases: reader.text_map(&["aliases", "model_aliases"]),
            by_model: ModelLimits::read(reader),
            by_tag: reader.count_map("tag_rpm_limit"),
            soft_budget: reader.amount("soft_budget"),
            raise: budgets::raise(reader),
            budget_id: reader.text("budget_id"),
            tags: reader.joined("tags"),
            access_groups: reader.texts(&["access_group_ids"]),
            cache_controls: reader.restricting(&["allowed_cache_controls"]),
            guardrails: reader.joined("guardrails"),
            project_id: reader.text("project_id"),
            role: reader.text("user_role").or_else(|| reader.text("role")),
            successor: reader.text("active_token_id"),
            default_estimated_output_tokens: reader.count("default_estimated_output_tokens"),
            unreadable: reader.unreadable(),
        }
    }
}
