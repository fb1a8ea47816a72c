//! Writes a chat request for an upstream.

use serde::Serialize;

use super::super::model::Model;
use super::super::params::{self, Members};
use super::super::tools::{self, ToolOut};
use super::turns::Turns;
use super::with_extra;
use crate::canonical::{ChatRequest, Loss, Tool, ToolChoice, WebSearch};
use crate::dialect::{DialectId, EncodedRequest, Target, TranslateError};
use crate::json;

#[derive(Serialize)]
struct StreamOptionsOut {
    include_usage: bool,
}

/// Writes the request. A stream is always asked for its usage.
pub(crate) fn encode(
    request: &ChatRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let model = Model::from_name(target.model);
    let mut losses: Vec<Loss> = request.unmapped.iter().cloned().map(Loss::hint).collect();
    let mut members = Members::default();
    members.put("model", target.model);

    let custom = tools::custom_names(&request.tools);
    let turns = Turns::new(model, &custom, &mut losses);
    members.put("messages", &turns.write(&request.messages));

    put_tools(request, model, &custom, &mut members, &mut losses)?;

    let mut params = request.params.clone();
    params::restrict(&mut params, model, &mut losses);
    drop_repeated_user(&mut params);
    members.put_params(&params, model);
    if target.stream {
        members.put("stream", &true);
        members.put(
            "stream_options",
            &StreamOptionsOut {
                include_usage: true,
            },
        );
    }
    Ok(EncodedRequest {
        body: with_extra(&members.into_object(), &params.extra)?,
        headers: Vec::new(),
        losses,
    })
}

/// `user` may hold nothing but what `safety_identifier` says under its own name.
fn drop_repeated_user(params: &mut crate::canonical::Params) {
    let user = params.user.as_deref();
    let same = params.extra.iter().any(|(name, value)| {
        name == "safety_identifier" && json::unquote(value.get().as_bytes()).as_deref() == user
    });
    if same {
        params.user = None;
    }
}

/// Writes `tools`, `web_search_options`, `tool_choice` and `parallel_tool_calls`. The latter two
/// are refused where there are no tools.
fn put_tools(
    request: &ChatRequest,
    model: Model,
    custom: &[String],
    members: &mut Members,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    // Only OpenAI knows `allowed_tools`; elsewhere the other tools are not offered.
    let (allowed, choice) = match &request.params.tool_choice {
        Some(ToolChoice::Allowed { names, required }) if !model.is_own() => {
            let mode = if *required {
                &ToolChoice::Required
            } else {
                &ToolChoice::Auto
            };
            (Some(&**names), Some(mode))
        }
        choice => (None, choice.as_ref()),
    };
    if let Some(search) = request.tools.iter().find_map(as_search) {
        put_search(search, model, members, losses)?;
    }
    let offered = offer(&request.tools, model, allowed, losses);
    if offered.is_empty() {
        return Ok(());
    }
    members.put("tools", &offered);
    let is_offered = |choice: &&ToolChoice| match choice {
        ToolChoice::Tool(name) => {
            custom.contains(name) || offered.iter().any(|tool| tool.name() == Some(name))
        }
        _ => true,
    };
    match choice {
        Some(choice) if is_offered(&choice) => {
            let choice = tools::encode_choice(choice, custom).map_err(|e| unwritable(&e))?;
            members.0.push(("tool_choice", choice.into()));
        }
        Some(_) => lose(losses, Loss::param("tool_choice")),
        None => {}
    }
    match request.params.parallel_tool_calls {
        Some(parallel) if !model.refuses_parallel_tool_calls() => {
            members.put("parallel_tool_calls", &parallel);
        }
        Some(false) => lose(losses, Loss::param("parallel_tool_calls")),
        _ => {}
    }
    Ok(())
}

/// Writes `web_search_options`, which OpenAI itself takes with its search models only.
fn put_search(
    search: &WebSearch,
    model: Model,
    members: &mut Members,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    if model.is_own() && !model.searches() {
        lose(losses, Loss::param("web_search_options"));
        return Ok(());
    }
    if search.max_uses.is_some() {
        lose(losses, Loss::hint("tools[].web_search.max_uses"));
    }
    search.lost_bounds().for_each(|loss| lose(losses, loss));
    let options = tools::encode_web_search(search).map_err(|e| unwritable(&e))?;
    members.0.push(("web_search_options", options.into()));
    Ok(())
}

fn as_search(tool: &Tool) -> Option<&WebSearch> {
    match tool {
        Tool::WebSearch(search) => Some(search),
        _ => None,
    }
}

/// The entries of `tools`; with `allowed`, functions of other names are left out.
fn offer<'a>(
    tools: &'a [Tool],
    model: Model,
    allowed: Option<&[String]>,
    losses: &mut Vec<Loss>,
) -> Vec<ToolOut<'a>> {
    let mut offered = Vec::new();
    for tool in tools {
        match tool {
            Tool::Function(function) => {
                if function.cache.is_some() && !model.takes_cache_control() {
                    lose(losses, Loss::hint("cache_control"));
                }
                if allowed.is_none_or(|names| names.contains(&function.name)) {
                    offered.push(ToolOut::function(function, model.takes_cache_control()));
                }
            }
            Tool::Hosted(hosted) if hosted.origin == DialectId::OpenAiChat => {
                offered.push(ToolOut::Raw(&hosted.raw));
            }
            Tool::Hosted(hosted) => lose(losses, Loss::param(format!("tools[].{}", hosted.what))),
            Tool::WebSearch(_) => {}
        }
    }
    offered
}

fn lose(losses: &mut Vec<Loss>, loss: Loss) {
    if !losses.contains(&loss) {
        losses.push(loss);
    }
}

fn unwritable(error: &serde_json::Error) -> TranslateError {
    TranslateError::invalid(error.to_string())
}
