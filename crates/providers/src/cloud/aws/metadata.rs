//! Credentials of the container or the virtual machine that the gateway runs in.

use aws_credential_types::Credentials as AwsKeys;
use http::HeaderName;
use http::header::AUTHORIZATION;
use lockgate_core::Environment;

use super::super::exchange::{Exchange, FetchError, Http, read_file};
use super::keys::Granted;

/// Where ECS gives a task its credentials.
const CONTAINER: &str = "http://169.254.170.2";
/// The instance metadata service.
const INSTANCE: &str = "http://169.254.169.254";
const ROLES: &str = "latest/meta-data/iam/security-credentials/";

/// Those of an ECS task or an EKS pod; nothing where the environment does not say that this is one.
pub(super) async fn container(
    environment: &Environment,
    http: &impl Http,
) -> Option<Result<AwsKeys, FetchError>> {
    let relative = environment
        .get_non_empty("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        .map(|path| format!("{CONTAINER}{path}"));
    let url = relative.or_else(|| {
        environment
            .get_non_empty("AWS_CONTAINER_CREDENTIALS_FULL_URI")
            .map(str::to_owned)
    })?;
    Some(ask_container(url, environment, http).await)
}

async fn ask_container(
    url: String,
    environment: &Environment,
    http: &impl Http,
) -> Result<AwsKeys, FetchError> {
    let mut exchange = Exchange::get(url);
    let file = environment.get_non_empty("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    let token = match file {
        // It is replaced while the pod runs.
        Some(file) => Some(read_file(file)?.trim().to_owned()),
        None => environment
            .get_non_empty("AWS_CONTAINER_AUTHORIZATION_TOKEN")
            .map(str::to_owned),
    };
    if let Some(token) = token {
        exchange = exchange.header(AUTHORIZATION, token);
    }
    exchange.answer::<Granted>(http).await?.keys()
}

/// Those of the role that is attached to an EC2 instance (version 2 of the service).
pub(super) async fn instance(
    environment: &Environment,
    http: &impl Http,
) -> Result<AwsKeys, FetchError> {
    if environment.flag("AWS_EC2_METADATA_DISABLED") {
        let message = "nothing is configured, and AWS_EC2_METADATA_DISABLED is on";
        return Err(FetchError::Config(message.to_owned()));
    }
    let base = environment
        .get_non_empty("AWS_EC2_METADATA_SERVICE_ENDPOINT")
        .unwrap_or(INSTANCE)
        .trim_end_matches('/');
    let ttl = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
    let session = Exchange::put(format!("{base}/latest/api/token"))
        .header(ttl, "21600")
        .text(http)
        .await?;
    let session = session.trim();
    let token = || HeaderName::from_static("x-aws-ec2-metadata-token");
    let roles = Exchange::get(format!("{base}/{ROLES}"))
        .header(token(), session)
        .text(http)
        .await?;
    let role = roles.lines().next().unwrap_or_default().trim();
    if role.is_empty() {
        let message = "no role is attached to this instance";
        return Err(FetchError::Config(message.to_owned()));
    }
    Exchange::get(format!("{base}/{ROLES}{role}"))
        .header(token(), session)
        .answer::<Granted>(http)
        .await?
        .keys()
}
