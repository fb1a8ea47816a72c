//! OpenAI-compatible services that LiteLLM 1.105 does not know, one line each.
//!
//! Ids, base URLs and variables are those of the catalogue <https://models.dev> where it has them,
//! else those of the provider's own documentation.

use super::deviations::{MAX_TOKENS, ZAI};
use super::hosted::hosted;
use crate::spec::ProviderSpec;

// One provider a line is what makes the table readable.
#[rustfmt::skip]
pub(super) const ROWS: &[ProviderSpec] = &[
    hosted("302ai", "https://api.302.ai/v1", &["AI302_API_KEY", "302AI_API_KEY"], &["AI302_API_BASE"]),
    hosted("abacus", "https://routellm.abacus.ai/v1", &["ABACUS_API_KEY"], &["ABACUS_API_BASE"]),
    hosted("atlascloud", "https://api.atlascloud.ai/v1", &["ATLASCLOUD_API_KEY"], &["ATLASCLOUD_API_BASE"]).quirks(MAX_TOKENS),
    hosted("avian", "https://api.avian.io/v1", &["AVIAN_API_KEY"], &["AVIAN_API_BASE"]).quirks(MAX_TOKENS),
    hosted("berget", "https://api.berget.ai/v1", &["BERGET_API_KEY"], &["BERGET_API_BASE"]).quirks(MAX_TOKENS),
    hosted("cloudferro-sherlock", "https://api-sherlock.cloudferro.com/openai/v1", &["CLOUDFERRO_SHERLOCK_API_KEY"], &["CLOUDFERRO_SHERLOCK_API_BASE"]).quirks(MAX_TOKENS),
    hosted("evroc", "https://models.think.evroc.com/v1", &["EVROC_API_KEY"], &["EVROC_API_BASE"]).quirks(MAX_TOKENS),
    hosted("fastrouter", "https://go.fastrouter.ai/api/v1", &["FASTROUTER_API_KEY"], &["FASTROUTER_API_BASE"]),
    hosted("hpc-ai", "https://api.hpc-ai.com/inference/v1", &["HPC_AI_API_KEY"], &["HPC_AI_API_BASE"]).quirks(MAX_TOKENS),
    hosted("hunyuan", "https://api.hunyuan.cloud.tencent.com/v1", &["HUNYUAN_API_KEY"], &["HUNYUAN_API_BASE"]).quirks(MAX_TOKENS),
    hosted("iflowcn", "https://apis.iflow.cn/v1", &["IFLOW_API_KEY"], &["IFLOW_API_BASE"]).quirks(MAX_TOKENS),
    hosted("io-net", "https://api.intelligence.io.solutions/api/v1", &["IOINTELLIGENCE_API_KEY"], &["IOINTELLIGENCE_API_BASE"]).quirks(MAX_TOKENS),
    hosted("jiekou", "https://api.jiekou.ai/openai", &["JIEKOU_API_KEY"], &["JIEKOU_API_BASE"]),
    hosted("kilo", "https://api.kilo.ai/api/gateway", &["KILO_API_KEY"], &["KILO_API_BASE"]),
    hosted("llmgateway", "https://api.llmgateway.io/v1", &["LLMGATEWAY_API_KEY"], &["LLMGATEWAY_API_BASE"]),
    hosted("moark", "https://moark.com/v1", &["MOARK_API_KEY"], &["MOARK_API_BASE"]).quirks(MAX_TOKENS),
    hosted("nearai", "https://cloud-api.near.ai/v1", &["NEARAI_API_KEY"], &["NEARAI_API_BASE"]),
    hosted("netmind", "https://api.netmind.ai/inference-api/openai/v1", &["NETMIND_API_KEY"], &["NETMIND_API_BASE"]).quirks(MAX_TOKENS),
    hosted("opencode", "https://opencode.ai/zen/v1", &["OPENCODE_API_KEY"], &["OPENCODE_API_BASE"]),
    hosted("ppio", "https://api.ppinfra.com/v3/openai", &["PPIO_API_KEY"], &["PPIO_API_BASE"]).quirks(MAX_TOKENS),
    hosted("qianfan", "https://qianfan.baidubce.com/v2", &["QIANFAN_API_KEY"], &["QIANFAN_API_BASE"]),
    hosted("qiniu-ai", "https://api.qnaigc.com/v1", &["QINIU_API_KEY"], &["QINIU_API_BASE"]),
    hosted("regolo-ai", "https://api.regolo.ai/v1", &["REGOLO_API_KEY"], &["REGOLO_API_BASE"]).quirks(MAX_TOKENS),
    hosted("reka", "https://api.reka.ai/v1", &["REKA_API_KEY"], &["REKA_API_BASE"]).quirks(MAX_TOKENS),
    hosted("requesty", "https://router.requesty.ai/v1", &["REQUESTY_API_KEY"], &["REQUESTY_API_BASE"]),
    hosted("siliconflow", "https://api.siliconflow.com/v1", &["SILICONFLOW_API_KEY"], &["SILICONFLOW_API_BASE"]).quirks(MAX_TOKENS),
    hosted("siliconflow-cn", "https://api.siliconflow.cn/v1", &["SILICONFLOW_CN_API_KEY"], &["SILICONFLOW_CN_API_BASE"]).quirks(MAX_TOKENS),
    hosted("stackit", "https://api.openai-compat.model-serving.eu01.onstackit.cloud/v1", &["STACKIT_API_KEY"], &["STACKIT_API_BASE"]).quirks(MAX_TOKENS),
    hosted("stepfun", "https://api.stepfun.com/v1", &["STEPFUN_API_KEY"], &["STEPFUN_API_BASE"]).quirks(MAX_TOKENS),
    hosted("submodel", "https://llm.submodel.ai/v1", &["SUBMODEL_INSTAGEN_ACCESS_KEY"], &["SUBMODEL_API_BASE"]).quirks(MAX_TOKENS),
    hosted("upstage", "https://api.upstage.ai/v1/solar", &["UPSTAGE_API_KEY"], &["UPSTAGE_API_BASE"]).quirks(MAX_TOKENS),
    hosted("vultr", "https://api.vultrinference.com/v1", &["VULTR_API_KEY"], &["VULTR_API_BASE"]).quirks(MAX_TOKENS),
    hosted("yi", "https://api.lingyiwanwu.com/v1", &["YI_API_KEY"], &["YI_API_BASE"]).quirks(MAX_TOKENS),
    hosted("zai-coding-plan", "https://api.z.ai/api/coding/paas/v4", &["ZAI_API_KEY"], &["ZAI_CODING_PLAN_API_BASE"]).quirks(ZAI),
    hosted("zenmux", "https://zenmux.ai/api/v1", &["ZENMUX_API_KEY"], &["ZENMUX_API_BASE"]),
    hosted("zhipuai", "https://open.bigmodel.cn/api/paas/v4", &["ZHIPUAI_API_KEY", "ZHIPU_API_KEY"], &["ZHIPUAI_API_BASE"]).quirks(ZAI),
    hosted("zhipuai-coding-plan", "https://open.bigmodel.cn/api/coding/paas/v4", &["ZHIPUAI_API_KEY", "ZHIPU_API_KEY"], &["ZHIPUAI_CODING_PLAN_API_BASE"]).quirks(ZAI),
];
