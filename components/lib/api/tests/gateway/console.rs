//! `/console`.

use http::{Request, Response, StatusCode};

use crate::world::World;

fn get(world: &World, path: &str, known: Option<&str>) -> Response<Vec<u8>> {
    let mut request = Request::get(path);
    if let Some(tag) = known {
        request = request.header("if-none-match", tag);
    }
    world.send(request.body(Vec::new()).unwrap())
}

fn field<'r>(response: &'r Response<Vec<u8>>, name: &str) -> &'r str {
    let values: Vec<_> = response.headers().get_all(name).iter().collect();
    assert_eq!(values.len(), 1, "{name}");
    values[0].to_str().unwrap()
}

/// The paths of all files, and the page.
fn paths() -> Vec<String> {
    let files = vectra_console::FILES.iter();
    let paths = files.map(|file| format!("/console/{}", file.name));
    ["/console".to_owned()].into_iter().chain(paths).collect()
}

#[test]
fn serves_every_file_without_a_key() {
    let world = World::new();
    for file in vectra_console::FILES {
        let path = format!("/console/{}", file.name);
        let response = get(&world, &path, None);
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.body(), file.bytes, "{path}");
        assert_eq!(field(&response, "content-type"), file.media_type, "{path}");
    }
    let page = get(&world, "/console", None);
    assert_eq!(field(&page, "content-type"), "text/html; charset=utf-8");
    assert!(page.body().starts_with(b"<!doctype html>"));
}

#[test]
fn every_file_says_what_a_browser_may_do_with_it() {
    let world = World::new();
    let known = field(&get(&world, "/console", None), "etag").to_owned();
    let mut responses: Vec<_> = paths()
        .iter()
        .map(|path| (path.clone(), get(&world, path, None)))
        .collect();
    responses.push(("304".to_owned(), get(&world, "/console", Some(&known))));
    for (place, response) in responses {
        let policy: Vec<&str> = field(&response, "content-security-policy")
            .split("; ")
            .collect();
        let expected = [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ];
        assert_eq!(policy, expected, "{place}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(field(&response, name), value, "{place} {name}");
        }
        let features = field(&response, "permissions-policy");
        for feature in features.split(", ") {
            assert!(feature.ends_with("=()"), "{place} allows {feature}");
        }
        assert!(features.contains("camera=()"), "{place}");
        assert!(response.headers().get("set-cookie").is_none(), "{place}");
    }
}

#[test]
fn a_file_that_is_known_is_not_sent_again() {
    let world = World::new();
    for path in paths() {
        let tag = field(&get(&world, &path, None), "etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        let weak = format!("W/{tag}");
        let among = format!("\"another\", {tag}");
        for known in [&*tag, &*weak, &*among, "*"] {
            let response = get(&world, &path, Some(known));
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert!(response.body().is_empty(), "{known}");
            assert_eq!(field(&response, "etag"), tag);
        }
        let response = get(&world, &path, Some("\"another\""));
        assert_eq!(response.status(), StatusCode::OK);
    }
}

#[test]
fn another_file_is_not_found_and_another_method_not_allowed() {
    let world = World::new();
    for path in [
        "/console/",
        "/console/main.js/",
        "/console/Main.js",
        "/console/..%2fCargo.toml",
        "/console/lib.rs",
        "/console/a/main.js",
    ] {
        let response = get(&world, path, None);
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(field(&response, "content-type"), "application/problem+json");
    }
    let request = Request::post("/console/main.js").body(Vec::new()).unwrap();
    let response = world.send(request);
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(field(&response, "allow"), "GET, HEAD");
}
