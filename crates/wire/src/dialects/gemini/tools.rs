//! `tools` and `toolConfig`.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::losses::Losses;
use super::model::{Generation, Model};
use super::proto::{Fields, Many, Members, wrong};
use super::schema;
use crate::canonical::{
    FunctionTool, HostedTool, Loss, Params, RawJson, Tool, ToolChoice, WebSearch,
};
use crate::dialect::{DialectId, TranslateError};

#[derive(Debug, Deserialize)]
struct FunctionDeclaration {
    name: Option<String>,
    description: Option<String>,
    parameters: Option<RawJson>,
    #[serde(rename = "parametersJsonSchema", alias = "parameters_json_schema")]
    parameters_json_schema: Option<RawJson>,
    response: Option<RawJson>,
    #[serde(rename = "responseJsonSchema", alias = "response_json_schema")]
    response_json_schema: Option<RawJson>,
}

/// Reads `tools`.
pub(super) fn decode(
    raw: &[u8],
    tools: &mut Vec<Tool>,
    unmapped: &mut Vec<String>,
) -> Result<(), TranslateError> {
    // Raw text cannot be read through `Many`.
    let list: Vec<&RawValue> = match raw.first() {
        Some(b'{') => serde_json::from_slice(raw).map(|only| vec![only]),
        _ => serde_json::from_slice(raw),
    }
    .map_err(|e| wrong("tools", &e))?;
    for tool in list {
        let mut members = Members::parse(tool.get().as_bytes(), "tools")?;
        let declared: Option<Many<FunctionDeclaration>> =
            members.take_as("functionDeclarations", "tools")?;
        for declaration in declared.unwrap_or_default().0 {
            tools.push(Tool::Function(function(declaration, unmapped)?));
        }
        for (name, value) in members.all() {
            let mut tool = Fields::default();
            tool.put(name.to_owned(), &value);
            let raw = RawJson::from_value(&tool).map_err(|e| wrong("tools", &e))?;
            tools.push(match name {
                "googleSearch" | "googleSearchRetrieval" => Tool::WebSearch(WebSearch {
                    raw: Some((DialectId::Gemini, raw)),
                    bounds: bounds(value),
                    ..WebSearch::default()
                }),
                _ => Tool::Hosted(HostedTool {
                    origin: DialectId::Gemini,
                    what: name.to_owned(),
                    raw,
                }),
            });
        }
    }
    Ok(())
}

/// What bounds the results of a search.
fn bounds(search: &RawValue) -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Bounds {
        #[serde(alias = "time_range_filter")]
        time_range_filter: Option<IgnoredAny>,
        #[serde(alias = "exclude_domains")]
        exclude_domains: Option<IgnoredAny>,
    }
    let bounds: Bounds = serde_json::from_str(search.get()).unwrap_or_default();
    let time = bounds
        .time_range_filter
        .map(|_| "timeRangeFilter".to_owned());
    let domains = bounds.exclude_domains.map(|_| "excludeDomains".to_owned());
    time.into_iter().chain(domains).collect()
}

fn function(
    declaration: FunctionDeclaration,
    unmapped: &mut Vec<String>,
) -> Result<FunctionTool, TranslateError> {
    let name = declaration.name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        TranslateError::invalid_param(
            "tools.functionDeclarations.name",
            "A function declaration needs a name.",
        )
    })?;
    if declaration.response.is_some() || declaration.response_json_schema.is_some() {
        unmapped.push("tools.functionDeclarations.response".to_owned());
    }
    let parameters = declaration
        .parameters_json_schema
        .or(declaration.parameters);
    Ok(FunctionTool {
        name,
        description: declaration.description,
        // Clients write upper-case types into either field.
        parameters: parameters.as_ref().map(schema::to_json_schema),
        strict: None,
        cache: None,
    })
}

/// Reads `toolConfig`.
pub(super) fn decode_config(
    raw: &[u8],
    params: &mut Params,
    unmapped: &mut Vec<String>,
) -> Result<(), TranslateError> {
    let mut members = Members::parse(raw, "toolConfig")?;
    if let Some(calling) = members.take("functionCallingConfig") {
        let param = "toolConfig.functionCallingConfig";
        let mut calling = Members::parse(calling.get().as_bytes(), param)?;
        let mode: Option<String> = calling.take_as("mode", param)?;
        let names: Option<Many<String>> = calling.take_as("allowedFunctionNames", param)?;
        let names = names.unwrap_or_default().0;
        params.tool_choice = choice(mode.as_deref(), names)?;
        unmapped.extend(calling.rest().map(|(name, _)| format!("{param}.{name}")));
    }
    unmapped.extend(members.rest().map(|(name, _)| format!("toolConfig.{name}")));
    Ok(())
}

