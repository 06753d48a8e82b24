//! The configuration: what stands under `Semantic`, without what the gateway reads itself.

use vectra_decision::ClassifierProblem;

use crate::endpoint::{Clear, Endpoint};
use crate::keys::Section;
use crate::prompt::PROMPT_VERSION;
use crate::provider::Provider;

/// Providers of other classifiers: a configuration may hold them all.
const OTHERS: [&str; 2] = ["Internal", "Local"];

/// Longest name of a model, in bytes.
const MAX_MODEL: usize = 128;

/// How an answer's form is asked for, beside in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// With its JSON schema.
    Schema,
    /// As some JSON object.
    Object,
    /// Not at all: for servers that know neither.
    Words,
}

/// A language model, and how it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    pub(crate) provider: Provider,
    pub(crate) endpoint: Endpoint,
    pub(crate) model: String,
    /// Azure OpenAI's name of the model in use.
    pub(crate) deployment: Option<String>,
    /// Of Azure's interface.
    pub(crate) api_version: String,
    /// 0 to 2.
    pub(crate) temperature: f64,
    pub(crate) max_tokens: u32,
    /// In seconds.
    pub(crate) timeout: u32,
    pub(crate) format: Format,
}

impl Chat {
    /// Reads the configuration (JSON).
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(config: &str) -> Result<Self, Vec<ClassifierProblem>> {
        let mut root = Section::root(config);
        let names = Provider::ALL.map(Provider::name);
        let chosen = root.choice("DefaultProvider", &names);
        let timeout = root.number("TimeoutSeconds", 1..=60, 10);
        let mut providers = root.section("Providers");
        let mut problems = root.end();
        let provider = chosen.and_then(|at| Provider::ALL.get(at).copied());
        let mut chat = None;
        if let Some(provider) = provider {
            let section = providers.section(provider.name());
            let (read, wrong) = read_provider(provider, section, timeout);
            chat = read;
            problems.extend(wrong);
        } else if problems.is_empty() {
            let message = format!("must be {}", names.join(" or "));
            let key = "DefaultProvider".to_owned();
            problems.push(ClassifierProblem { key, message });
        }
        // What is not asked is not looked into, as long as there is such a thing.
        for other in names.into_iter().chain(OTHERS) {
            providers.take(other);
        }
        problems.extend(providers.end());
        match chat {
            Some(chat) if problems.is_empty() => Ok(chat),
            _ => Err(problems),
        }
    }

    /// Differs whenever the same question might be answered otherwise.
    pub(crate) fn fingerprint(&self) -> String {
        format!(
            "{} {} {} {} {} {} {} {:?} prompt {PROMPT_VERSION}",
            self.provider.name(),
            self.endpoint.url(),
            self.model,
            self.deployment.as_deref().unwrap_or("-"),
            self.api_version,
            self.temperature,
            self.max_tokens,
            self.format,
        )
    }
}

fn read_provider(
    provider: Provider,
    mut section: Section,
    timeout: u32,
) -> (Option<Chat>, Vec<ClassifierProblem>) {
    if section.take("ApiKey").is_some() {
        let message = "a secret does not belong here; give it as the variable `semantic_key`";
        section.refuse("ApiKey", message);
    }
    let clear = if section.flag("AllowInsecure") {
        Clear::Accepted
    } else {
        Clear::Refused
    };
    let endpoint = endpoint(provider, &mut section, clear);
    let model = model(provider, &mut section);
    let temperature = section.decimal("Temperature", 0.0..=2.0, 0.0);
    let max_tokens = section.number("MaxTokens", 64..=4096, 256);
    let (mut deployment, mut api_version) = (None, String::new());
    if provider == Provider::AzureAi {
        deployment = section.text("DeploymentName", NAME, is_name);
        let version = section.text("ApiVersion", NAME, is_name);
        api_version = version.unwrap_or_else(|| azure_version(deployment.as_deref()).to_owned());
    }
    let format = if provider == Provider::Gemini {
        Format::Schema
    } else {
        format(&mut section)
    };
    let chat = endpoint.map(|endpoint| Chat {
        provider,
        endpoint,
        model,
        deployment,
        api_version,
        temperature,
        max_tokens,
        timeout,
        format,
    });
    (chat, section.end())
}

fn endpoint(provider: Provider, section: &mut Section, clear: Clear) -> Option<Endpoint> {
    const KEY: &str = "Endpoint";
    let text = match section.take(KEY) {
        None => provider.endpoint().unwrap_or_default().to_owned(),
        Some(value) => value.as_str().unwrap_or_default().trim().to_owned(),
    };
    match Endpoint::parse(&text, clear) {
        Ok(endpoint) => Some(endpoint),
        Err(message) => {
            section.refuse(KEY, message);
            None
        }
    }
}

const NAME: &str = "1 to 128 letters, digits, `.`, `_` and `-`";

/// Part of a path, as it is.
fn is_name(text: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_MODEL).contains(&text.len()) && text.bytes().all(named) && !text.starts_with('.')
}

fn model(provider: Provider, section: &mut Section) -> String {
    let model = match provider {
        // It is part of the path.
        Provider::Gemini => section.text("Model", NAME, is_name),
        _ => section.text("Model", "1 to 128 printable characters", is_model),
    };
    model.unwrap_or_else(|| provider.model().to_owned())
}

/// Whether a text may be the name of a model: also what servers say theirs is.
pub(crate) fn is_model(text: &str) -> bool {
    (1..=MAX_MODEL).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The versions of Azure's interfaces that know JSON schemas.
const fn azure_version(deployment: Option<&str>) -> &'static str {
    match deployment {
        Some(_) => "2024-10-21",
        None => "2024-05-01-preview",
    }
}

fn format(section: &mut Section) -> Format {
    match section.choice("ResponseFormat", &["JsonSchema", "JsonObject", "None"]) {
        Some(1) => Format::Object,
        Some(2) => Format::Words,
        _ => Format::Schema,
    }
}

#[cfg(test)]
mod tests;
