//! How a deployment authenticates to Azure, AWS or Google Cloud.

use crate::Secret;

/// The cloud parameters of a deployment. What is `None` is looked for in the environment.
#[derive(Clone, Debug, Default)]
pub struct CloudParams {
    /// `azure_*`, `tenant_id`, `client_id`, `client_secret`
    pub azure: AzureParams,
    /// `aws_*`, `model_id`
    pub aws: AwsParams,
    /// `vertex_*`
    pub vertex: VertexParams,
}

/// Microsoft Entra ID, for Azure OpenAI and Azure AI Foundry.
#[derive(Clone, Debug, Default)]
pub struct AzureParams {
    /// A token as it is, or `oidc/...`: where to find one of another issuer to exchange.
    pub ad_token: Option<Secret>,
    /// Directory (tenant) id.
    pub tenant_id: Option<String>,
    /// Application (client) id, or that of a user-assigned managed identity.
    pub client_id: Option<String>,
    /// Secret of the application.
    pub client_secret: Option<Secret>,
    /// User whose password is given.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// What a token is asked for; `https://cognitiveservices.azure.com/.default` unless said.
    pub scope: Option<String>,
}

/// Amazon Web Services, for Bedrock.
#[derive(Clone, Debug, Default)]
pub struct AwsParams {
    /// Id of an access key.
    pub access_key_id: Option<Secret>,
    /// The access key.
    pub secret_access_key: Option<Secret>,
    /// Token of temporary credentials.
    pub session_token: Option<Secret>,
    /// Region of the endpoint and of the signature.
    pub region_name: Option<String>,
    /// Section of the shared credentials and configuration files.
    pub profile_name: Option<String>,
    /// ARN of a role to assume.
    pub role_name: Option<String>,
    /// What the session of an assumed role is called.
    pub session_name: Option<String>,
    /// What the role's owner asks for besides the caller's identity.
    pub external_id: Option<String>,
    /// Tags of the session of an assumed role: key and value.
    pub session_tags: Vec<(String, String)>,
    /// Token of another issuer to assume the role with: a file, `oidc/...`, or the token itself.
    pub web_identity_token: Option<Secret>,
    /// Endpoint of the Security Token Service.
    pub sts_endpoint: Option<String>,
    /// Endpoint of Bedrock's runtime.
    pub bedrock_runtime_endpoint: Option<String>,
    /// What is called instead of the model's name: an inference profile, a provisioned model.
    pub model_id: Option<String>,
}

/// Google Cloud, for Vertex AI.
#[derive(Clone, Debug, Default)]
pub struct VertexParams {
    /// Project id.
    pub project: Option<String>,
    /// Region, `global`, or a multi-region (`us`, `eu`).
    pub location: Option<String>,
    /// A credentials file's path, or its JSON.
    pub credentials: Option<Secret>,
}
