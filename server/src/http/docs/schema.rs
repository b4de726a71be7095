//! JSON schemas in words: a type as a link or a short phrase, and a table per named schema.

use serde_json::Value;

use super::page::{escape, prose};

/// Where references to named schemas begin.
const REFERENCE: &str = "#/components/schemas/";
/// How envelopes are called; the page shows what is in them.
const ENVELOPE: &str = "Envelope_";

/// A table for every named schema, without the envelopes.
pub fn all(schemas: &Value) -> String {
    let named = schemas.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with(ENVELOPE));
    named.map(|(name, schema)| one(name, schema)).collect()
}

fn one(name: &str, schema: &Value) -> String {
    let name = escape(name);
    let about = prose(&schema["description"]);
    let body = match (schema["oneOf"].as_array(), values(schema)) {
        (Some(variants), _) => variants
            .iter()
            .map(|variant| format!("<p>{}</p>{}", prose(&variant["description"]), fields(variant)))
            .collect(),
        (None, Some(values)) => format!("<p>{values}</p>"),
        (None, None) => fields(schema),
    };
    format!(
        r#"<details class="api-schema" id="schema-{name}"><summary><code>{name}</code></summary><p>{about}</p>{body}</details>"#
    )
}

/// The table of an object's fields, and of what it is made of.
fn fields(schema: &Value) -> String {
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let inherited: String = parts
        .map(
            |part| {
                if part["$ref"].is_string() { format!("<p>All of {}, and:</p>", type_of(part)) } else { fields(part) }
            },
        )
        .collect();
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let rows: String = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, field)| {
            let need = if required.contains(&name.as_str()) { "" } else { " (optional)" };
            let name = escape(name);
            format!(
                "<tr><td><code>{name}</code>{need}</td><td>{}</td><td>{}</td></tr>",
                type_of(field),
                prose(&field["description"])
            )
        })
        .collect();
    if rows.is_empty() {
        return inherited;
    }
    format!(
        "{inherited}<table><thead><tr><th>Field</th><th>Type</th><th>What it is</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

/// A type in a few words, with links to named schemas. Envelopes are named by what is in them.
pub fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(REFERENCE)) {
        return named(name);
    }
    if let Some(values) = values(schema) {
        return values;
    }
    if let Some(variants) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let variants: Vec<_> = variants.iter().map(type_of).collect();
        return variants.join(" or ");
    }
    let names = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec!["anything"],
    };
    let words: Vec<_> = names
        .into_iter()
        .map(|name| match (name, schema["format"].as_str()) {
            ("array", _) => format!("list of {}", type_of(&schema["items"])),
            ("string", Some("date-time")) => "time (RFC 3339)".to_owned(),
            ("string", Some("uuid")) => "id".to_owned(),
            ("string", _) => "text".to_owned(),
            (other, _) => escape(other),
        })
        .collect();
    words.join(" or ")
}

fn named(name: &str) -> String {
    let name = name.strip_prefix(ENVELOPE).unwrap_or(name);
    if let Some(item) = name.strip_prefix("Vec_") {
        return format!("list of {}", named(item));
    }
    match name {
        "String" => "text".to_owned(),
        "Done" => "nothing (<code>null</code>)".to_owned(),
        name => format!(r##"<a href="#schema-{0}">{0}</a>"##, escape(name)),
    }
}

/// The values of an enumeration.
fn values(schema: &Value) -> Option<String> {
    let values: Vec<_> = schema["enum"]
        .as_array()?
        .iter()
        .map(|v| format!("<code>{}</code>", escape(v.as_str().unwrap_or("null"))))
        .collect();
    Some(values.join(", "))
}
