use super::*;

#[test]
fn reads_what_prometheus_reads() {
    let text = "\
# a comment
# HELP http_requests_total Requests, by \\\\ and \\n.
# TYPE http_requests_total counter
http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000
http_requests_total{code=\"400\",method=\"post\",} 3

untyped_thing{path=\"C:\\\\DIR\\\\\",error=\"\\\"no\\\"\\n\"} 1.458255915e9
nothing +Inf
# TYPE wait_seconds histogram
wait_seconds_bucket{le=\"0.1\"} 2
wait_seconds_bucket{le=\"+Inf\"} 3
wait_seconds_sum 0.5
wait_seconds_count 3
";
    let parsed = parse(text).unwrap_or_default();
    assert_eq!(parsed.samples.len(), 8);
    for (name, labels, value) in [
        (
            "http_requests_total",
            vec![("code", "200"), ("method", "post")],
            1027.0,
        ),
        (
            "http_requests_total",
            vec![("code", "400"), ("method", "post")],
            3.0,
        ),
        (
            "untyped_thing",
            vec![("path", "C:\\DIR\\"), ("error", "\"no\"\n")],
            1_458_255_915.0,
        ),
        ("nothing", vec![], f64::INFINITY),
        ("wait_seconds_bucket", vec![("le", "0.1")], 2.0),
        ("wait_seconds_count", vec![], 3.0),
    ] {
        assert_eq!(parsed.value(name, &labels), Some(value), "{name}");
    }
}

#[test]
fn refuses_what_would_spoil_a_scrape() {
    for (text, line, problem) in [
        ("a 1", 1, "has no end"),
        ("a 1\nb\n", 2, "has no number"),
        ("a one\n", 1, "has no number"),
        ("a inf\n", 1, "has no number"),
        ("a 1 soon\n", 1, "has more behind its number than a time"),
        ("a 1 2 3\n", 1, "has more behind its number than a time"),
        ("1a 1\n", 1, "has no proper name"),
        ("ä 1\n", 1, "has no proper name"),
        (" a 1\n", 1, "has no proper name"),
        ("a{b} 1\n", 1, "has a label without a value"),
        ("a{b=\"c} 1\n", 1, "has a label that does not end"),
        (
            "a{b=\"c\"d=\"e\"} 1\n",
            1,
            "has labels that are not separated",
        ),
        ("a{b=\"\\x\"} 1\n", 1, "has an unknown escape"),
        ("a{b=\"c\",b=\"d\"} 1\n", 1, "has a label twice"),
        ("a{b:c=\"d\"} 1\n", 1, "has a label without a proper name"),
        ("a 1\na 2\n", 2, "is there twice"),
        (
            "a{b=\"c\",d=\"e\"} 1\na{d=\"e\",b=\"c\"} 1\n",
            2,
            "is there twice",
        ),
        (
            "a 1\nb 1\na{c=\"d\"} 1\n",
            3,
            "belongs to a family that had ended",
        ),
        (
            "# TYPE a counter\n# TYPE a counter\n",
            2,
            "gives a type for the second time",
        ),
        (
            "a 1\n# TYPE a counter\n",
            2,
            "comes behind a number of its family",
        ),
        ("# TYPE a thing\n", 1, "has no known type"),
        ("# TYPE a\n", 1, "says of nothing what it is"),
        ("# TYPE a counter\na -1\n", 2, "is a counter below zero"),
        (
            "# TYPE a histogram\na 1\n",
            2,
            "is a part that no histogram has",
        ),
        ("<html>\n", 1, "has no number"),
        ("ab\0c 1\n", 1, "has no proper name"),
    ] {
        let expected = Malformed { line, problem };
        assert_eq!(parse(text).err(), Some(expected), "{text:?}");
    }
}

#[test]
fn texts_that_share_a_name_clash() {
    for (one, other, clash) in [
        ("a 1\n", "b 1\n", None),
        ("a 1\n", "a{b=\"c\"} 1\n", Some("a")),
        (
            "# TYPE a histogram\na_count 1\n",
            "a_count 2\n",
            Some("a_count"),
        ),
        ("# TYPE a counter\n", "# TYPE a gauge\n", Some("a")),
    ] {
        let read = |text| parse(text).unwrap_or_default();
        let found = read(one).clash_with(&read(other));
        assert_eq!(found.as_deref(), clash, "{one} {other}");
    }
}
