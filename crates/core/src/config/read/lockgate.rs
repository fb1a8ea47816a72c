//! `lockgate_settings`.

use std::path::PathBuf;

use super::super::LockgateSettings;
use super::super::findings::Findings;
use super::super::yaml::Mapping;
use super::fields::Fields;

pub(super) fn settings(section: &Mapping, findings: &mut Findings) -> LockgateSettings {
    let mut fields = Fields::new(section, "lockgate_settings", findings, "ignored");
    LockgateSettings {
        connect_timeout: fields.timeout("connect_timeout"),
        first_byte_timeout: fields.timeout("first_byte_timeout"),
        idle_timeout: fields.timeout("idle_timeout"),
        max_header_bytes: fields.size("max_header_bytes"),
        max_json_depth: fields.size("max_json_depth"),
        max_background_responses: fields.size("max_background_responses"),
        drain_timeout: fields.seconds("drain_timeout"),
        data_dir: fields.word("data_dir").map(PathBuf::from),
        ledger: fields.flag("ledger"),
        journal_dir: fields.word("journal_dir").map(PathBuf::from),
        journal_limit_mb: fields.size("journal_limit_mb"),
        journal_fsync: fields.timeout("journal_fsync"),
    }
}
