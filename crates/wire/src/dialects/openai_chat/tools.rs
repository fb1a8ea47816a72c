//! Tools and tool choice: `tools`, `functions`, `web_search_options`, `tool_choice`,
//! `function_call`.

mod decode;
mod encode;

pub(super) use decode::{
    CacheControlIn, FunctionIn, decode_choice, decode_function, decode_tool, decode_web_search,
};
pub(super) use encode::{CacheControlOut, ToolOut, custom_names, encode_choice, encode_web_search};
