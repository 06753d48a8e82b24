use http::HeaderValue;

use super::*;

const GRANT: &str = "grant_type=client_credentials";

fn ask(authorization: &[&str], body: &str) -> Result<(String, String), OAuthError> {
    let mut headers = HeaderMap::new();
    for value in authorization {
        let value = HeaderValue::from_str(value).unwrap();
        headers.append(header::AUTHORIZATION, value);
    }
    read(&headers, body.as_bytes()).map(|client| (client.id, client.secret))
}

fn encoded(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[test]
fn the_client_is_named_in_the_body_or_in_the_header() {
    let good = [
        (
            vec![],
            format!("{GRANT}&client_id=a&client_secret=b"),
            ("a", "b"),
        ),
        (
            vec![],
            format!("client_secret=b+c%20d%26&{GRANT}&client_id=a"),
            ("a", "b c d&"),
        ),
        (vec![], format!("{GRANT}&client_id=a"), ("a", "")),
        (
            vec![],
            format!("{GRANT}&client_id=a&client_secret=b&scope=&resource=x"),
            ("a", "b"),
        ),
        (
            vec!["Bearer vop_x".to_owned()],
            format!("{GRANT}&client_id=a&client_secret=b"),
            ("a", "b"),
        ),
        (vec![encoded("a:b:c")], GRANT.to_owned(), ("a", "b:c")),
        (
            vec![encoded("a%3A:b%25+c")],
            GRANT.to_owned(),
            ("a:", "b% c"),
        ),
        (
            vec![encoded("a:b").replace("Basic", "basic")],
            GRANT.to_owned(),
            ("a", "b"),
        ),
        (vec![encoded(":")], GRANT.to_owned(), ("", "")),
        (
            vec![encoded("a:b")],
            format!("{GRANT}&client_id=a"),
            ("a", "b"),
        ),
    ];
    for (authorization, body, (id, secret)) in good {
        let authorization: Vec<&str> = authorization.iter().map(String::as_str).collect();
        let expected = Ok((id.to_owned(), secret.to_owned()));
        assert_eq!(
            ask(&authorization, &body),
            expected,
            "{authorization:?} {body}"
        );
    }
}

#[test]
fn what_is_wrong_has_the_error_of_rfc_6749() {
    use OAuthError as E;
    let basic = encoded("a:b");
    let both = "the client is named both in Authorization and in the body";
    let cases: &[(&[&str], &str, OAuthError)] = &[
        (&[], "", E::InvalidRequest("grant_type is missing")),
        (
            &[],
            "client_id=a&client_secret=b",
            E::InvalidRequest("grant_type is missing"),
        ),
        (
            &[],
            "grant_type=",
            E::InvalidRequest("grant_type is missing"),
        ),
        (
            &[],
            "grant_type=password&client_id=a",
            E::UnsupportedGrantType,
        ),
        (
            &[],
            "grant_type=client_credentials&client_id=a&scope=read",
            E::InvalidScope,
        ),
        (&[], GRANT, E::InvalidClient),
        (
            &[],
            "grant_type=client_credentials&client_secret=b",
            E::InvalidClient,
        ),
        (&["Bearer x"], GRANT, E::InvalidClient),
        (&["Basic"], GRANT, E::InvalidClient),
        (&["Basic %"], GRANT, E::InvalidClient),
        (&["Basic YQ=="], GRANT, E::InvalidClient),
        (
            &[&basic, &basic],
            GRANT,
            E::InvalidRequest("Authorization is repeated"),
        ),
        (
            &[&basic],
            "grant_type=client_credentials&client_id=other",
            E::InvalidRequest(both),
        ),
        (
            &[&basic],
            "grant_type=client_credentials&client_id=a&client_secret=b",
            E::InvalidRequest(both),
        ),
        (
            &[&basic],
            "grant_type=client_credentials&client_secret=b",
            E::InvalidRequest(both),
        ),
        (
            &[],
            "client_id=a&client_id=a",
            E::InvalidRequest("a parameter is repeated"),
        ),
        (
            &[],
            "scope=&scope=",
            E::InvalidRequest("a parameter is repeated"),
        ),
        (
            &[],
            "client_id=%ff",
            E::InvalidRequest("the body is not a form in UTF-8"),
        ),
    ];
    for (authorization, body, expected) in cases {
        assert_eq!(
            ask(authorization, body),
            Err(*expected),
            "{authorization:?} {body}"
        );
    }
}
