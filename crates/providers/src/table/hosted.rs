//! OpenAI-compatible services, one line each.

use lockgate_wire::Operation::{
    self, Completions, Moderations, Ocr, Realtime, Responses, Speech, Transcription, Translation,
};
use lockgate_wire::rerank::RerankFormat;

use super::deviations::{
    CEREBRAS, DEEPINFRA, DEEPSEEK, GROQ, JINA, MAX_TOKENS, MAX_TOKENS_TEXT, MINIMAX, MISTRAL,
    MOONSHOT, OPENROUTER, PARASAIL, SAMBANOVA, SCX, TEXT, VOYAGE, XAI, ZAI,
};
use crate::quirks::Quirk;
use crate::spec::{OPENAI_COMPATIBLE, Operations, ProviderSpec, UrlStyle};

/// Id, base URL, variables of the key, variables of the base URL.
pub(super) const fn hosted(
    id: &'static str,
    base_url: &'static str,
    key_env: &'static [&'static str],
    base_env: &'static [&'static str],
) -> ProviderSpec {
    ProviderSpec {
        id,
        base_url: Some(base_url),
        key_env,
        base_env,
        ..OPENAI_COMPATIBLE
    }
}

impl ProviderSpec {
    pub(super) const fn quirks(self, quirks: &'static [Quirk]) -> Self {
        Self { quirks, ..self }
    }

    pub(super) const fn under(self, path: &'static str) -> Self {
        Self {
            url: UrlStyle::OpenAiUnder(path),
            ..self
        }
    }

