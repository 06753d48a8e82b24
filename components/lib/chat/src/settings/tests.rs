use serde_json::{Value, json};

use super::*;

fn keys(config: &Value) -> Vec<String> {
    let problems = Chat::read(&config.to_string()).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.key).collect()
}

#[test]
fn each_provider_has_its_defaults() {
    for (name, endpoint, model) in [
        ("OpenAi", "https://api.openai.com/v1", "gpt-4o-mini"),
        ("openai", "https://api.openai.com/v1", "gpt-4o-mini"),
        ("Ollama", "http://localhost:11434", "llama3.2"),
        (
            "Gemini",
            "https://generativelanguage.googleapis.com/v1beta",
            "gemini-2.0-flash",
        ),
    ] {
        let chat = Chat::read(&json!({ "DefaultProvider": name }).to_string()).unwrap();
        assert_eq!(
            (chat.endpoint.url().as_str(), chat.model.as_str()),
            (endpoint, model)
        );
        assert_eq!(
            (chat.timeout, chat.max_tokens, chat.temperature),
            (10, 256, 0.0)
        );
    }
}

#[test]
fn everything_wrong_is_said_at_once_with_its_key() {
    for (config, wrong) in [
        (json!({}), vec!["DefaultProvider"]),
        (
            json!({ "DefaultProvider": "Internal" }),
            vec!["DefaultProvider"],
        ),
        (json!({ "DefaultProvider": 1 }), vec!["DefaultProvider"]),
        (
            json!({ "DefaultProvider": "AzureAi" }),
            vec!["Providers.AzureAi.Endpoint"],
        ),
        (
            json!({ "DefaultProvider": "OpenAi", "TimeoutSeconds": 61, "Extra": 1 }),
            vec!["TimeoutSeconds", "Extra"],
        ),
        (
            json!({ "DefaultProvider": "OpenAi", "Providers": { "OpenAi": {
                "ApiKey": "sk-1", "Endpoint": "http://api.example", "Model": "", "Temperature": 3,
                "MaxTokens": 1, "ResponseFormat": "Xml", "AllowInsecure": "maybe", "Modell": "x",
                "DeploymentName": "x",
            } } }),
            vec![
                "Providers.OpenAi.ApiKey",
                "Providers.OpenAi.AllowInsecure",
                "Providers.OpenAi.Endpoint",
                "Providers.OpenAi.Model",
                "Providers.OpenAi.Temperature",
                "Providers.OpenAi.MaxTokens",
                "Providers.OpenAi.ResponseFormat",
                "Providers.OpenAi.DeploymentName",
                "Providers.OpenAi.Modell",
            ],
        ),
        (
            json!({ "DefaultProvider": "Gemini", "Providers": { "Gemini": { "Model": "../x" } } }),
            vec!["Providers.Gemini.Model"],
        ),
        (
            json!({ "DefaultProvider": "Ollama", "Providers": [] }),
            vec!["Providers"],
        ),
        (
            json!({ "DefaultProvider": "Ollama", "Providers": { "Olama": {} } }),
            vec!["Providers.Olama"],
        ),
    ] {
        assert_eq!(keys(&config), wrong, "{config}");
        let description = crate::describe(&config.to_string());
        assert_eq!(description.problems.len(), wrong.len());
        assert!(!format!("{description:?}").contains("sk-1"));
    }
    assert!(Chat::read("nonsense").is_err());
    assert!(Chat::read("[]").is_err());
}

#[test]
fn keys_match_in_any_case_and_numbers_may_be_text() {
    let config = json!({ "defaultprovider": "OLLAMA", "timeoutseconds": "5", "providers": {
        "ollama": { "endpoint": "http://model.internal:8000/", "allowinsecure": "True",
            "temperature": "0.5", "maxtokens": "100", "responseformat": "none", "model": null },
        "Internal": { "PackagePath": "x" }, "OpenAi": { "ApiKey": "left alone" },
    } });
    let chat = Chat::read(&config.to_string()).unwrap();
    assert_eq!(chat.endpoint.url(), "http://model.internal:8000");
    assert_eq!(
        (chat.timeout, chat.temperature, chat.max_tokens),
        (5, 0.5, 100)
    );
    assert_eq!(
        (chat.format, chat.model.as_str()),
        (Format::Words, "llama3.2")
    );
}

#[test]
fn the_fingerprint_changes_with_whatever_changes_answers_and_only_then() {
    let print = |provider: &Value, timeout: u32| {
        let config = json!({ "DefaultProvider": "AzureAi", "TimeoutSeconds": timeout,
            "Providers": { "AzureAi": provider } });
        let description = crate::describe(&config.to_string());
        assert_eq!(description.problems, [], "{config}");
        description.fingerprint
    };
    let base = json!({ "Endpoint": "https://a.example" });
    let first = print(&base, 10);
    assert_eq!(first, print(&base, 20));
    for (name, value) in [
        ("Endpoint", json!("https://b.example")),
        ("Model", json!("other")),
        ("DeploymentName", json!("d")),
        ("ApiVersion", json!("2030-01-01")),
        ("Temperature", json!(0.1)),
        ("MaxTokens", json!(300)),
        ("ResponseFormat", json!("JsonObject")),
    ] {
        let mut changed = base.clone();
        changed[name] = value;
        assert_ne!(first, print(&changed, 10), "{name}");
    }
}
