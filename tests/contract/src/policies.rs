//! `vectra:persistence/policies`.

use vectra_domain::repository::PolicyRepository;
use vectra_domain::{Policy, PolicySource, PolicyStatus, PutResult};

use crate::Ports;
use crate::fixtures::{after_noon, assert_conflict, assert_invalid, at, policy};

fn put(ports: &impl Ports, policy: &Policy) -> (u32, bool) {
    let PutResult { revision, changed } = PolicyRepository::put(ports, policy).unwrap();
    (revision, changed)
}

fn find(ports: &impl Ports, name: &str, revision: Option<u32>) -> Option<Policy> {
    PolicyRepository::find(ports, name, revision).unwrap()
}

fn retire(ports: &impl Ports, source: PolicySource, keep: &[&str]) -> Vec<String> {
    let keep: Vec<String> = keep.iter().map(|name| (*name).to_owned()).collect();
    ports.retire_missing(source, &keep, after_noon(1)).unwrap()
}

pub fn numbers_revisions_from_1(ports: &impl Ports) {
    assert_eq!(put(ports, &policy("p", "one")), (1, true));
    assert_eq!(put(ports, &policy("p", "two")), (2, true));
    assert_eq!(put(ports, &policy("q", "one")), (1, true));
    // Back to an older content is a revision too.
    assert_eq!(put(ports, &policy("p", "one")), (3, true));
}

pub fn writes_nothing_when_the_content_is_the_same(ports: &impl Ports) {
    let first = policy("p", "one");
    put(ports, &first);
    let again = Policy {
        created_at: after_noon(1),
        ..first.clone()
    };
    assert_eq!(put(ports, &again), (1, false));
    assert_eq!(
        find(ports, "p", None),
        Some(Policy {
            revision: 1,
            ..first
        })
    );
    assert_eq!(find(ports, "p", Some(2)), None);
}

pub fn adds_a_revision_when_only_the_status_changes(ports: &impl Ports) {
    put(ports, &policy("p", "one"));
    let broken = Policy {
        status: PolicyStatus::Broken,
        problem: Some("line 1: no rule".to_owned()),
        document: String::new(),
        compiled: Vec::new(),
        ..policy("p", "one")
    };
    assert_eq!(put(ports, &broken), (2, true));
    assert_eq!(
        find(ports, "p", None),
        Some(Policy {
            revision: 2,
            ..broken
        })
    );
}

pub fn refuses_a_policy_of_the_other_source(ports: &impl Ports) {
    let api = |name, content| Policy {
        source: PolicySource::Api,
        source_name: None,
        ..policy(name, content)
    };
    put(ports, &policy("file", "one"));
    put(ports, &api("api", "one"));
    for content in ["one", "two"] {
        assert_conflict(PolicyRepository::put(ports, &api("file", content)));
        assert_conflict(PolicyRepository::put(ports, &policy("api", content)));
    }
    assert_eq!(find(ports, "file", None).unwrap().revision, 1);
    assert_eq!(find(ports, "api", None).unwrap().source, PolicySource::Api);
    assert_eq!(put(ports, &api("api", "two")), (2, true));
}

pub fn a_retired_name_is_anybodys_again(ports: &impl Ports) {
    let retired = Policy {
        status: PolicyStatus::Retired,
        ..policy("p", "one")
    };
    let api = Policy {
        source: PolicySource::Api,
        source_name: None,
        ..policy("p", "one")
    };
    put(ports, &policy("p", "one"));
    assert_conflict(PolicyRepository::put(ports, &api));
    assert_eq!(put(ports, &retired), (2, true));
    assert_eq!(put(ports, &api), (3, true));
    assert_eq!(put(ports, &api), (3, false));
    assert_conflict(PolicyRepository::put(ports, &policy("p", "one")));
}

pub fn what_is_compiled_otherwise_is_another_revision(ports: &impl Ports) {
    let before = policy("p", "one");
    let after = Policy {
        compiled: b"another form".to_vec(),
        ..before.clone()
    };
    assert_eq!(put(ports, &before), (1, true));
    assert_eq!(put(ports, &after), (2, true));
    assert_eq!(put(ports, &after), (2, false));
    assert_eq!(find(ports, "p", None).unwrap().compiled, b"another form");
}

pub fn finds_the_newest_or_the_named_revision(ports: &impl Ports) {
    let (one, two) = (policy("p", "one"), policy("p", "two"));
    put(ports, &one);
    put(ports, &two);
    let (one, two) = (Policy { revision: 1, ..one }, Policy { revision: 2, ..two });
    assert_eq!(find(ports, "p", None), Some(two.clone()));
    assert_eq!(find(ports, "p", Some(1)), Some(one));
    assert_eq!(find(ports, "p", Some(2)), Some(two));
    for (name, revision) in [("p", Some(3)), ("p", Some(0)), ("P", None), ("q", None)] {
        assert_eq!(find(ports, name, revision), None, "{name} {revision:?}");
    }
}