    pub(super) const fn headers(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    const fn reranks(self, format: RerankFormat) -> Self {
        Self {
            rerank: format,
            ..self.also(&[Operation::Rerank])
        }
    }

    /// What it offers besides.
    pub(super) const fn also(self, operations: &[Operation]) -> Self {
        Self {
            operations: self.operations.with(operations),
            ..self
        }
    }

    pub(super) const fn chat_only(self) -> Self {
        Self {
            operations: Operations::CHAT,
            ..self
        }
    }

    const fn embeddings_only(self) -> Self {
        Self {
            operations: Operations::EMBEDDINGS,
            ..self
        }
    }
}

// One provider a line is what makes the table readable.
#[rustfmt::skip]
pub(super) const ROWS: &[ProviderSpec] = &[
    hosted("abliteration", "https://api.abliteration.ai/v1", &["ABLITERATION_API_KEY"], &[]),
    hosted("ai21", "https://api.ai21.com/studio/v1", &["AI21_API_KEY"], &["AI21_API_BASE"]).quirks(MAX_TOKENS),
    hosted("ai21_chat", "https://api.ai21.com/studio/v1", &["AI21_API_KEY"], &["AI21_API_BASE"]).quirks(MAX_TOKENS),
    hosted("aihubmix", "https://aihubmix.com/v1", &["AIHUBMIX_API_KEY"], &["AIHUBMIX_API_BASE"]),
    hosted("aiml", "https://api.aimlapi.com/v1", &["AIML_API_KEY", "AIMLAPI_KEY"], &["AIML_API_BASE"]),
    hosted("amazon_nova", "https://api.nova.amazon.com/v1", &["AMAZON_NOVA_API_KEY"], &["AMAZON_NOVA_API_BASE"]).quirks(MAX_TOKENS),
    hosted("anyscale", "https://api.endpoints.anyscale.com/v1", &["ANYSCALE_API_KEY"], &["ANYSCALE_API_BASE"]),
    hosted("apertis", "https://api.stima.tech/v1", &["STIMA_API_KEY"], &[]).quirks(MAX_TOKENS),
    hosted("assemblyai", "https://llm-gateway.assemblyai.com/v1", &["ASSEMBLYAI_API_KEY"], &[]),
    hosted("baseten", "https://inference.baseten.co/v1", &["BASETEN_API_KEY"], &["BASETEN_API_BASE"]).quirks(MAX_TOKENS),
    hosted("bedrock_mantle", "https://bedrock-mantle.{BEDROCK_MANTLE_REGION|AWS_REGION_NAME|AWS_REGION:us-east-1}.api.aws/v1", &["BEDROCK_MANTLE_API_KEY", "AWS_BEARER_TOKEN_BEDROCK"], &["BEDROCK_MANTLE_API_BASE"]),
    hosted("cerebras", "https://api.cerebras.ai/v1", &["CEREBRAS_API_KEY"], &["CEREBRAS_API_BASE"]).chat_only().quirks(CEREBRAS),
    hosted("charity_engine", "https://api.charityengine.services/remotejobs/v2/inference", &["CHARITY_ENGINE_API_KEY"], &[]).quirks(MAX_TOKENS),
    hosted("chutes", "https://llm.chutes.ai/v1", &["CHUTES_API_KEY"], &[]).quirks(MAX_TOKENS).also(&[Completions]),
    hosted("clarifai", "https://api.clarifai.com/v2/ext/openai/v1", &["CLARIFAI_API_KEY", "CLARIFAI_PAT"], &[]),
    hosted("codestral", "https://codestral.mistral.ai/v1", &["CODESTRAL_API_KEY"], &["CODESTRAL_API_BASE"]).quirks(MISTRAL),
    hosted("cognition", "https://api.cognition.ai/v1", &["COGNITION_API_KEY"], &["COGNITION_API_BASE"]),
    hosted("cometapi", "https://api.cometapi.com/v1", &["COMETAPI_KEY", "COMETAPI_API_KEY"], &["COMETAPI_API_BASE", "COMETAPI_BASE_URL"]),
    hosted("compactifai", "https://api.compactif.ai/v1", &["COMPACTIFAI_API_KEY"], &[]),
    hosted("cortecs", "https://api.cortecs.ai/v1", &["CORTECS_API_KEY"], &["CORTECS_API_BASE"]),
    hosted("crusoe", "https://managed-inference-api-proxy.crusoecloud.com/v1", &["CRUSOE_API_KEY"], &["CRUSOE_API_BASE"]).quirks(MAX_TOKENS),
    hosted("darkbloom", "https://api.darkbloom.dev/v1", &["DARKBLOOM_API_KEY"], &["DARKBLOOM_API_BASE"]).quirks(MAX_TOKENS),
    hosted("dashscope", "https://dashscope.aliyuncs.com/compatible-mode/v1", &["DASHSCOPE_API_KEY"], &["DASHSCOPE_API_BASE"]).also(&[Completions]),
    hosted("datarobot", "https://app.datarobot.com", &["DATAROBOT_API_TOKEN"], &["DATAROBOT_ENDPOINT"]).under("/api/v2/genai/llmgw").quirks(MAX_TOKENS),
    hosted("deepinfra", "https://api.deepinfra.com/v1/openai", &["DEEPINFRA_API_KEY"], &["DEEPINFRA_API_BASE"]).quirks(DEEPINFRA),
    hosted("deepseek", "https://api.deepseek.com/beta", &["DEEPSEEK_API_KEY"], &["DEEPSEEK_API_BASE"]).chat_only().quirks(DEEPSEEK).also(&[Completions]),
    hosted("edenai", "https://api.edenai.run/v3", &["EDENAI_API_KEY"], &["EDENAI_API_BASE"]),
    hosted("empiriolabs", "https://api.empiriolabs.ai/v1", &["EMPIRIOLABS_API_KEY"], &["EMPIRIOLABS_API_BASE"]).quirks(MAX_TOKENS),
    hosted("empower", "https://app.empower.dev/api/v1", &["EMPOWER_API_KEY"], &["EMPOWER_API_BASE"]).quirks(MAX_TOKENS),
    hosted("featherless_ai", "https://api.featherless.ai/v1", &["FEATHERLESS_AI_API_KEY", "FEATHERLESS_API_KEY"], &["FEATHERLESS_AI_API_BASE", "FEATHERLESS_API_BASE"]).quirks(MAX_TOKENS).also(&[Completions]),
    hosted("fireworks_ai", "https://api.fireworks.ai/inference/v1", &["FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"], &["FIREWORKS_API_BASE"]).also(&[Completions]),
    hosted("friendliai", "https://api.friendli.ai/serverless/v1", &["FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN"], &["FRIENDLI_API_BASE"]).quirks(MAX_TOKENS),
    hosted("galadriel", "https://api.galadriel.com/v1", &["GALADRIEL_API_KEY"], &["GALADRIEL_API_BASE"]).quirks(MAX_TOKENS),
    hosted("github", "https://models.inference.ai.azure.com", &["GITHUB_API_KEY"], &["GITHUB_API_BASE"]).quirks(MAX_TOKENS),
    hosted("gmi", "https://api.gmi-serving.com/v1", &["GMI_API_KEY"], &[]),
    hosted("gradient_ai", "https://inference.do-ai.run", &["GRADIENT_AI_API_KEY"], &["GRADIENT_AI_AGENT_ENDPOINT"]).under("/v1"),
    hosted("groq", "https://api.groq.com/openai/v1", &["GROQ_API_KEY"], &["GROQ_API_BASE"]).quirks(GROQ).also(&[Speech, Transcription, Translation]),
    hosted("helicone", "https://ai-gateway.helicone.ai", &["HELICONE_API_KEY"], &[]),
    ProviderSpec { base_url: None, ..hosted("heroku", "", &["HEROKU_API_KEY"], &["HEROKU_API_BASE"]) }.under("/v1").quirks(TEXT),
    hosted("hyperbolic", "https://api.hyperbolic.xyz/v1", &["HYPERBOLIC_API_KEY"], &["HYPERBOLIC_API_BASE"]).quirks(MAX_TOKENS).also(&[Completions]),
    hosted("inception", "https://api.inceptionlabs.ai/v1", &["INCEPTION_API_KEY"], &["INCEPTION_API_BASE"]).quirks(MAX_TOKENS),
    hosted("jina_ai", "https://api.jina.ai/v1", &["JINA_AI_API_KEY", "JINA_API_KEY", "JINA_AI_TOKEN"], &["JINA_AI_API_BASE"]).embeddings_only().reranks(RerankFormat::Jina).quirks(JINA),
    hosted("lambda_ai", "https://api.lambda.ai/v1", &["LAMBDA_API_KEY"], &["LAMBDA_API_BASE"]).quirks(MAX_TOKENS).also(&[Completions]),
    hosted("libertai", "https://api.libertai.io/v1", &["LIBERTAI_API_KEY"], &["LIBERTAI_API_BASE"]).quirks(MAX_TOKENS),
    hosted("llamagate", "https://api.llamagate.dev/v1", &["LLAMAGATE_API_KEY"], &[]).quirks(MAX_TOKENS),
    hosted("meta", "https://api.meta.ai/v1", &["META_API_KEY"], &["META_API_BASE"]),
    hosted("meta_llama", "https://api.llama.com/compat/v1", &["LLAMA_API_KEY"], &["LLAMA_API_BASE"]),
    hosted("minimax", "https://api.minimax.io/v1", &["MINIMAX_API_KEY"], &["MINIMAX_API_BASE"]).under("/v1").chat_only().quirks(MINIMAX),
    hosted("mistral", "https://api.mistral.ai/v1", &["MISTRAL_AZURE_API_KEY", "MISTRAL_API_KEY"], &["MISTRAL_AZURE_API_BASE", "MISTRAL_API_BASE"]).under("/v1").quirks(MISTRAL).also(&[Moderations, Ocr, Transcription]),
    hosted("modelscope", "https://api-inference.modelscope.cn/v1", &["MODELSCOPE_API_KEY"], &["MODELSCOPE_API_BASE"]),
    hosted("moonshot", "https://api.moonshot.ai/v1", &["MOONSHOT_API_KEY"], &["MOONSHOT_API_BASE"]).chat_only().quirks(MOONSHOT),
    hosted("morph", "https://api.morphllm.com/v1", &["MORPH_API_KEY"], &["MORPH_API_BASE"]).quirks(MAX_TOKENS),
    hosted("nadir", "https://api.getnadir.com/v1", &["NADIR_API_KEY"], &["NADIR_API_BASE"]),
    hosted("nano-gpt", "https://nano-gpt.com/api/v1", &["NANOGPT_API_KEY"], &[]).quirks(MAX_TOKENS).also(&[Completions]),
    hosted("nebius", "https://api.studio.nebius.ai/v1", &["NEBIUS_API_KEY"], &["NEBIUS_API_BASE"]).quirks(MAX_TOKENS).also(&[Completions]),
    hosted("neosantara", "https://api.neosantara.xyz/v1", &["NEOSANTARA_API_KEY"], &["NEOSANTARA_API_BASE"]).quirks(MAX_TOKENS),
    hosted("novita", "https://api.novita.ai/v3/openai", &["NOVITA_API_KEY"], &["NOVITA_API_BASE"]),
    hosted("nscale", "https://inference.api.nscale.com/v1", &["NSCALE_API_KEY"], &["NSCALE_API_BASE"]),
    hosted("nvidia_nim", "https://integrate.api.nvidia.com/v1", &["NVIDIA_NIM_API_KEY", "NVIDIA_API_KEY"], &["NVIDIA_NIM_API_BASE"]).quirks(MAX_TOKENS),
    hosted("openrouter", "https://openrouter.ai/api/v1", &["OPENROUTER_API_KEY", "OR_API_KEY"], &["OPENROUTER_API_BASE"]).quirks(OPENROUTER).also(&[Completions])
        .headers(&[("http-referer", "{OR_SITE_URL:}"), ("x-title", "{OR_APP_NAME:Lockgate}")]),
    hosted("ovhcloud", "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1", &["OVHCLOUD_API_KEY"], &["OVHCLOUD_API_BASE"]),
    hosted("parasail", "https://api.parasail.io/v1", &["PARASAIL_API_KEY"], &["PARASAIL_API_BASE"]).quirks(PARASAIL),
    hosted("perplexity", "https://api.perplexity.ai", &["PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"], &["PERPLEXITY_API_BASE"]).chat_only().quirks(MAX_TOKENS),
    hosted("pinstripes", "https://pinstripes.io/v1", &["PINSTRIPES_API_KEY"], &["PINSTRIPES_API_BASE"]).quirks(MAX_TOKENS),
    hosted("poe", "https://api.poe.com/v1", &["POE_API_KEY"], &[]).quirks(MAX_TOKENS),
    hosted("prism", "https://api.prisminference.com/v1", &["PRISM_API_KEY"], &["PRISM_API_BASE"]),
    hosted("publicai", "https://api.publicai.co/v1", &["PUBLICAI_API_KEY"], &["PUBLICAI_API_BASE"]).quirks(MAX_TOKENS_TEXT),
    hosted("qwen_ai_platform", "https://dashscope.aliyuncs.com/compatible-mode/v1", &["QWEN_AI_PLATFORM_API_KEY", "DASHSCOPE_API_KEY"], &["QWEN_AI_PLATFORM_API_BASE"]),
    hosted("qwencloud", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", &["QWENCLOUD_API_KEY", "DASHSCOPE_API_KEY"], &["QWENCLOUD_API_BASE"]),
    hosted("sail", "https://api.sailresearch.com/v1", &["SAIL_API_KEY"], &["SAIL_API_BASE"]),
    hosted("sambanova", "https://api.sambanova.ai/v1", &["SAMBANOVA_API_KEY"], &["SAMBANOVA_API_BASE"]).quirks(SAMBANOVA),
    hosted("sarvam", "https://api.sarvam.ai/v1", &["SARVAM_API_KEY"], &[]).quirks(MAX_TOKENS).headers(&[("api-subscription-key", "{api_key}")]),
    hosted("scaleway", "https://api.scaleway.ai/v1", &["SCW_SECRET_KEY"], &[]),
    hosted("scx-ai", "https://api.scx.ai/v1", &["SCX_API_KEY"], &["SCX_API_BASE"]).quirks(SCX),
    hosted("synthetic", "https://api.synthetic.new/openai/v1", &["SYNTHETIC_API_KEY"], &[]).quirks(MAX_TOKENS).also(&[Completions]),
    hosted("tencent", "https://tokenhub-intl.tencentcloudmaas.com/v1", &["TENCENT_API_KEY"], &["TENCENT_API_BASE"]),
    hosted("tensormesh", "https://serverless.tensormesh.ai/v1", &["TENSORMESH_INFERENCE_API_KEY"], &["TENSORMESH_SERVERLESS_BASE_URL"]).quirks(MAX_TOKENS).also(&[Completions]),
    hosted("together_ai", "https://api.together.ai/v1", &["TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN"], &["TOGETHER_AI_API_BASE"]).quirks(MAX_TOKENS).reranks(RerankFormat::Together).also(&[Completions]),
    hosted("v0", "https://api.v0.dev/v1", &["V0_API_KEY"], &["V0_API_BASE"]).quirks(MAX_TOKENS),
    hosted("veniceai", "https://api.venice.ai/api/v1", &["VENICE_AI_API_KEY"], &[]),
    hosted("vercel_ai_gateway", "https://ai-gateway.vercel.sh/v1", &["VERCEL_AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN"], &["VERCEL_AI_GATEWAY_API_BASE"]),
    hosted("volcengine", "https://ark.cn-beijing.volces.com/api/v3", &["VOLCENGINE_API_KEY"], &["VOLCENGINE_API_BASE"]).quirks(MAX_TOKENS),
    hosted("voyage", "https://api.voyageai.com/v1", &["VOYAGE_API_KEY", "VOYAGE_AI_API_KEY", "VOYAGE_AI_TOKEN"], &["VOYAGE_API_BASE"]).embeddings_only().reranks(RerankFormat::Voyage).quirks(VOYAGE),
    hosted("wandb", "https://api.inference.wandb.ai/v1", &["WANDB_API_KEY"], &["WANDB_API_BASE"]).quirks(MAX_TOKENS),
    hosted("xai", "https://api.x.ai/v1", &["XAI_API_KEY"], &["XAI_API_BASE"]).quirks(XAI).also(&[Realtime, Responses]),
    hosted("xiaomi_mimo", "https://api.xiaomimimo.com/v1", &["XIAOMI_MIMO_API_KEY"], &[]).quirks(MAX_TOKENS),
    hosted("zai", "https://api.z.ai/api/paas/v4", &["ZAI_API_KEY"], &["ZAI_API_BASE"]).quirks(ZAI),
];
