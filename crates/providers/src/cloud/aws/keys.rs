//! AWS keys as they are written in answers and files.

use std::time::SystemTime;

use aws_credential_types::Credentials as AwsKeys;
use serde::Deserialize;

use super::super::exchange::FetchError;

/// Credentials in JSON, as containers and instances get them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Granted {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "SessionToken")]
    token: Option<String>,
    expiration: Option<String>,
}

// === impl Granted ===

impl Granted {
    pub(super) fn keys(self) -> Result<AwsKeys, FetchError> {
        let expires = self.expiration.as_deref().map(read_time).transpose()?;
        Ok(AwsKeys::new(
            self.access_key_id,
            self.secret_access_key,
            self.token,
            expires,
            PROVIDER,
        ))
    }
}

/// Who the keys are from, in the SDK's words.
const PROVIDER: &str = "lockgate";

pub(super) fn static_keys(
    id: Option<&str>,
    key: Option<&str>,
    token: Option<&str>,
) -> Option<AwsKeys> {
    let present = |text: Option<&str>| {
        text.map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    Some(AwsKeys::new(
        present(id)?,
        present(key)?,
        present(token),
        None,
        PROVIDER,
    ))
}

/// A time as RFC 3339 has it.
pub(in super::super) fn read_time(text: &str) -> Result<SystemTime, FetchError> {
    text.parse::<jiff::Timestamp>()
        .map(SystemTime::from)
        .map_err(|_| FetchError::Answer(format!("`{text}` is not a time")))
}

/// The text of the first element of this name; STS answers in XML without attributes or entities
/// where credentials stand.
pub(super) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}

/// Credentials in the XML of STS.
pub(super) fn from_xml(xml: &str) -> Result<AwsKeys, FetchError> {
    let part = |name: &str| {
        element(xml, name)
            .map(str::to_owned)
            .ok_or_else(|| FetchError::Answer(format!("the STS answer has no {name}")))
    };
    Ok(AwsKeys::new(
        part("AccessKeyId")?,
        part("SecretAccessKey")?,
        Some(part("SessionToken")?),
        Some(read_time(&part("Expiration")?)?),
        PROVIDER,
    ))
}
