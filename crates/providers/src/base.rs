//! Where a provider is: the base URL of a connection.

use lockgate_core::Environment;

use crate::access::{aws_region, vertex_location};
use crate::cloud::domain;
use crate::connection::{ConnectError, ConnectionParams};
use crate::provider::Provider;
use crate::spec::UrlStyle;
use crate::template::{expand_base, required};
use crate::url::{Base, vertex_host};

/// The base URL: the deployment's, the environment's, the provider's own.
pub(crate) fn find_base(
    provider: &Provider,
    params: &ConnectionParams<'_>,
    environment: &Environment,
) -> Result<Base, ConnectError> {
    let variables: Vec<&str> = provider.base_env.iter().map(String::as_str).collect();
    let text = params
        .api_base
        .filter(|base| !base.is_empty())
        .or_else(|| environment.first_non_empty(&variables))
        .map(str::to_owned)
        .or_else(|| cloud_base(provider, params, environment))
        .or_else(|| own_base(provider, environment))
        .ok_or_else(|| ConnectError::NoBase {
            provider: provider.id.clone(),
            variables: base_variables(provider),
        })?;
    Base::parse(&text).map_err(|cause| ConnectError::Base {
        provider: provider.id.clone(),
        cause,
    })
}

/// The provider's own base URL.
pub(crate) fn own_base(provider: &Provider, environment: &Environment) -> Option<String> {
    expand_base(provider.base_url.as_deref()?, environment)
}

/// The variables that would tell the base URL, in whole or in part.
fn base_variables(provider: &Provider) -> Vec<String> {
    let parts = provider.base_url.as_deref().map(required);
    let parts = parts
        .into_iter()
        .flatten()
        .flat_map(|names| names.split('|'));
    let whole = provider.base_env.iter().map(String::as_str);
    whole.chain(parts).map(str::to_owned).collect()
}

/// The base URL that a cloud's provider has by itself.
fn cloud_base(
    provider: &Provider,
    params: &ConnectionParams<'_>,
    environment: &Environment,
) -> Option<String> {
    match provider.url {
        UrlStyle::Bedrock => {
            let endpoint = params
                .cloud
                .and_then(|cloud| cloud.aws.bedrock_runtime_endpoint.clone());
            let endpoint = endpoint.or_else(|| {
                environment
                    .first_non_empty(&[
                        "AWS_BEDROCK_RUNTIME_ENDPOINT",
                        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
                    ])
                    .map(str::to_owned)
            });
            Some(endpoint.unwrap_or_else(|| {
                let region = aws_region(params, environment);
                format!("https://bedrock-runtime.{region}.{}", domain(&region))
            }))
        }
        UrlStyle::SageMaker => {
            let region = aws_region(params, environment);
            Some(format!(
                "https://runtime.sagemaker.{region}.{}",
                domain(&region)
            ))
        }
        UrlStyle::Vertex(_) => Some(vertex_host(vertex_location(params, environment))),
        _ => None,
    }
}
