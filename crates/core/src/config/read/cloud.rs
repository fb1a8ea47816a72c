//! Cloud parameters of a deployment.

use super::super::cloud::{AwsParams, AzureParams, CloudParams, VertexParams};
use super::fields::Fields;
use crate::Secret;

pub(super) fn cloud(fields: &mut Fields<'_, '_>) -> CloudParams {
    CloudParams {
        azure: AzureParams {
            ad_token: secret(fields, "azure_ad_token"),
            tenant_id: fields.word("tenant_id"),
            client_id: fields.word("client_id"),
            client_secret: secret(fields, "client_secret"),
            username: fields.word("azure_username"),
            password: secret(fields, "azure_password"),
            scope: fields.word("azure_scope"),
        },
        aws: AwsParams {
            access_key_id: secret(fields, "aws_access_key_id"),
            secret_access_key: secret(fields, "aws_secret_access_key"),
            session_token: secret(fields, "aws_session_token"),
            region_name: fields.word("aws_region_name"),
            profile_name: fields.word("aws_profile_name"),
            role_name: fields.word("aws_role_name"),
            session_name: fields.word("aws_session_name"),
            external_id: fields.word("aws_external_id"),
            session_tags: session_tags(fields),
            web_identity_token: secret(fields, "aws_web_identity_token"),
            sts_endpoint: fields.word("aws_sts_endpoint"),
            bedrock_runtime_endpoint: fields.word("aws_bedrock_runtime_endpoint"),
            model_id: fields.word("model_id"),
        },
        vertex: VertexParams {
            project: fields
                .word("vertex_project")
                .or_else(|| fields.word("vertex_ai_project")),
            location: fields
                .word("vertex_location")
                .or_else(|| fields.word("vertex_ai_location")),
            credentials: credentials(fields, "vertex_credentials")
                .or_else(|| credentials(fields, "vertex_ai_credentials")),
        },
    }
}

fn secret(fields: &mut Fields<'_, '_>, name: &str) -> Option<Secret> {
    fields.secret(name).filter(|secret| !secret.is_empty())
}

/// A path, JSON in a string, or the same JSON written as a mapping.
fn credentials(fields: &mut Fields<'_, '_>, name: &str) -> Option<Secret> {
    let node = fields.node(name)?;
    if node.as_mapping().is_some() {
        return Some(Secret::new(node.to_json().to_string()));
    }
    secret(fields, name)
}

/// As the AWS API has them: a list of `Key` and `Value`.
fn session_tags(fields: &mut Fields<'_, '_>) -> Vec<(String, String)> {
    const NAME: &str = "aws_session_tags";
    let Some(node) = fields.node(NAME) else {
        return Vec::new();
    };
    let json = node.to_json();
    let tags = json.as_array().and_then(|tags| {
        let pair = |tag: &serde_json::Value| {
            let part = |name: &str| Some(tag.get(name)?.as_str()?.to_owned());
            Some((part("Key")?, part("Value")?))
        };
        tags.iter().map(pair).collect::<Option<Vec<_>>>()
    });
    if tags.is_none() {
        let path = fields.path_of(NAME);
        fields.wrong(node, &path, "a list of `Key` and `Value`");
    }
    tags.unwrap_or_default()
}
