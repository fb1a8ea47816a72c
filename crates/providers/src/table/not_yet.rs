//! Providers that LiteLLM has and Lockgate does not yet: naming one must not say "unknown".

/// Id and what may be done instead, sorted by id.
pub static NOT_YET: &[(&str, &str)] = &[
    ("a2a", COMPATIBLE),
    ("a2a_agent", COMPATIBLE),
    ("aiohttp_openai", USE_OPENAI),
    ("anthropic_text", COMPLETION),
    ("auto_router", LITELLM),
    ("aws_polly", OPERATION),
    ("aws_textract", OPERATION),
    ("azure", AZURE),
    ("azure_ai", AZURE),
    ("azure_speech", OPERATION),
    ("azure_text", AZURE),
    ("bedrock", BEDROCK),
    ("black_forest_labs", OPERATION),
    ("bytez", COMPATIBLE),
    ("chatgpt", COMPATIBLE),
    ("cloudflare", COMPATIBLE),
    ("cohere", COMPATIBLE),
    ("cohere_chat", COMPATIBLE),
    ("cursor", COMPATIBLE),
    ("custom", LITELLM),
    ("databricks", COMPATIBLE),
    ("deepgram", OPERATION),
    ("dotprompt", LITELLM),
    ("elevenlabs", OPERATION),
    ("fal_ai", OPERATION),
    ("gdc", COMPATIBLE),
    ("gigachat", COMPATIBLE),
    ("github_copilot", COMPATIBLE),
    ("huggingface", COMPATIBLE),
    ("humanloop", LITELLM),
    ("langflow", COMPATIBLE),
    ("langfuse", LITELLM),
    ("langgraph", COMPATIBLE),
    ("litellm_agent", LITELLM),
    ("manus", COMPATIBLE),
    ("maritalk", COMPATIBLE),
    ("milvus", OPERATION),
    ("mongodb", OPERATION),
    ("nlp_cloud", COMPATIBLE),
    ("nvidia_riva", OPERATION),
    ("oci", COMPATIBLE),
    ("oobabooga", COMPATIBLE),
    ("petals", COMPATIBLE),
    ("pg_vector", OPERATION),
    ("predibase", COMPATIBLE),
    ("ragflow", COMPATIBLE),
    ("recraft", OPERATION),
    ("reducto", OPERATION),
    ("replicate", COMPATIBLE),
    ("runwayml", OPERATION),
    ("s3_vectors", OPERATION),
    ("sagemaker", COMPATIBLE),
    ("sagemaker_chat", COMPATIBLE),
    ("sagemaker_nova", COMPATIBLE),
    ("sap", COMPATIBLE),
    ("snowflake", COMPATIBLE),
    ("soniox", OPERATION),
    ("stability", OPERATION),
    ("strands_decider", OPERATION),
    ("text-completion-codestral", COMPLETION),
    ("text-completion-inception", COMPLETION),
    ("text-completion-openai", COMPLETION),
    ("topaz", OPERATION),
    ("transcribe", OPERATION),
    ("triton", COMPATIBLE),
    ("typesafe", OPERATION),
    ("valkey", OPERATION),
    ("vertex_ai", VERTEX),
    ("vertex_ai_beta", VERTEX),
    ("vllm", VLLM),
    ("watsonx", COMPATIBLE),
    ("watsonx_text", COMPLETION),
];

const AZURE: &str = "an Azure resource with the v1 API can be used as `openai/<deployment>` with \
     `api_base: https://<resource>.openai.azure.com/openai/v1`";
const BEDROCK: &str =
    "use `bedrock_mantle/<model>` for the models of its OpenAI-compatible endpoint";
const COMPATIBLE: &str =
    "where it has an OpenAI-compatible endpoint, use `openai/<model>` with its `api_base`";
const COMPLETION: &str = "it serves text completions only, which are not served";
const LITELLM: &str = "it is a mechanism inside LiteLLM, not an upstream";
const OPERATION: &str = "neither chat nor embeddings is what it is for";
const USE_OPENAI: &str = "use `openai/<model>`";
const VERTEX: &str = "use `gemini/<model>` with a key of Google AI Studio";
const VLLM: &str = "use `hosted_vllm/<model>` with the `api_base` of a vLLM server";
