//! Names at the top of the file.

use super::KeyTable;

pub(in crate::config) const TOP: KeyTable = KeyTable {
    section: "",
    effective: EFFECTIVE,
    known: KNOWN,
};

const EFFECTIVE: &[&str] = &[
    "credential_list",
    "custom_providers",
    "environment_variables",
    "general_settings",
    "include",
    "litellm_settings",
    "lockgate_settings",
    "model_list",
    "router_settings",
];

const KNOWN: &[&str] = &[
    "agent_list",
    "agents",
    "assistant_settings",
    "callback_settings",
    "default_vertex_config",
    "files_settings",
    "finetune_settings",
    "guardrails",
    "mcp_servers",
    "mcp_tools",
    "policies",
    "policy_attachments",
    "prompts",
    "sandbox_tools",
    "search_tools",
    "vector_store_registry",
    "worker_registry",
];
