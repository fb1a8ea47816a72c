//! Providers that LiteLLM has and Lockgate does not yet: naming one must not say "unknown".

/// Id and what may be done instead, sorted by id.
pub static NOT_YET: &[(&str, &str)] = &[
    ("a2a", AGENTS),
    ("a2a_agent", AGENTS),
    ("aiohttp_openai", USE_OPENAI),
    ("anthropic_text", COMPLETION),
    ("auto_router", LITELLM),
    ("aws_polly", OPERATION),
    ("aws_textract", OPERATION),
    ("azure_speech", OPERATION),
    ("black_forest_labs", OPERATION),
    ("chatgpt", CHATGPT),
    ("cursor", AGENTS),
    ("custom", LITELLM),
    ("deepgram", OPERATION),
    ("dotprompt", LITELLM),
    ("elevenlabs", OPERATION),
    ("fal_ai", OPERATION),
    ("gdc", GDC),
    ("gigachat", GIGACHAT),
    ("humanloop", LITELLM),
    ("langflow", AGENTS),
    ("langfuse", LITELLM),
    ("langgraph", AGENTS),
    ("litellm_agent", LITELLM),
    ("manus", AGENTS),
    ("milvus", OPERATION),
    ("mongodb", OPERATION),
    ("nlp_cloud", OWN_FORMAT),
    ("nvidia_riva", OPERATION),
    ("petals", OWN_FORMAT),
    ("pg_vector", OPERATION),
    ("predibase", PREDIBASE),
    ("ragflow", RAGFLOW),
    ("recraft", OPERATION),
    ("reducto", OPERATION),
    ("replicate", REPLICATE),
    ("runwayml", OPERATION),
    ("s3_vectors", OPERATION),
    ("sagemaker", COMPATIBLE),
    ("sagemaker_chat", COMPATIBLE),
    ("sagemaker_nova", COMPATIBLE),
    ("sap", SAP),
    ("soniox", OPERATION),
    ("stability", OPERATION),
    ("strands_decider", OPERATION),
    ("topaz", OPERATION),
    ("transcribe", OPERATION),
    ("typesafe", OPERATION),
    ("valkey", OPERATION),
    ("vllm", VLLM),
    ("watsonx_text", COMPLETION),
];

const AGENTS: &str = "it runs agents, not models, in a format of its own";
const CHATGPT: &str = "it needs the login of a person; with a key use `openai/<model>`";
const COMPATIBLE: &str =
    "where it has an OpenAI-compatible endpoint, use `openai/<model>` with its `api_base`";
const COMPLETION: &str = "its text completions have a format of their own";
const GDC: &str = "it needs tokens of a Google Distributed Cloud service account; with a token of your \
     own use `openai/<model>` with its `api_base`";
const GIGACHAT: &str =
    "its keys are exchanged for tokens that last half an hour, and its tools have another format";
const LITELLM: &str = "it is a mechanism inside LiteLLM, not an upstream";
const OPERATION: &str = "neither chat nor embeddings is what it is for";
const OWN_FORMAT: &str = "its API has a format of its own";
const PREDIBASE: &str = "use `openai/<adapter>` with `api_base: \
     https://serving.app.predibase.com/<tenant>/deployments/v2/llms/<deployment>/v1`";
const RAGFLOW: &str = "use `openai/<model>` with `api_base: \
     http://<host>/api/v1/chats_openai/<chat id>`";
const REPLICATE: &str =
    "its predictions API has a format of its own; many of its models are at other providers";
const SAP: &str = "its orchestration API has a format of its own and needs OAuth";
const USE_OPENAI: &str = "use `openai/<model>`";
const VLLM: &str = "use `hosted_vllm/<model>` with the `api_base` of a vLLM server";
