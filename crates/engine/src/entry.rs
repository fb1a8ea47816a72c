//! What the ledger says of a request that has ended.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lockgate_core::ledger::{LedgerDetails, LedgerEntry, LedgerTokens};
use lockgate_wire::Operation;
use lockgate_wire::canonical::{Billing, ServiceTier, Usage};

use crate::governance::Bill;
use crate::record::RequestRecord;

/// The most of an error that is kept, in bytes. Some providers quote the prompt.
const ERROR: usize = 500;
/// What the holder of the master key is called (reference section 3.1).
const MASTER: &str = "litellm_proxy_master_key";
/// The most of a model's name: a client may send any.
const NAME: usize = 256;

/// The entry of a request that ends now and is settled.
pub(crate) fn of(record: &RequestRecord) -> LedgerEntry {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let deployment = record.deployment.as_deref();
    let bill = &record.bill;
    let estimate = bill.estimate.as_ref().map(|estimate| &estimate.usage);
    let usage = estimate.or(record.usage.as_ref());
    let mut entry = LedgerEntry {
        id: id(now),
        call_id: record.call_id.clone(),
        response_id: response_id(record),
        started_at: microseconds(now.saturating_sub(record.started.elapsed())),
        ended_at: microseconds(now),
        first_token_us: record
            .first_token
            .map(|after| u64::try_from(after.as_micros()).unwrap_or(u64::MAX)),
        dialect: record.dialect.as_str().to_owned(),
        operation: record.operation.as_str().to_owned(),
        model_group: shortened(&record.model, NAME),
        model: upstream_model(record).map(|model| shortened(model, NAME)),
        provider: deployment
            .map(|deployment| deployment.provider.id.clone())
            .or_else(|| record.provider.clone()),
        deployment_id: deployment.map(|deployment| deployment.id().to_owned()),
        status: record.status,
        error: record.error.as_ref().map(|error| shortened(error, ERROR)),
        stream: record.stream,
        retries: record.retries,
        fallbacks: record.fallbacks,
        tokens: usage.map(tokens).unwrap_or_default(),
        details: usage.and_then(|usage| details(usage, bill)),
        cost: bill.cost,
        cost_source: bill.source,
        charges: bill.charges.clone(),
        ..LedgerEntry::default()
    };
    name_caller(record, &mut entry);
    entry
}

/// Who asked, and for whom.
fn name_caller(record: &RequestRecord, entry: &mut LedgerEntry) {
    if record.is_master {
        entry.key_id = Some(MASTER.to_owned());
    }
    if let Some(key) = record.key.as_deref() {
        let belongs = key.belongs();
        let owned = |id: Option<&str>| id.map(str::to_owned);
        entry.key_id = Some(key.id().to_owned());
        entry.key_alias = owned(key.name());
        entry.user_id = owned(belongs.user);
        entry.team_id = owned(belongs.team);
        entry.organization_id = owned(belongs.organization);
        entry.project_id = owned(belongs.project);
    }
    if let Some(bearer) = record.bearer.as_deref() {
        entry.user_id.clone_from(&bearer.user);
        entry.team_id.clone_from(&bearer.team);
        entry.organization_id.clone_from(&bearer.organization);
    }
    if let Some(caller) = record.caller() {
        if caller.key().is_none() {
            // Which of several teams it is was decided by the model.
            let team = caller.team().map(|found| found.id().to_owned());
            entry.team_id = team.or_else(|| entry.team_id.take());
        }
        entry.customer_id = caller.customer().map(str::to_owned);
        entry.tags = caller.tags().iter().map(|tag| (**tag).to_owned()).collect();
        let organization = caller.organization().map(|found| found.id().to_owned());
        entry.organization_id = entry.organization_id.take().or(organization);
    }
}

/// A version 7 UUID (RFC 9562, section 5.7), from this core's own randomness: the counter of the
/// `uuid` crate is behind a lock that all cores would share.
fn id(now: Duration) -> String {
    let milliseconds = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &rand::random())
        .into_uuid()
        .to_string()
}

/// Many things that pass through have an id; an answer's is one that tells of tokens.
fn response_id(record: &RequestRecord) -> Option<String> {
    let is_answer = record.operation != Operation::PassThrough || record.usage.is_some();
    record.response_id.clone().filter(|_| is_answer)
}

fn upstream_model(record: &RequestRecord) -> Option<&str> {
    let known = record.upstream_model.as_deref();
    // A credential that is lent for passing through says nothing of the model.
    if record.operation == Operation::PassThrough {
        return known;
    }
    known.or_else(|| record.deployment.as_ref().map(|found| found.model.as_str()))
}

fn microseconds(since: Duration) -> i64 {
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// `text`, cut to at most `most` bytes.
fn shortened(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

fn tokens(usage: &Usage) -> LedgerTokens {
    LedgerTokens {
        input: usage.input_tokens,
        output: usage.output_tokens,
        cache_read: usage.cache_read,
        cache_write: usage.cache_write,
        reasoning: usage.reasoning,
    }
}

/// What else the cost was calculated from.
fn details(usage: &Usage, bill: &Bill) -> Option<Box<LedgerDetails>> {
    let billing = &usage.billing;
    let at_most = bill.estimate.and_then(|estimate| estimate.at_most);
    LedgerDetails {
        cache_write_1h: usage.cache_write_1h,
        audio_input: usage.audio_input,
        audio_output: usage.audio_output,
        cache_read_audio: usage.cache_read_audio,
        image_input: usage.image_input,
        video_input: usage.video_input,
        image_output: usage.image_output,
        web_searches: billing.web_searches,
        service_tier: billing.service_tier.map(|tier| tier.as_str().to_owned()),
        fast: billing.fast,
        us_only: billing.us_only,
        at_most: at_most.map(lockgate_core::money::Nanodollars::get),
        repriced: None,
    }
    .boxed()
}

/// The counts that a cost was calculated from, out of an entry of the ledger.
#[must_use]
pub fn usage_of(entry: &LedgerEntry) -> Usage {
    let none = LedgerDetails::default();
    let details = entry.details.as_deref().unwrap_or(&none);
    let tier = details.service_tier.as_deref();
    Usage {
        input_tokens: entry.tokens.input,
        output_tokens: entry.tokens.output,
        cache_read: entry.tokens.cache_read,
        cache_write: entry.tokens.cache_write,
        cache_write_1h: details.cache_write_1h,
        reasoning: entry.tokens.reasoning,
        audio_input: details.audio_input,
        audio_output: details.audio_output,
        cache_read_audio: details.cache_read_audio,
        image_input: details.image_input,
        video_input: details.video_input,
        image_output: details.image_output,
        billing: Billing {
            reported_cost: None,
            service_tier: tier.and_then(ServiceTier::named),
            web_searches: details.web_searches,
            fast: details.fast,
            us_only: details.us_only,
        },
    }
}
