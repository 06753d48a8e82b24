//! What the model said, taken out of what its server wraps around it.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::provider::Provider;
use crate::settings::is_model;
use crate::{Failure, Reply};

/// The model's words.
pub(crate) struct Spoken {
    pub content: String,
    /// The model as its server calls it, if it says so in a form that may be kept.
    pub model: Option<String>,
}

pub(crate) fn read(provider: Provider, reply: &Reply) -> Result<Spoken, Failure> {
    if reply.status != 200 {
        return Err(Failure::Status(reply.status));
    }
    if !is_json(&reply.content_type) {
        return Err(Failure::ContentType);
    }
    match provider {
        Provider::Gemini => generation(&reply.body),
        Provider::OpenAi | Provider::AzureAi | Provider::Ollama => completion(&reply.body),
    }
}

fn is_json(content_types: &[String]) -> bool {
    let [content_type] = content_types else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// An object as JSON; serde would take a list for one too.
pub(crate) fn object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    let first = json.iter().find(|byte| !b" \t\r\n".contains(byte));
    if first != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn only<T>(mut items: Vec<T>) -> Option<T> {
    let last = items.pop()?;
    items.is_empty().then_some(last)
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    model: Option<String>,
}

#[derive(Deserialize)]
struct Choice {
    finish_reason: Option<String>,
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<IgnoredAny>>,
}

fn completion(body: &[u8]) -> Result<Spoken, Failure> {
    let completion: Completion = object(body).ok_or(Failure::Envelope)?;
    let choice = only(completion.choices).ok_or(Failure::Envelope)?;
    let Message {
        content,
        refusal,
        tool_calls,
    } = choice.message;
    if refusal.is_some_and(|refusal| !refusal.is_empty()) {
        return Err(Failure::Refused);
    }
    match choice.finish_reason.as_deref() {
        Some("stop") => {}
        Some("length") => return Err(Failure::CutOff),
        Some("content_filter") => return Err(Failure::Refused),
        _ => return Err(Failure::Envelope),
    }
    if tool_calls.is_some_and(|calls| !calls.is_empty()) {
        return Err(Failure::Envelope);
    }
    Ok(Spoken {
        content: content.ok_or(Failure::Envelope)?,
        model: completion.model.filter(|model| is_model(model)),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generation {
    #[serde(default)]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    model_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    /// Its thoughts are no part of its answer.
    #[serde(default)]
    thought: bool,
}

fn generation(body: &[u8]) -> Result<Spoken, Failure> {
    let generation: Generation = object(body).ok_or(Failure::Envelope)?;
    let blocked = |feedback: Feedback| feedback.block_reason.is_some();
    if generation.prompt_feedback.is_some_and(blocked) {
        return Err(Failure::Refused);
    }
    let candidate = only(generation.candidates).ok_or(Failure::Envelope)?;
    match candidate.finish_reason.as_deref() {
        Some("STOP") => {}
        Some("MAX_TOKENS") => return Err(Failure::CutOff),
        Some("SAFETY" | "PROHIBITED_CONTENT" | "BLOCKLIST" | "SPII" | "RECITATION") => {
            return Err(Failure::Refused);
        }
        _ => return Err(Failure::Envelope),
    }
    let parts = candidate.content.ok_or(Failure::Envelope)?.parts;
    let mut texts = parts
        .into_iter()
        .filter(|part| !part.thought)
        .map(|part| part.text);
    let mut content = String::new();
    texts
        .try_for_each(|text| text.map(|text| content.push_str(&text)))
        .ok_or(Failure::Envelope)?;
    Ok(Spoken {
        content,
        model: generation.model_version.filter(|model| is_model(model)),
    })
}

#[cfg(test)]
mod tests;
