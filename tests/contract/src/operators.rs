//! `vectra:persistence/operators`.

use vectra_domain::repository::OperatorRepository;
use vectra_domain::{Operator, OperatorRole, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, assert_conflict, assert_invalid, assert_not_found, operator, operator_id,
};

fn insert(ports: &impl Ports, operator: Operator) -> Operator {
    OperatorRepository::insert(ports, &operator).unwrap();
    operator
}

fn find(ports: &impl Ports, number: u128) -> Option<Operator> {
    ports.find_by_key(&operator(number).key_hash).unwrap()
}

fn list(ports: &impl Ports) -> Vec<Operator> {
    OperatorRepository::list(ports, None, 1_000).unwrap()
}

pub fn finds_an_operator_by_its_key(ports: &impl Ports) {
    let roles = [
        OperatorRole::Admin,
        OperatorRole::Reviewer,
        OperatorRole::Auditor,
    ];
    for (number, role) in (1..).zip(roles) {
        let made = Operator {
            role,
            expires_at: Some(after_noon(5)),
            last_used_at: Some(after_noon(6)),
            ..operator(number)
        };
        insert(ports, made.clone());
        assert_eq!(find(ports, number), Some(made));
    }
    for unknown in [&operator(9).key_hash, "", "'; --", "vop_key"] {
        assert_eq!(ports.find_by_key(unknown), Ok(None));
    }
    let upper = operator(1).key_hash.to_uppercase();
    assert_eq!(ports.find_by_key(&upper), Ok(None));
}

pub fn refuses_an_id_a_key_or_a_name_that_is_taken(ports: &impl Ports) {
    insert(ports, operator(1));
    let same_id = Operator {
        id: operator_id(1),
        ..operator(2)
    };
    let same_key = Operator {
        key_hash: operator(1).key_hash,
        ..operator(2)
    };
    let same_name = Operator {
        name: operator(1).name,
        ..operator(2)
    };
    for taken in [same_id, same_key, same_name] {
        assert_conflict(OperatorRepository::insert(ports, &taken));
    }
    assert_eq!(list(ports), [operator(1)]);
}

pub fn gives_the_name_of_a_revoked_operator_away_but_not_its_key(ports: &impl Ports) {
    let first = insert(ports, operator(1));
    ports.revoke(first.id, after_noon(1)).unwrap();
    let second = insert(
        ports,
        Operator {
            name: first.name.clone(),
            ..operator(2)
        },
    );
    let third = Operator {
        name: first.name.clone(),
        ..operator(3)
    };
    assert_conflict(OperatorRepository::insert(ports, &third));
    ports.revoke(second.id, after_noon(2)).unwrap();
    let reused = Operator {
        key_hash: first.key_hash,
        ..operator(3)
    };
    assert_conflict(OperatorRepository::insert(ports, &reused));
    insert(ports, third);
    assert_eq!(list(ports).len(), 3);
}

pub fn revokes_once(ports: &impl Ports) {
    let made = insert(ports, operator(1));
    let revoked = Operator {
        revoked_at: Some(after_noon(7)),
        ..made
    };
    assert_eq!(ports.revoke(revoked.id, after_noon(7)), Ok(revoked.clone()));
    assert_not_found(ports.revoke(revoked.id, after_noon(8)));
    assert_not_found(ports.revoke(operator_id(404), after_noon(8)));
    assert_eq!(find(ports, 1), Some(revoked));
}

pub fn notes_the_latest_use_to_the_minute(ports: &impl Ports) {
    let made = insert(ports, operator(1));
    insert(ports, operator(2));
    let used = || find(ports, 1).unwrap().last_used_at;
    assert_eq!(used(), None);
    let (minute, second) = (Timestamp::MINUTE, Timestamp::SECOND);
    for (at, expected) in [
        (3 * second, 0),
        (minute + 59 * second, minute),
        (minute, minute),
        (0, minute),
        (9 * minute, 9 * minute),
    ] {
        ports.touch(made.id, after_noon(at)).unwrap();
        assert_eq!(used(), Some(after_noon(expected)));
    }
    assert_eq!(find(ports, 2), Some(operator(2)));
    // Nothing to note, and nobody to tell.
    assert_eq!(ports.touch(operator_id(404), after_noon(0)), Ok(()));
}

pub fn lists_by_the_bytes_of_the_name_then_by_id(ports: &impl Ports) {
    for (number, name) in (1..).zip(["b", "a", "ä", "B", "_", "z"]) {
        let name = name.to_owned();
        insert(
            ports,
            Operator {
                name,
                ..operator(number)
            },
        );
    }
    ports.revoke(operator_id(2), after_noon(0)).unwrap();
    let again = Operator {
        name: "a".to_owned(),
        ..operator(7)
    };
    insert(ports, again);
    let ids: Vec<_> = list(ports).into_iter().map(|row| row.id).collect();
    assert_eq!(ids, [4, 5, 2, 7, 1, 6, 3].map(operator_id));
}

pub fn pages_without_gap_or_repetition(ports: &impl Ports) {
    for number in 1..=12 {
        let name = format!("operator {}", number / 4);
        let row = Operator {
            name,
            revoked_at: Some(after_noon(0)),
            ..operator(number)
        };
        insert(ports, row);
    }
    let whole = list(ports);
    assert_eq!(whole.len(), 12);
    for size in [1, 3, 5] {
        let (mut after, mut paged) = (None, Vec::new());
        loop {
            let next = OperatorRepository::list(ports, after.as_ref(), size).unwrap();
            let Some(last) = next.last() else { break };
            after = Some((last.name.clone(), last.id));
            paged.extend(next);
        }
        assert_eq!(paged, whole, "pages of {size}");
    }
    for limit in [0, 1_001] {
        assert_invalid(OperatorRepository::list(ports, None, limit));
    }
}

pub fn refuses_names_that_are_empty_or_too_long(ports: &impl Ports) {
    for name in ["", &"x".repeat(129), "a\0b"] {
        let name = name.to_owned();
        let row = Operator {
            name,
            ..operator(1)
        };
        assert_invalid(OperatorRepository::insert(ports, &row));
    }
    for (number, name) in (1..).zip(["🦀".repeat(128), " ".to_owned(), "'; --".to_owned()]) {
        let row = Operator {
            name,
            ..operator(number)
        };
        insert(ports, row.clone());
        assert_eq!(find(ports, number), Some(row));
    }
    assert_invalid(ports.find_by_key("a\0b"));
    let after = ("a\0b".to_owned(), operator_id(1));
    assert_invalid(OperatorRepository::list(ports, Some(&after), 1));
}

/// So a key that was not hashed never gets into the database, nor into the error.
pub fn refuses_a_key_that_is_not_hashed(ports: &impl Ports) {
    let hash = operator(1).key_hash;
    for key in [
        "vop_0123456789abcdef",
        "",
        &hash.to_uppercase(),
        hash.trim_start_matches('0'),
        &format!("{hash}0"),
        &format!("{hash}\n"),
    ] {
        let key_hash = key.to_owned();
        let row = Operator {
            key_hash,
            ..operator(1)
        };
        let error = OperatorRepository::insert(ports, &row).unwrap_err();
        assert!(!format!("{error:?}").contains("vop_"), "{error:?}");
        assert_invalid::<()>(Err(error));
    }
    assert_eq!(list(ports), []);
}
