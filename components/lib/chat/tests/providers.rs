//! The way from a question to an intent, for each provider.

// The lints spare only what stands in a test function; helpers of tests are tests too.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use vectra_chat::{Call, Chat, Failure, Key, MAX_QUESTION, Nonce, Reply, Scheme, failed};
use vectra_decision::{IntentQuestion, IntentStatus};

const SECRET: &str = "sk-very-secret-0815";

fn chat(provider: &str, settings: &Value) -> Chat {
    let config = json!({ "DefaultProvider": provider, "Providers": { provider: settings } });
    Chat::read(&config.to_string()).unwrap()
}

fn question() -> IntentQuestion {
    IntentQuestion {
        method: "POST".to_owned(),
        path: "/export".to_owned(),
        content_type: Some("application/json".to_owned()),
        text: "table users\nlimit none".to_owned(),
    }
}

fn nonce() -> Nonce {
    Nonce::new([1; 8])
}

fn call(chat: &Chat, key: Option<&Key>) -> (Call, Value) {
    let call = chat.ask(&question(), key, &nonce()).unwrap();
    let body = serde_json::from_slice(&call.body).unwrap();
    (call, body)
}

fn header<'c>(call: &'c Call, wanted: &str) -> Option<&'c str> {
    let mut named = call.headers.iter().filter(|(name, _)| *name == wanted);
    named.next().map(|(_, value)| value.as_str())
}

#[test]
fn each_provider_is_asked_at_its_path_with_its_header() {
    let bearer = format!("Bearer {SECRET}");
    for (provider, settings, scheme, target, name, value) in [
        (
            "OpenAi",
            json!({}),
            Scheme::Https,
            "api.openai.com/v1/chat/completions",
            "authorization",
            bearer.as_str(),
        ),
        (
            "OpenAi",
            json!({ "Endpoint": "https://gate.example:8443/llm/v1/" }),
            Scheme::Https,
            "gate.example:8443/llm/v1/chat/completions",
            "authorization",
            &bearer,
        ),
        (
            "Ollama",
            json!({}),
            Scheme::Http,
            "localhost:11434/v1/chat/completions",
            "authorization",
            &bearer,
        ),
        (
            "AzureAi",
            json!({ "Endpoint": "https://x.openai.azure.com", "DeploymentName": "mini" }),
            Scheme::Https,
            "x.openai.azure.com/openai/deployments/mini/chat/completions?api-version=2024-10-21",
            "api-key",
            SECRET,
        ),
        (
            "AzureAi",
            json!({ "Endpoint": "https://x.services.ai.azure.com/models" }),
            Scheme::Https,
            "x.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
            "api-key",
            SECRET,
        ),
        (
            "Gemini",
            json!({ "Model": "gemini-x" }),
            Scheme::Https,
            "generativelanguage.googleapis.com/v1beta/models/gemini-x:generateContent",
            "x-goog-api-key",
            SECRET,
        ),
    ] {
        let key = Key::new(SECRET).unwrap();
        let chat = chat(provider, &settings);
        let (call, body) = call(&chat, Some(&key));
        assert_eq!(call.scheme, scheme);
        assert_eq!(format!("{}{}", call.authority, call.path), target);
        assert_eq!(header(&call, name), Some(value));
        assert_eq!(header(&call, "content-type"), Some("application/json"));
        let shown = call
            .headers
            .iter()
            .filter(|(_, value)| value.contains(SECRET));
        assert_eq!(shown.count(), 1);
        assert!(!body.to_string().contains(SECRET) && !call.path.contains(SECRET));
    }
}

#[test]
fn the_request_goes_as_data_apart_from_what_the_model_is_to_do() {
    let key = Key::new(SECRET).unwrap();
    let (_, openai) = call(&chat("OpenAi", &json!({})), Some(&key));
    let (_, gemini) = call(&chat("Gemini", &json!({})), Some(&key));
    assert_eq!(openai["messages"].as_array().unwrap().len(), 2);
    assert_eq!(openai["messages"][0]["role"], "system");
    assert_eq!(openai["messages"][1]["role"], "user");
    assert_eq!(openai["response_format"]["type"], "json_schema");
    assert_eq!(openai["temperature"], 0.0);
    assert_eq!(
        gemini["generationConfig"]["responseMimeType"],
        "application/json"
    );
    for (system, data) in [
        (
            &openai["messages"][0]["content"],
            &openai["messages"][1]["content"],
        ),
        (
            &gemini["systemInstruction"]["parts"][0]["text"],
            &gemini["contents"][0]["parts"][0]["text"],
        ),
    ] {
        let data: Value = serde_json::from_str(data.as_str().unwrap()).unwrap();
        assert_eq!(data["text"], question().text);
        let system = system.as_str().unwrap();
        assert!(system.contains("0101010101010101") && !system.contains("table users"));
    }
    for (format, expected) in [
        ("JsonObject", json!({ "type": "json_object" })),
        ("None", Value::Null),
    ] {
        let chat = chat("Ollama", &json!({ "ResponseFormat": format }));
        assert_eq!(call(&chat, None).1["response_format"], expected);
    }
}

#[test]
fn without_a_key_only_ollama_is_asked_and_without_room_nobody() {
    for text in ["", "  ", "two words", "line\nbreak", "ümlaut"] {
        assert!(Key::new(text).is_none(), "{text}");
    }
    for provider in ["OpenAi", "Gemini"] {
        let asked = chat(provider, &json!({})).ask(&question(), None, &nonce());
        assert_eq!(asked.err(), Some(Failure::NoKey));
    }
    let ollama = chat("Ollama", &json!({}));
    assert_eq!(header(&call(&ollama, None).0, "authorization"), None);
    let mut long = question();
    long.text = "x".repeat(MAX_QUESTION);
    assert_eq!(
        ollama.ask(&long, None, &nonce()).err(),
        Some(Failure::TooLong)
    );
}

fn reply(explanation: &str, model: &str) -> Reply {
    let content = json!({ "nonce": "0101010101010101", "intent": "bulk_export", "confidence": 0.93,
        "risk_tags": ["data_exfiltration"], "explanation": explanation });
    let body = json!({ "model": model, "choices": [{ "finish_reason": "stop",
        "message": { "role": "assistant", "content": content.to_string() } }] });
    Reply {
        status: 200,
        content_type: vec!["application/json".to_owned()],
        body: body.to_string().into_bytes(),
    }
}

#[test]
fn a_good_answer_is_an_intent_and_a_failure_one_that_failed() {
    let (chat, key) = (chat("OpenAi", &json!({})), Key::new(SECRET).unwrap());
    let understand = |reply: &Reply| chat.understand(&question(), Some(&key), &nonce(), reply);
    let intent = understand(&reply("Takes out the users table.", "mini-2")).unwrap();
    assert_eq!(
        (intent.label.as_str(), intent.confidence),
        ("bulk_export", 0.93)
    );
    assert_eq!(intent.status, IntentStatus::Classified);
    assert_eq!(intent.risk_tags, ["data_exfiltration"]);
    assert_eq!(intent.model.as_deref(), Some("mini-2"));
    assert_eq!(intent.explanation.as_deref(), Some("Takes out the … …."));
    for reply in [
        reply(&format!("the key is {SECRET}"), "mini-2"),
        reply("why", SECRET),
    ] {
        assert_eq!(understand(&reply).err(), Some(Failure::ShowsKey));
    }
    let intent = failed(&Failure::ShowsKey);
    assert_eq!(intent.status, IntentStatus::Failed);
    assert_eq!((intent.label.as_str(), intent.confidence), ("unknown", 0.0));
}