pub fn lists_newest_revisions_by_the_bytes_of_the_name(ports: &impl Ports) {
    let ordered = ["A", "B b", "a", "b", "ä"];
    for name in ["b", "ä", "A", "a", "B b"] {
        put(ports, &policy(name, "one"));
        put(ports, &policy(name, "two"));
    }
    let list = |after: Option<&str>, limit| -> Vec<(String, u32)> {
        let policies = PolicyRepository::list(ports, after, limit).unwrap();
        policies
            .into_iter()
            .map(|policy| (policy.name, policy.revision))
            .collect()
    };
    let expected: Vec<_> = ordered.iter().map(|name| ((*name).to_owned(), 2)).collect();
    assert_eq!(list(None, 1_000), expected);
    assert_eq!(list(None, 2), expected[..2]);
    assert_eq!(list(Some("B b"), 2), expected[2..4]);
    assert_eq!(list(Some("aa"), 9), expected[3..]);
    assert_eq!(list(Some("ä"), 9), []);
    assert_invalid(PolicyRepository::list(ports, None, 0));
}

pub fn retires_what_is_missing_and_keeps_the_rest(ports: &impl Ports) {
    for name in ["b", "a", "kept", "it's \"quoted\""] {
        put(ports, &policy(name, "one"));
    }
    put(
        ports,
        &Policy {
            source: PolicySource::Api,
            ..policy("api", "one")
        },
    );
    let retired = retire(
        ports,
        PolicySource::File,
        &["kept", "it's \"quoted\"", "unknown"],
    );
    assert_eq!(retired, ["a", "b"]);

    let a = find(ports, "a", None).unwrap();
    let expected = Policy {
        revision: 2,
        status: PolicyStatus::Retired,
        created_at: after_noon(1),
        ..policy("a", "one")
    };
    assert_eq!(a, expected);
    assert_eq!(
        find(ports, "a", Some(1)).unwrap().status,
        PolicyStatus::Active
    );
    for name in ["kept", "it's \"quoted\"", "api"] {
        assert_eq!(
            find(ports, name, None).unwrap().status,
            PolicyStatus::Active,
            "{name}"
        );
    }
}

pub fn retires_nothing_twice(ports: &impl Ports) {
    put(ports, &policy("a", "one"));
    assert_eq!(retire(ports, PolicySource::File, &[]), ["a"]);
    assert_eq!(retire(ports, PolicySource::File, &[]), [] as [&str; 0]);
    assert_eq!(find(ports, "a", None).unwrap().revision, 2);
}

pub fn revives_a_retired_policy(ports: &impl Ports) {
    put(ports, &policy("a", "one"));
    retire(ports, PolicySource::File, &[]);
    assert_eq!(put(ports, &policy("a", "one")), (3, true));
    let revived = find(ports, "a", None).unwrap();
    assert_eq!(
        (revived.status, revived.created_at),
        (PolicyStatus::Active, at(crate::fixtures::NOON))
    );
}

pub fn refuses_names_that_are_empty_or_too_long(ports: &impl Ports) {
    for name in [String::new(), "ä".repeat(129)] {
        assert_invalid(PolicyRepository::put(ports, &policy(&name, "one")));
    }
    assert_eq!(PolicyRepository::list(ports, None, 10), Ok(vec![]));
    assert!(PolicyRepository::put(ports, &policy(&"🦀".repeat(128), "one")).is_ok());
}

pub fn gives_revisions_newest_first_without_their_content(ports: &impl Ports) {
    for content in ["1", "2", "3", "4", "5"] {
        put(ports, &policy("p", content));
        put(ports, &policy("q", content));
    }
    let broken = Policy {
        status: PolicyStatus::Broken,
        problem: Some("line 1: no rule".to_owned()),
        ..policy("p", "6")
    };
    put(ports, &broken);
    let revisions = |name, before, limit| {
        let rows = ports.revisions(name, before, limit).unwrap().into_iter();
        rows.map(|row| row.revision).collect::<Vec<_>>()
    };
    let newest = ports.revisions("p", None, 1).unwrap();
    let bare = Policy {
        revision: 6,
        document: String::new(),
        compiled: Vec::new(),
        ..broken
    };
    assert_eq!(newest, [bare]);
    assert_eq!(revisions("p", None, 1_000), [6, 5, 4, 3, 2, 1]);
    assert_eq!(revisions("p", Some(6), 2), [5, 4]);
    assert_eq!(revisions("p", Some(4), 2), [3, 2]);
    assert_eq!(revisions("p", Some(2), 2), [1]);
    assert_eq!(revisions("p", Some(u32::MAX), 1), [6]);
    for before in [0, 1] {
        assert!(revisions("p", Some(before), 2).is_empty(), "{before}");
    }
    assert!(revisions("P", None, 10).is_empty());
    for limit in [0, 1_001] {
        assert_invalid(ports.revisions("p", None, limit));
    }
}
