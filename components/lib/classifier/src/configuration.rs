//! The classifier's configuration, of which there is next to none.

use serde_json::Value;

/// Names under which `Semantic.DefaultProvider` means this classifier; the original's is
/// `Internal` (OB §14). Case does not matter.
const PROVIDERS: [&str; 2] = ["Local", "Internal"];

/// Something wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key below `Semantic`; empty for the whole.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
}

/// All that is wrong with a configuration: the JSON object under `Semantic`. It may say
/// `DefaultProvider`, and nothing else.
#[must_use]
pub fn problems(config: &str) -> Vec<Problem> {
    let problem = |key: &str, message: String| Problem {
        key: key.to_owned(),
        message,
    };
    let Ok(Value::Object(settings)) = serde_json::from_str(config) else {
        return vec![problem("", "is not a JSON object".to_owned())];
    };
    settings
        .iter()
        .filter_map(|(key, value)| match (key.as_str(), value) {
            ("DefaultProvider", Value::String(name)) if is_ours(name) => None,
            ("DefaultProvider", _) => Some(problem(
                key,
                format!(
                    "must be one of {}: it is what is composed in",
                    PROVIDERS.join(", ")
                ),
            )),
            _ => Some(problem(key, "is not known".to_owned())),
        })
        .collect()
}

fn is_ours(name: &str) -> bool {
    PROVIDERS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}
