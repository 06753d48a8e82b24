//! The HTTP request that asks a model, for each provider.

use serde_json::{Value, json};

use crate::prompt::{Messages, gemini_schema, schema};
use crate::provider::Provider;
use crate::settings::Format;
use crate::{Chat, Failure, Key, Scheme};

/// A POST request of JSON. No `Debug`: its headers hold the key.
pub struct Call {
    /// How the connection is protected.
    pub scheme: Scheme,
    /// Host and port.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// All headers but `Content-Length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// All values of `Content-Type`, as far as they are text.
    pub content_type: Vec<String>,
    /// The body; at most [`MAX_ANSWER`](crate::MAX_ANSWER) bytes.
    pub body: Vec<u8>,
}

pub(crate) fn build(chat: &Chat, messages: &Messages, key: Option<&Key>) -> Result<Call, Failure> {
    if chat.provider.wants_key() && key.is_none() {
        return Err(Failure::NoKey);
    }
    let body = match chat.provider {
        Provider::Gemini => generation(chat, messages),
        Provider::OpenAi | Provider::AzureAi | Provider::Ollama => completion(chat, messages),
    };
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json".to_owned()),
    ];
    headers.extend(key.map(|key| credential(chat.provider, key)));
    Ok(Call {
        scheme: chat.endpoint.scheme,
        authority: chat.endpoint.authority.clone(),
        path: path(chat),
        headers,
        body: body.to_string().into_bytes(),
    })
}

fn path(chat: &Chat) -> String {
    let base = &chat.endpoint.path;
    match (chat.provider, &chat.deployment) {
        (Provider::OpenAi, _) => format!("{base}/chat/completions"),
        (Provider::Ollama, _) => format!("{base}/v1/chat/completions"),
        (Provider::Gemini, _) => format!("{base}/models/{}:generateContent", chat.model),
        (Provider::AzureAi, Some(deployment)) => format!(
            "{base}/openai/deployments/{deployment}/chat/completions?api-version={}",
            chat.api_version
        ),
        (Provider::AzureAi, None) => {
            format!("{base}/chat/completions?api-version={}", chat.api_version)
        }
    }
}

fn credential(provider: Provider, key: &Key) -> (&'static str, String) {
    match provider {
        Provider::OpenAi | Provider::Ollama => ("authorization", format!("Bearer {}", key.text())),
        Provider::AzureAi => ("api-key", key.text().to_owned()),
        Provider::Gemini => ("x-goog-api-key", key.text().to_owned()),
    }
}

/// OpenAI's form, which the others have taken over.
fn completion(chat: &Chat, messages: &Messages) -> Value {
    let mut body = json!({
        "model": chat.model,
        "temperature": chat.temperature,
        "max_tokens": chat.max_tokens,
        "messages": [
            { "role": "system", "content": messages.system },
            { "role": "user", "content": messages.data },
        ],
    });
    let format = match chat.format {
        Format::Schema => Some(json!({
            "type": "json_schema",
            "json_schema": { "name": "intent", "strict": true, "schema": schema() },
        })),
        Format::Object => Some(json!({ "type": "json_object" })),
        Format::Words => None,
    };
    if let (Some(format), Some(members)) = (format, body.as_object_mut()) {
        members.insert("response_format".to_owned(), format);
    }
    body
}

fn generation(chat: &Chat, messages: &Messages) -> Value {
    json!({
        "systemInstruction": { "parts": [{ "text": messages.system }] },
        "contents": [{ "role": "user", "parts": [{ "text": messages.data }] }],
        "generationConfig": {
            "temperature": chat.temperature,
            "maxOutputTokens": chat.max_tokens,
            "candidateCount": 1,
            "responseMimeType": "application/json",
            "responseSchema": gemini_schema(),
        },
    })
}
