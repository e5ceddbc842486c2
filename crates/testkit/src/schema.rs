//! A value that satisfies a JSON schema, as plain as possible: required properties only.

use serde_json::{Map, Value, json};

/// How deep a schema is followed; what lies deeper becomes an empty object.
const MAX_DEPTH: usize = 12;

/// A value for the schema. Keywords it knows: `const`, `enum`, `default`, `examples`, `$ref` into the same document,
/// `anyOf`, `oneOf`, `allOf`, `type`, `required`, `properties`, `items`, `minItems`, `minimum`, `minLength`, `format`.
pub(crate) fn sample(schema: &Value) -> Value {
    Sampler { root: schema }.value(schema, "value", 0)
}

struct Sampler<'a> {
    root: &'a Value,
}

impl Sampler<'_> {
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return json!({});
        }
        if let Some(fixed) = fixed(schema) {
            return fixed;
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or(json!({}), |target| self.value(target, name, depth + 1));
        }
        for combiner in ["anyOf", "oneOf", "allOf"] {
            let first = schema.get(combiner).and_then(Value::as_array).and_then(|options| options.first());
            if let Some(first) = first {
                return self.value(first, name, depth + 1);
            }
        }
        match kind(schema) {
            "string" => Value::String(text(schema, name)),
            "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
            "boolean" => json!(true),
            "null" => Value::Null,
            "array" => self.list(schema, name, depth),
            _ => self.object(schema, depth),
        }
    }

    fn list(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).clamp(1, 100);
        let Some(items) = schema.get("items") else {
            return json!([]);
        };
        (0..count).map(|_| self.value(items, name, depth + 1)).collect()
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required =
            schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut members = Map::new();
        for name in required.iter().filter_map(Value::as_str) {
            let member = schema.get("properties").and_then(|all| all.get(name));
            let value = member.map_or_else(|| json!(name), |member| self.value(member, name, depth + 1));
            members.insert(name.to_owned(), value);
        }
        Value::Object(members)
    }
}

fn fixed(schema: &Value) -> Option<Value> {
    let first = |key| schema.get(key).and_then(Value::as_array).and_then(|list| list.first());
    let value = schema.get("const").or_else(|| first("enum")).or_else(|| schema.get("default"));
    value.or_else(|| first("examples")).cloned()
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ => "object",
    }
}

fn text(schema: &Value, name: &str) -> String {
    let plain = match schema.get("format").and_then(Value::as_str) {
        Some("date") => "2026-11-21".to_owned(),
        Some("date-time") => "2026-11-21T12:00:00Z".to_owned(),
        Some("email") => "sandbox@example.com".to_owned(),
        Some("uri" | "url") => "https://example.com/".to_owned(),
        Some("uuid") => "00000000-0000-4000-8000-000000000000".to_owned(),
        _ => format!("sample {name}"),
    };
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0).min(10_000) as usize;
    format!("{plain:x<least$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn satisfies_the_required_properties() {
        let schema = json!({
            "type": "object",
            "required": ["city", "days", "unit", "when", "tags", "place", "maybe"],
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 3},
                "unit": {"enum": ["c", "f"]},
                "when": {"type": "string", "format": "date"},
                "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
                "place": {"$ref": "#/$defs/place"},
                "maybe": {"anyOf": [{"type": ["null", "boolean"]}]},
                "unused": {"type": "string"}
            },
            "$defs": {"place": {"type": "object", "required": ["lat"], "properties": {"lat": {"type": "number"}}}}
        });
        let expected = json!({
            "city": "sample city", "days": 3, "unit": "c", "when": "2026-11-21", "tags": ["sample tags", "sample tags"],
            "place": {"lat": 1}, "maybe": true
        });
        assert_eq!(sample(&schema), expected);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}});
        assert!(sample(&schema).to_string().len() < 500);
        assert_eq!(sample(&json!(true)), json!({}));
    }
}
