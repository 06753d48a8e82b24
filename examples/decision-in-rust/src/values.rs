//! JSON as values of a component and back: records as objects with the names of the WIT,
//! enums as texts, variants as `{"tag": …, "val": …}`, what is not there as `null`.

use serde_json::{Map, Number, Value, json};
use wasmtime::component::{Type, Val};
use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

/// Reads a value of this type; `place` says where it stands.
pub(crate) fn read(json: &Value, of_type: &Type, place: &str) -> Result<Val> {
    let wanted = |what: &str| format!("`{place}` is no {what}");
    Ok(match of_type {
        Type::Bool => Val::Bool(json.as_bool().with_context(|| wanted("bool"))?),
        Type::S64 => Val::S64(json.as_i64().with_context(|| wanted("s64"))?),
        Type::U64 => Val::U64(json.as_u64().with_context(|| wanted("u64"))?),
        Type::U32 => {
            let number = json.as_u64().and_then(|number| number.try_into().ok());
            Val::U32(number.with_context(|| wanted("u32"))?)
        }
        Type::Float64 => Val::Float64(json.as_f64().with_context(|| wanted("number"))?),
        Type::String => Val::String(text(json).with_context(|| wanted("text"))?),
        Type::Enum(_) => Val::Enum(text(json).with_context(|| wanted("text"))?),
        Type::Option(_) if json.is_null() => Val::Option(None),
        Type::Option(inner) => Val::Option(Some(Box::new(read(json, &inner.ty(), place)?))),
        Type::List(list) => {
            let items = json.as_array().with_context(|| wanted("list"))?;
            let items = items.iter().map(|item| read(item, &list.ty(), place));
            Val::List(items.collect::<Result<_>>()?)
        }
        Type::Record(record) => {
            let field = |field: wasmtime::component::types::Field<'_>| {
                let place = format!("{place}.{}", field.name);
                let value = json.get(field.name).unwrap_or(&Value::Null);
                Ok((field.name.to_owned(), read(value, &field.ty, &place)?))
            };
            Val::Record(record.fields().map(field).collect::<Result<_>>()?)
        }
        Type::Variant(variant) => {
            let tag = json.get("tag").and_then(text);
            let tag = tag.with_context(|| wanted("object with a `tag`"))?;
            let case = variant.cases().find(|case| case.name == tag);
            let case = case.with_context(|| format!("`{place}` has no case `{tag}`"))?;
            let value = json.get("val").unwrap_or(&Value::Null);
            let value = case.ty.map(|of_type| read(value, &of_type, &tag));
            Val::Variant(tag.clone(), value.transpose()?.map(Box::new))
        }
        other => bail!("`{place}` has a type this host does not know: {other:?}"),
    })
}

fn text(json: &Value) -> Option<String> {
    json.as_str().map(str::to_owned)
}

/// Writes a value.
pub(crate) fn write(value: Val) -> Result<Value> {
    Ok(match value {
        Val::Bool(value) => json!(value),
        Val::S64(value) => json!(value),
        Val::U64(value) => json!(value),
        Val::U32(value) => json!(value),
        Val::Float64(value) => Number::from_f64(value).context("a number is none")?.into(),
        Val::String(text) | Val::Enum(text) => json!(text),
        Val::Option(None) => Value::Null,
        Val::Option(Some(value)) => write(*value)?,
        Val::List(items) => items.into_iter().map(write).collect::<Result<_>>()?,
        Val::Record(fields) => {
            let field = |(name, value)| Ok((name, write(value)?));
            fields
                .into_iter()
                .map(field)
                .collect::<Result<Map<_, _>>>()?
                .into()
        }
        Val::Variant(tag, None) => json!({ "tag": tag }),
        Val::Variant(tag, Some(value)) => json!({ "tag": tag, "val": write(*value)? }),
        other => bail!("a value this host does not know: {other:?}"),
    })
}