fn choice(
    mode: Option<&str>,
    mut names: Vec<String>,
) -> Result<Option<ToolChoice>, TranslateError> {
    // `VALIDATED` is `AUTO` with arguments held to the schema.
    let required = match mode.map(str::to_ascii_uppercase).as_deref() {
        Some("AUTO" | "VALIDATED") => false,
        Some("ANY") => true,
        Some("NONE") => return Ok(Some(ToolChoice::None)),
        None | Some("MODE_UNSPECIFIED") if names.is_empty() => return Ok(None),
        None | Some("MODE_UNSPECIFIED") => false,
        Some(other) => {
            return Err(TranslateError::invalid_param(
                "toolConfig.functionCallingConfig.mode",
                format!("'{other}' is not a function calling mode."),
            ));
        }
    };
    Ok(Some(match (names.len(), required) {
        (0, true) => ToolChoice::Required,
        (0, false) => ToolChoice::Auto,
        (1, true) => ToolChoice::Tool(names.remove(0)),
        _ => ToolChoice::Allowed { names, required },
    }))
}

/// Writes `tools`. Function schemas go out as JSON Schema, word for word, where the model is known
/// to be Gemini 2 or later: `parametersJsonSchema` takes references, `additionalProperties` and
/// unions that the `OpenAPI` subset of `parameters` would lose. Every other model gets the latter.
pub(super) fn encode(tools: &[Tool], model: &Model, losses: &mut Losses) -> Vec<RawJson> {
    let mut declarations = Vec::new();
    let mut others = Vec::new();
    for tool in tools {
        match tool {
            Tool::Function(function) => declarations.push(declaration(function, model, losses)),
            Tool::WebSearch(search) => others.extend(web_search(search, model, losses)),
            Tool::Hosted(hosted) if hosted.origin == DialectId::Gemini => {
                others.push(hosted.raw.clone());
            }
            Tool::Hosted(hosted) => losses.add(Loss::param(format!("tools[].{}", hosted.what))),
        }
    }
    let mut out = Vec::new();
    if !declarations.is_empty() {
        let mut tool = Fields::default();
        tool.put("functionDeclarations", &declarations);
        out.extend(RawJson::from_value(&tool).ok());
    }
    out.append(&mut others);
    out
}

fn declaration(function: &FunctionTool, model: &Model, losses: &mut Losses) -> Fields {
    losses.hint_if(function.cache.is_some(), "cache_control");
    losses.hint_if(function.strict == Some(true), "tools[].function.strict");
    let mut out = Fields::default();
    out.put("name", &function.name);
    out.put_some("description", function.description.as_ref());
    if let Some(parameters) = &function.parameters {
        if model.generation >= Generation::Two {
            out.put("parametersJsonSchema", parameters);
        } else {
            out.put_some("parameters", schema::to_openapi(parameters).as_ref());
        }
    }
    out
}

fn web_search(search: &WebSearch, model: &Model, losses: &mut Losses) -> Option<RawJson> {
    losses.hint_if(search.max_uses.is_some(), "tools[].web_search.max_uses");
    losses.hint_if(
        search.context_size.is_some(),
        "web_search_options.search_context_size",
    );
    if let Some((DialectId::Gemini, raw)) = &search.raw {
        return Some(raw.clone());
    }
    losses.hint_if(search.place.is_some(), "web_search_options.user_location");
    search.lost_bounds().for_each(|loss| losses.add(loss));
    match model.generation {
        Generation::One => RawJson::parse(r#"{"googleSearchRetrieval":{}}"#).ok(),
        _ => RawJson::parse(r#"{"googleSearch":{}}"#).ok(),
    }
}

/// `toolConfig.functionCallingConfig`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionCallingConfig<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    allowed_function_names: &'a [String],
}

/// Writes `toolConfig`. Names may be given with `ANY` and `VALIDATED` only; the latter leaves the
/// model free not to call.
pub(super) fn encode_config(choice: &ToolChoice) -> Option<RawJson> {
    let (mode, allowed_function_names): (_, &[String]) = match choice {
        ToolChoice::Auto => ("AUTO", &[]),
        ToolChoice::None => ("NONE", &[]),
        ToolChoice::Required => ("ANY", &[]),
        ToolChoice::Tool(name) => ("ANY", std::slice::from_ref(name)),
        ToolChoice::Allowed { names, required } => {
            (if *required { "ANY" } else { "VALIDATED" }, names)
        }
    };
    let mut config = Fields::default();
    config.put(
        "functionCallingConfig",
        &FunctionCallingConfig {
            mode,
            allowed_function_names,
        },
    );
    RawJson::from_value(&config).ok()
}
