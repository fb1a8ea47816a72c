//! Where a credential comes from: a cloud, what the deployment says, and the environment.

use std::time::SystemTime;

use lockgate_core::config::{AwsParams, AzureParams, VertexParams};
use lockgate_core::{Environment, Secret};
use sha2::{Digest, Sha256};

use super::credential::CredentialKey;
use super::exchange::{FetchError, Http};
use super::lease::Lease;
use super::token::TokenParams;
use super::{aws, azure, google, token};

/// A source of credentials. The chain of places it looks at is walked at every fetch, so that a
/// file that comes later or changes is found.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) cloud: Cloud,
    pub(crate) environment: Environment,
}

/// The cloud, and what the deployment says about it.
#[derive(Clone)]
pub(crate) enum Cloud {
    Azure(AzureParams),
    /// With the region whose Security Token Service is asked.
    Aws(Box<AwsParams>, String),
    Google(VertexParams),
    /// A provider's token service.
    Token(Box<TokenParams>),
}

// === impl Source ===

impl Source {
    /// A credential that is there without asking anybody.
    pub(crate) fn at_hand(&self) -> Option<Lease> {
        match &self.cloud {
            Cloud::Aws(params, _) => aws::at_hand(params, &self.environment),
            Cloud::Azure(params) => azure::at_hand(params, &self.environment),
            Cloud::Google(_) | Cloud::Token(_) => None,
        }
    }

    pub(crate) async fn fetch(
        &self,
        http: &impl Http,
        now: SystemTime,
    ) -> Result<Lease, FetchError> {
        let environment = &self.environment;
        match &self.cloud {
            Cloud::Azure(params) => azure::fetch(params, environment, http, now).await,
            Cloud::Aws(params, region) => aws::fetch(params, region, environment, http, now).await,
            Cloud::Google(params) => google::fetch(params, environment, http, now).await,
            Cloud::Token(params) => token::fetch(params, http, now).await,
        }
    }

    /// What the operator may set, for the end of a message.
    pub(crate) fn advice(&self) -> &'static str {
        match &self.cloud {
            Cloud::Azure(_) => azure::ADVICE,
            Cloud::Aws(..) => aws::ADVICE,
            Cloud::Google(_) => google::ADVICE,
            Cloud::Token(params) => params.advice,
        }
    }

    /// The cloud's name, for logs.
    pub(crate) fn name(&self) -> &'static str {
        match &self.cloud {
            Cloud::Azure(_) => "Azure",
            Cloud::Aws(..) => "AWS",
            Cloud::Google(_) => "Google Cloud",
            Cloud::Token(params) => params.name,
        }
    }

    /// Sources with the same key give the same credential: the same parameters, and the same
    /// values of all variables the cloud's chain may read.
    pub(crate) fn key(&self) -> CredentialKey {
        let mut hash = Sha256::new();
        let mut add = |part: Option<&str>| match part {
            Some(part) => {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
            None => hash.update(u64::MAX.to_le_bytes()),
        };
        add(Some(self.name()));
        for part in self.parts() {
            add(part);
        }
        for name in self.environment.names() {
            if self
                .prefixes()
                .iter()
                .any(|prefix| name.starts_with(prefix))
            {
                add(Some(name));
                add(self.environment.get(name));
            }
        }
        CredentialKey(hash.finalize().into())
    }

    fn parts(&self) -> Vec<Option<&str>> {
        fn secret(secret: &Option<Secret>) -> Option<&str> {
            secret.as_ref().map(Secret::expose)
        }
        match &self.cloud {
            Cloud::Azure(azure) => vec![
                secret(&azure.ad_token),
                azure.tenant_id.as_deref(),
                azure.client_id.as_deref(),
                secret(&azure.client_secret),
                azure.username.as_deref(),
                secret(&azure.password),
                azure.scope.as_deref(),
            ],
            Cloud::Aws(aws, region) => {
                let tags = aws.session_tags.iter();
                let mut parts = vec![
                    secret(&aws.access_key_id),
                    secret(&aws.secret_access_key),
                    secret(&aws.session_token),
                    aws.profile_name.as_deref(),
                    aws.role_name.as_deref(),
                    aws.session_name.as_deref(),
                    aws.external_id.as_deref(),
                    secret(&aws.web_identity_token),
                    aws.sts_endpoint.as_deref(),
                    Some(region.as_str()),
                ];
                parts.extend(tags.flat_map(|(key, value)| [Some(key.as_str()), Some(value)]));
                parts
            }
            // The project is part of the URL, not of the credential.
            Cloud::Google(google) => vec![secret(&google.credentials)],
            Cloud::Token(params) => params.parts(),
        }
    }

    /// How the names of the variables start that the cloud's chain may read.
    fn prefixes(&self) -> &'static [&'static str] {
        match self.cloud {
            Cloud::Azure(_) => &["AZURE_", "IDENTITY_"],
            Cloud::Aws(..) => &["AWS_", "HOME"],
            Cloud::Google(_) => &[
                "GOOGLE_",
                "GCLOUD_",
                "GCE_",
                "CLOUDSDK_",
                "VERTEX",
                "AWS_",
                "HOME",
            ],
            // What it reads is in its parameters.
            Cloud::Token(_) => &[],
        }
    }
}
