use serde_json::{Value, json};

use super::*;

fn reply(body: &Value) -> Reply {
    Reply {
        status: 200,
        content_type: vec!["application/json; charset=utf-8".to_owned()],
        body: body.to_string().into_bytes(),
    }
}

fn completed(finish: &str, message: Value) -> Value {
    json!({ "id": "1", "model": "m-1", "choices": [
        { "index": 0, "finish_reason": finish, "message": message },
    ] })
}

#[test]
fn a_completion_is_one_finished_message_of_text() {
    let text = json!({ "role": "assistant", "content": "hi" });
    let good = completed("stop", text.clone());
    let spoken = read(Provider::OpenAi, &reply(&good)).unwrap();
    assert_eq!(
        (spoken.content.as_str(), spoken.model.as_deref()),
        ("hi", Some("m-1"))
    );
    let mut two = good.clone();
    let choice = two["choices"][0].clone();
    two["choices"].as_array_mut().unwrap().push(choice);
    let mut unfinished = good.clone();
    unfinished["choices"][0]["finish_reason"] = Value::Null;
    for (body, failure) in [
        (completed("length", text.clone()), Failure::CutOff),
        (completed("content_filter", text.clone()), Failure::Refused),
        (completed("tool_calls", text), Failure::Envelope),
        (
            completed("stop", json!({ "content": null, "refusal": "no" })),
            Failure::Refused,
        ),
        (
            completed("stop", json!({ "content": "hi", "refusal": "no" })),
            Failure::Refused,
        ),
        (
            completed("stop", json!({ "content": null })),
            Failure::Envelope,
        ),
        (
            completed("stop", json!({ "content": ["hi"] })),
            Failure::Envelope,
        ),
        (
            completed("stop", json!({ "content": "hi", "tool_calls": [{}] })),
            Failure::Envelope,
        ),
        (two, Failure::Envelope),
        (unfinished, Failure::Envelope),
        (json!({ "choices": [] }), Failure::Envelope),
        (json!({ "error": { "message": "no" } }), Failure::Envelope),
        (
            json!([[{ "finish_reason": "stop", "message": { "content": "hi" } }], "m"]),
            Failure::Envelope,
        ),
        (json!("hi"), Failure::Envelope),
    ] {
        assert_eq!(
            read(Provider::Ollama, &reply(&body)).err(),
            Some(failure),
            "{body}"
        );
    }
}

#[test]
fn a_generation_is_one_finished_candidate_of_text_without_its_thoughts() {
    let candidate = |finish: &str, parts: Value| {
        json!({ "modelVersion": "g-2", "candidates": [
            { "finishReason": finish, "content": { "role": "model", "parts": parts } },
        ] })
    };
    let good = candidate(
        "STOP",
        json!([{ "text": "no", "thought": true }, { "text": "h" }, { "text": "i" }]),
    );
    let spoken = read(Provider::Gemini, &reply(&good)).unwrap();
    assert_eq!(
        (spoken.content.as_str(), spoken.model.as_deref()),
        ("hi", Some("g-2"))
    );
    let text = json!([{ "text": "hi" }]);
    let mut blocked = candidate("STOP", text.clone());
    blocked["promptFeedback"] = json!({ "blockReason": "SAFETY" });
    for (body, failure) in [
        (candidate("MAX_TOKENS", text.clone()), Failure::CutOff),
        (candidate("SAFETY", text.clone()), Failure::Refused),
        (candidate("OTHER", text), Failure::Envelope),
        (
            candidate("STOP", json!([{ "functionCall": {} }])),
            Failure::Envelope,
        ),
        (
            json!({ "promptFeedback": { "blockReason": "SAFETY" } }),
            Failure::Refused,
        ),
        (blocked, Failure::Refused),
        (json!({}), Failure::Envelope),
    ] {
        assert_eq!(
            read(Provider::Gemini, &reply(&body)).err(),
            Some(failure),
            "{body}"
        );
    }
}

#[test]
fn only_a_200_of_json_is_read() {
    let good = reply(&completed("stop", json!({ "content": "hi" })));
    for status in [100, 201, 204, 301, 400, 401, 429, 500, 503] {
        let reply = Reply {
            status,
            ..good.clone()
        };
        assert_eq!(
            read(Provider::OpenAi, &reply).err(),
            Some(Failure::Status(status))
        );
    }
    for types in [
        &[][..],
        &["text/html"],
        &["text/plain; application/json"],
        &["application/json", "application/json"],
        &["application/x-ndjson"],
        &["text/event-stream"],
    ] {
        let content_type = types.iter().map(|one| (*one).to_owned()).collect();
        let reply = Reply {
            content_type,
            ..good.clone()
        };
        assert_eq!(
            read(Provider::OpenAi, &reply).err(),
            Some(Failure::ContentType),
            "{types:?}"
        );
    }
    for body in ["", " ", "{", "{}{}", "\u{feff}{}", "null", "<html>"] {
        let reply = Reply {
            body: body.as_bytes().to_vec(),
            ..good.clone()
        };
        assert_eq!(
            read(Provider::OpenAi, &reply).err(),
            Some(Failure::Envelope),
            "{body}"
        );
    }
    let mut cut = good.clone();
    cut.body.truncate(cut.body.len() - 1);
    assert!(read(Provider::OpenAi, &cut).is_err());
    let deep = "[".repeat(60_000);
    let deep = Reply {
        body: format!("{{\"x\":{deep}").into_bytes(),
        ..good
    };
    assert_eq!(read(Provider::OpenAi, &deep).err(), Some(Failure::Envelope));
}

#[test]
fn a_models_name_that_is_none_is_not_kept() {
    for name in ["", "two words", "ü", "a\nb", &"x".repeat(129)] {
        let mut body = completed("stop", json!({ "content": "hi" }));
        body["model"] = json!(name);
        assert_eq!(
            read(Provider::OpenAi, &reply(&body)).unwrap().model,
            None,
            "{name}"
        );
    }
}
