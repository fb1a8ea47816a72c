//! Budgets, users and tags, out of two sections.

use jiff::tz::TimeZone;

use super::super::GovernanceSettings;
use super::super::findings::Findings;
use super::super::yaml::Mapping;
use super::convert::text;
use super::fields::Fields;
use crate::money::Nanodollars;
use crate::period::Period;

/// A budget that cannot be read must not become no budget.
const NOTHING: &str = "nothing may be spent";
const IGNORED: &str = "ignored";
/// The role of `user_header_mappings` whose header names the customer.
const CUSTOMER: &str = "customer";

pub(super) fn settings(
    general: &Mapping,
    litellm: &Mapping,
    findings: &mut Findings,
) -> GovernanceSettings {
    let default = GovernanceSettings::default();
    let mut fields = Fields::new(litellm, "litellm_settings", findings, NOTHING);
    let max_budget = fields.amount("max_budget");
    let budget_duration = fields.parsed(
        "budget_duration",
        |text: &str| text.parse::<Period>().ok(),
        "a duration like 30d",
    );
    let wrong = fields.errors > 0;
    let max_budget =
        max_budget.map(|dollars| Nanodollars::from_dollars(dollars).unwrap_or(Nanodollars::MAX));
    let mut fields = Fields::new(litellm, "litellm_settings", findings, IGNORED);
    let status = fields.small_count("budget_exceeded_status_code");
    let status = status.and_then(|status| u16::try_from(status).ok());
    let zone = |name: &str| TimeZone::get(name).ok();
    let timezone = fields.parsed("timezone", zone, "the name of a time zone");
    let tag_headers = lower(fields.texts("extra_spend_tag_headers"));
    let mut fields = Fields::new(general, "general_settings", findings, IGNORED);
    let named = fields.word("user_header_name");
    let customer_headers = named.into_iter().chain(mapped(&mut fields)).collect();
    GovernanceSettings {
        max_budget: if wrong {
            Some(Nanodollars::ZERO)
        } else {
            max_budget
        },
        budget_duration,
        budget_exceeded_status: status
            .filter(|status| (400..600).contains(status))
            .unwrap_or(default.budget_exceeded_status),
        timezone: timezone.unwrap_or(default.timezone),
        tag_headers,
        apply_user_budget_to_team_keys: fields.is_on("apply_user_budget_to_team_keys"),
        customer_headers: lower(customer_headers),
        enforce_user_param: fields.is_on("enforce_user_param"),
    }
}

/// The headers of `user_header_mappings` that name the customer.
fn mapped(fields: &mut Fields<'_, '_>) -> Vec<String> {
    let Some((items, _)) = fields.items("user_header_mappings") else {
        return Vec::new();
    };
    let word = |node: Option<&super::super::yaml::Node>| node.and_then(|node| text(node).ok());
    let named = items.iter().filter_map(|item| {
        let mapping = item.as_mapping()?;
        let role = word(mapping.get("litellm_user_role"));
        (role.as_deref() == Some(CUSTOMER)).then(|| word(mapping.get("header_name")))?
    });
    named.collect()
}

fn lower(names: Vec<String>) -> Vec<String> {
    let lower = |name: String| name.trim().to_ascii_lowercase();
    names.into_iter().map(lower).collect()
}
