//! What a call authenticates with: a key, or a credential of a cloud that is renewed.

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use lockgate_core::Environment;
use lockgate_core::config::{CloudParams, VertexParams};

use crate::cloud::{Cloud, Credential, Credentials, Source};
use crate::connection::ConnectionParams;
use crate::exchange::says_client;
use crate::headers::Key;
use crate::provider::Provider;
use crate::spec::{Auth, KeyRule, UrlStyle};
use crate::url::{Place, Project, Scope, region_of};

/// How a connection authenticates.
#[derive(Debug, Clone)]
pub(crate) enum Signer {
    /// With what is in its headers, if anything.
    Headers,
    /// With the headers of a credential.
    Credential(Arc<Credential>),
    /// With a signature over every request, for this region and service.
    SigV4(Arc<Credential>, String, &'static str),
}

/// Region of Bedrock and the Security Token Service when nobody says; LiteLLM's choice.
const AWS_REGION: &str = "us-west-2";
/// Location of Vertex AI when nobody says; LiteLLM's choice.
const VERTEX_LOCATION: &str = "us-central1";

// === impl Signer ===

impl Signer {
    /// The signer of a connection that sends no key, or `token` in its place. `headers` are the ones
    /// the operator configured, which may say all there is to say.
    pub(crate) fn new(
        provider: &Provider,
        params: &ConnectionParams<'_>,
        environment: &Environment,
        headers: &HeaderMap,
        token: Option<Source>,
    ) -> Self {
        if headers.contains_key(AUTHORIZATION) {
            return Self::Headers;
        }
        let alone = Credentials::default();
        let known = params.credentials.unwrap_or(&alone);
        if let Some(source) = token {
            return Self::Credential(known.of(source));
        }
        let nothing = CloudParams::default();
        let said = params.cloud.unwrap_or(&nothing);
        let region = aws_region(params, environment);
        let cloud = match provider.auth {
            Auth::Azure(_) | Auth::AzureAi => Cloud::Azure(said.azure.clone()),
            Auth::Aws => Cloud::Aws(Box::new(said.aws.clone()), region.clone()),
            Auth::Google => Cloud::Google(VertexParams {
                // The URL's, not the credential's.
                project: None,
                location: None,
                credentials: said.vertex.credentials.clone(),
            }),
            _ => {
                return Self::Headers;
            }
        };
        let source = Source {
            cloud,
            environment: environment.clone(),
        };
        let credential = known.of(source);
        match provider.auth {
            Auth::Aws => Self::SigV4(credential, region, service(provider)),
            _ => Self::Credential(credential),
        }
    }
}

/// The key: the deployment's, then the environment's, then the placeholder. Between the first two
/// stands a cloud identity that the deployment spells out.
pub(crate) fn find_key<'a>(
    provider: &'a Provider,
    params: &ConnectionParams<'a>,
    environment: &'a Environment,
) -> Option<Key<'a>> {
    // Keys from files and Kubernetes secrets often end with a line break.
    let given = params.api_key.map(|key| key.expose().trim());
    if let Some(text) = given.filter(|key| !key.is_empty()) {
        return Some(Key {
            text,
            variable: None,
        });
    }
    if params
        .cloud
        .is_some_and(|cloud| says_identity(cloud, provider.auth))
        || says_client(provider, params)
    {
        return None;
    }
    let found = provider.key_env.iter().find_map(|variable| {
        let text = environment.get(variable)?.trim();
        (!text.is_empty()).then_some(Key {
            text,
            variable: Some(variable),
        })
    });
    found.or(match provider.key {
        KeyRule::Placeholder(text) => Some(Key {
            text,
            variable: None,
        }),
        KeyRule::Required | KeyRule::Optional => None,
    })
}

/// The service that requests are signed for, as IAM names it.
fn service(provider: &Provider) -> &'static str {
    match provider.url {
        UrlStyle::SageMaker => "sagemaker",
        _ => "bedrock",
    }
}

fn says_identity(cloud: &CloudParams, auth: Auth) -> bool {
    let CloudParams { azure, aws, vertex } = cloud;
    match auth {
        Auth::Azure(_) | Auth::AzureAi => {
            azure.ad_token.is_some() || azure.client_secret.is_some() || azure.password.is_some()
        }
        Auth::Aws => {
            aws.access_key_id.is_some() || aws.role_name.is_some() || aws.profile_name.is_some()
        }
        Auth::Google => vertex.credentials.is_some(),
        _ => false,
    }
}

/// What the URLs of a cloud's provider are made of besides a base.
pub(crate) fn place<'a>(
    provider: &Provider,
    params: &ConnectionParams<'a>,
    environment: &'a Environment,
    signer: &Signer,
    has_key: bool,
) -> Place<'a> {
    let scope = matches!(provider.url, UrlStyle::Vertex(_)).then(|| {
        let project = params
            .cloud
            .and_then(|cloud| cloud.vertex.project.as_deref());
        let project = project.or_else(|| environment.first_non_empty(PROJECT_VARIABLES));
        let project = match (project, signer) {
            (Some(project), _) => Project::Given(project.to_owned()),
            (None, Signer::Credential(credential)) => Project::OfCredential(credential.clone()),
            (None, _) if has_key => return Scope::Express,
            (None, _) => Project::Unknown,
        };
        Scope::Project(project, vertex_location(params, environment).to_owned())
    });
    let version = params.api_version.or_else(|| {
        // The variable is Azure OpenAI's; Foundry's versions are others.
        (provider.url == UrlStyle::AzureOpenAi)
            .then(|| environment.get_non_empty("AZURE_API_VERSION"))
            .flatten()
    });
    Place {
        api_version: version,
        model_id: params.cloud.and_then(|cloud| cloud.aws.model_id.as_deref()),
        scope,
    }
}

const PROJECT_VARIABLES: &[&str] = &[
    "VERTEXAI_PROJECT",
    "VERTEX_PROJECT",
    "GOOGLE_CLOUD_PROJECT",
    "GCLOUD_PROJECT",
];
const LOCATION_VARIABLES: &[&str] = &[
    "VERTEXAI_LOCATION",
    "VERTEX_LOCATION",
    "GOOGLE_CLOUD_LOCATION",
];

/// The deployment's, the model's, the environment's.
pub(crate) fn aws_region(params: &ConnectionParams<'_>, environment: &Environment) -> String {
    let said = params.cloud.map(|cloud| &cloud.aws);
    let own = said.and_then(|aws| aws.region_name.as_deref());
    let model = said
        .and_then(|aws| aws.model_id.as_deref())
        .or(params.model);
    own.or_else(|| model.and_then(region_of))
        .or_else(|| {
            environment.first_non_empty(&["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"])
        })
        .unwrap_or(AWS_REGION)
        .to_owned()
}

pub(crate) fn vertex_location<'a>(
    params: &ConnectionParams<'a>,
    environment: &'a Environment,
) -> &'a str {
    params
        .cloud
        .and_then(|cloud| cloud.vertex.location.as_deref())
        .or_else(|| environment.first_non_empty(LOCATION_VARIABLES))
        .unwrap_or(VERTEX_LOCATION)
}
