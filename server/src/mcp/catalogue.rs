//! The tools as MCP describes them. Always the same list in the same order: clients and models cache it.

use std::sync::{Arc, LazyLock};

use domain::tools::Tool;
use rmcp::model::{self, JsonObject, ToolAnnotations};
use serde_json::Value;

static LISTED: LazyLock<Vec<model::Tool>> = LazyLock::new(|| Tool::ALL.into_iter().map(describe).collect());

/// Every tool.
pub fn all() -> Vec<model::Tool> {
    LISTED.clone()
}

/// One tool.
pub fn one(tool: Tool) -> Option<model::Tool> {
    LISTED.iter().find(|listed| listed.name == tool.as_str()).cloned()
}

fn describe(tool: Tool) -> model::Tool {
    let hints = tool.hints();
    let annotations = ToolAnnotations::from_raw(
        Some(tool.title().to_owned()),
        Some(hints.read_only),
        Some(hints.destructive),
        Some(hints.idempotent),
        Some(hints.open_world),
    );
    model::Tool::new(tool.as_str(), tool.description(), object(tool.input_schema()))
        .with_title(tool.title())
        .with_raw_output_schema(object(tool.output_schema()))
        .with_annotations(annotations)
}

fn object(schema: Value) -> Arc<JsonObject> {
    match without_number_formats(schema) {
        Value::Object(members) => Arc::new(members),
        other => unreachable!("a tool's schema is an object, not {other}"),
    }
}

/// Formats such as `uint32` are Rust's own. Clients warn of each that they do not know, and the bounds are said anyway.
fn without_number_formats(schema: Value) -> Value {
    let is_format =
        |key: &str, value: &Value| key == "format" && value.as_str().is_some_and(|name| name.contains("int"));
    match schema {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(key, value)| !is_format(key, value));
            Value::Object(kept.map(|(key, value)| (key, without_number_formats(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_number_formats).collect()),
        other => other,
    }
}
