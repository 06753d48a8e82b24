//! Targets as data: what is read out of them, what is refused, what is private.

use super::*;

#[test]
fn reads_targets_as_they_were_sent() {
    // request target, scheme, host, port, path, normalised path
    let cases = [
        (
            "/proxy/http://h/a?x=1&y=2",
            "http",
            "h",
            80,
            "/a?x=1&y=2",
            "/a?x=1&y=2",
        ),
        (
            "/proxy/https://H.Example:8443",
            "https",
            "h.example",
            8443,
            "/",
            "/",
        ),
        ("/proxy/HTTP://h?x", "http", "h", 80, "/?x", "/?x"),
        (
            "/proxy/http://h/%61dmin/",
            "http",
            "h",
            80,
            "/%61dmin/",
            "/admin/",
        ),
        (
            "/proxy/http://h/a/../b/./c",
            "http",
            "h",
            80,
            "/a/../b/./c",
            "/b/c",
        ),
        ("/proxy/http://h/..", "http", "h", 80, "/..", "/"),
        ("/proxy/http://h/a//b", "http", "h", 80, "/a//b", "/a//b"),
        (
            "/proxy/http://h/%c3%a9?q=%2f%7e",
            "http",
            "h",
            80,
            "/%c3%a9?q=%2f%7e",
            "/%C3%A9?q=%2F~",
        ),
        (
            "/proxy/http://h/?a=%%612e%3f&b=100%",
            "http",
            "h",
            80,
            "/?a=%%612e%3f&b=100%",
            "/?a=%25a2e%3F&b=100%25",
        ),
        ("/proxy/http://[::1]:81/", "http", "::1", 81, "/", "/"),
        (
            "/proxy/http://[0:0:0:0:0:0:0:1]/",
            "http",
            "::1",
            80,
            "/",
            "/",
        ),
    ];
    for (sent, scheme, host, port, path, normalised) in cases {
        let target = parse(sent).unwrap_or_else(|error| panic!("{sent}: {error}"));
        assert_eq!(target.scheme, scheme, "{sent}");
        assert_eq!(
            target.host,
            HostPort {
                host: host.to_owned(),
                port
            },
            "{sent}"
        );
        assert_eq!(
            (target.path.as_str(), target.normalised.as_str()),
            (path, normalised),
            "{sent}"
        );
    }
}

#[test]
fn refuses_what_is_ambiguous_or_no_target() {
    let cases = [
        ("/proxy", TargetError::NoTarget),
        ("/proxy/", TargetError::NoTarget),
        ("/PROXY/http://h/", TargetError::NoTarget),
        ("/proxy/h/a", TargetError::NotAbsolute),
        ("/proxy//etc/passwd", TargetError::NotAbsolute),
        ("/proxy/ftp://h/", TargetError::NotAbsolute),
        ("/proxy/http:/h/", TargetError::NotAbsolute),
        ("/proxy/http://u:p@h/", TargetError::UserInfo),
        ("/proxy/http://h/a%2Fb", TargetError::AmbiguousPath),
        ("/proxy/http://h/a%5cb", TargetError::AmbiguousPath),
        ("/proxy/http://h/a%00", TargetError::AmbiguousPath),
        ("/proxy/http://h/%2e%2E/b", TargetError::AmbiguousPath),
        ("/proxy/http://h/.%2e/b", TargetError::AmbiguousPath),
        ("/proxy/http://h/a\\b", TargetError::AmbiguousPath),
        ("/proxy/http://h/%zz", TargetError::Encoding),
        ("/proxy/http://h/%a", TargetError::Encoding),
        ("/proxy/http://h:0/", TargetError::Port),
        ("/proxy/http://h:+80/", TargetError::Port),
        ("/proxy/http://0x7f.1/", TargetError::Host),
        ("/proxy/http://2130706433/", TargetError::Host),
        ("/proxy/http://127.1/", TargetError::Host),
        ("/proxy/http://h./", TargetError::Host),
        ("/proxy/http://a_b.0x1f/", TargetError::Host),
    ];
    for (sent, expected) in cases {
        assert_eq!(parse(sent).err(), Some(expected), "{sent}");
    }
    let long = format!("/proxy/http://h/{}", "a".repeat(MAX_LENGTH));
    assert_eq!(parse(&long).err(), Some(TargetError::TooLong));
}

#[test]
fn private_targets_are_refused_unless_listed() {
    let private = [
        "localhost",
        "a.localhost",
        "printer.local",
        "metadata.google.internal",
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.1.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:db8::1]",
        "[ff02::1]",
    ];
    for host in private {
        let target = parse(&format!("/proxy/http://{host}:8080/")).unwrap();
        assert!(target.refusal(&[], &[]).is_some(), "{host}");
        let listed = HostPort::parse(&format!("{host}:8080")).unwrap();
        assert_eq!(
            target.refusal(std::slice::from_ref(&listed), &[]),
            None,
            "{host}"
        );
        let other = HostPort {
            port: 8081,
            ..listed
        };
        assert!(target.refusal(&[other], &[]).is_some(), "{host}");
    }
    for host in [
        "example.com",
        "8.8.8.8",
        "[2606:4700::1111]",
        "[64:ff9b::808:808]",
        "172.32.0.1",
    ] {
        let target = parse(&format!("/proxy/https://{host}/")).unwrap();
        assert_eq!(target.refusal(&[], &[]), None, "{host}");
    }
}

#[test]
fn what_only_the_gateway_may_reach_is_refused_to_agents() {
    let target = parse("/proxy/http://opa.example:8181/").unwrap();
    let internal = [HostPort::parse("opa.example:8181").unwrap()];
    assert!(target.refusal(&[], &internal).is_some());
    assert_eq!(target.refusal(&internal, &internal), None);
}
