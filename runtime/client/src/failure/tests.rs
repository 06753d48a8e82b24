use std::path::PathBuf;

use bytes::Bytes;
use hyper::header::{HeaderMap, RETRY_AFTER};

use super::*;

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
    }
}

fn refused(call: &Call, answer: &Answer) -> Failure {
    Failure::refused(
        call,
        answer,
        &["vop_hush"],
        Some(&Origin::Variable("VECTRA_KEY")),
    )
}

#[test]
fn an_exit_code_says_what_went_wrong() {
    let call = Call::get(&["agents"]);
    let broken = || HttpError::Unanswered {
        authority: "a".to_owned(),
        cause: "b".to_owned(),
    };
    let mut cases = vec![
        (Failure::address("--url", AddressError), 2),
        (Failure::Clear("a".to_owned()), 2),
        (Failure::Time("--expires-in"), 2),
        (KeyError::Missing("key".into()).into(), 3),
        (HttpError::Key.into(), 3),
        (SecretError::Missing("X").into(), 1),
        (HttpError::TooLarge(1).into(), 1),
        (broken().into(), 5),
        (Failure::NotFound("a".to_owned()), 4),
        (Failure::Answer("a".to_owned()), 1),
    ];
    for (status, code) in [
        (302, 1),
        (400, 1),
        (401, 3),
        (403, 3),
        (404, 4),
        (409, 1),
        (413, 1),
        (429, 1),
        (500, 1),
        (502, 5),
        (503, 5),
        (504, 5),
    ] {
        cases.push((refused(&call, &answer(status, "")), code));
    }
    for (failure, code) in cases {
        assert_eq!(failure.code(), code, "{failure}");
        let partly = Failure::Partly {
            done: "a".to_owned(),
            cause: Box::new(failure),
        };
        assert_eq!(partly.code(), code, "{partly}");
    }
}

#[test]
fn a_refusal_is_told_in_one_line() {
    let get = Call::get(&["agents"]);
    let put = Call::new(Method::PUT, &["agents"]);
    for (call, status, body, expected) in [
        (
            &get,
            404,
            r#"{"title":"Agent not found","detail":"Agent with ID 7 not found.","errorCode":"VEC501002"}"#,
            "Agent not found: Agent with ID 7 not found (404 VEC501002)",
        ),
        (
            &get,
            400,
            r#"{"title":"Validation failed","errorCode":"VEC400001","errors":{"name":["too long","too odd"],"limit":["no"]}}"#,
            "Validation failed; limit: no; name: too long, too odd (400 VEC400001)",
        ),
        (&get, 502, "<html>", "the gateway answered 502 Bad Gateway"),
        (
            &put,
            503,
            r#"{"title":"The change could not be saved"}"#,
            "The change could not be saved; it may have been done: look before you repeat it",
        ),
        (
            &get,
            401,
            r#"{"title":"Missing"}"#,
            "Missing; the key is that of VECTRA_KEY",
        ),
        (
            &get,
            409,
            "{\"title\":\"\\u001b[2J\\nvop_hush is taken\",\"detail\":\"Bearer vop_hush\"}",
            "\\u{1b}[2J\\u{a}*** is taken: Bearer ***",
        ),
    ] {
        assert_eq!(refused(call, &answer(status, body)).to_string(), expected);
    }
}

#[test]
fn a_refusal_is_bounded_and_no_secret_is_left_at_a_cut() {
    let call = Call::get(&["agents"]);
    for before in 290..=300 {
        let title = format!("{}vop_hush{}", "x".repeat(before), "y".repeat(1000));
        let body = serde_json::json!({ "title": title }).to_string();
        let told = refused(&call, &answer(400, &body)).to_string();
        assert!(told.chars().count() <= 300, "{told}");
        assert!(!told.contains('v'), "{told}");
    }
    let errors: std::collections::BTreeMap<_, _> =
        (0..1000).map(|at| (format!("{at:04}"), ["no"])).collect();
    let body = serde_json::json!({ "title": "a", "errors": errors }).to_string();
    let told = refused(&call, &answer(400, &body)).to_string();
    assert_eq!(told.matches(": no").count(), FIELDS, "{told}");
}

#[test]
fn a_refusal_says_when_to_try_again() {
    let call = Call::new(Method::POST, &["tokens"]);
    let mut answer = answer(429, r#"{"title":"Too many"}"#);
    answer.headers.insert(RETRY_AFTER, "7".parse().unwrap());
    assert_eq!(
        refused(&call, &answer).to_string(),
        "Too many; try again in 7 s"
    );
}

#[test]
fn what_may_have_been_done_is_said() {
    let error = || HttpError::Unanswered {
        authority: "a:1".to_owned(),
        cause: "closed".to_owned(),
    };
    let get = Failure::unanswered(&Call::get(&["a"]), error()).to_string();
    assert_eq!(get, "no answer from a:1: closed");
    let post = Failure::unanswered(&Call::new(Method::POST, &["a"]), error()).to_string();
    assert!(post.ends_with("closed; it may have been done: look before you repeat it"));
    let origin = Origin::File(PathBuf::from("key"));
    assert_eq!(origin.to_string(), "`key`");
}
