//! `vectra:persistence/credentials`.

use vectra_domain::repository::CredentialRepository;
use vectra_domain::{Credential, Origin, Query, SealedCredential};

use crate::Ports;
use crate::fixtures::{
    after_noon, assert_conflict, assert_invalid, assert_not_found, credential, given_agent, query,
};

fn given(ports: &impl Ports, credential: Credential) -> Credential {
    CredentialRepository::insert(ports, &credential).unwrap();
    credential
}

fn find(ports: &impl Ports, number: u128) -> Option<Credential> {
    CredentialRepository::find(ports, credential(number).id).unwrap()
}

fn unsealed(row: Credential) -> Credential {
    Credential {
        sealed: Vec::new(),
        ..row
    }
}

/// The origin of the credential of this number.
fn origin(number: u128) -> Origin {
    Origin {
        scheme: "https".to_owned(),
        host: format!("{number}.example"),
        port: 443,
    }
}

/// What a decision about a request to an origin gets.
fn load(ports: &impl Ports, origin: Option<Origin>) -> Option<SealedCredential> {
    let agent = crate::fixtures::agent_id(1);
    let query = Query {
        origin,
        ..query(agent, after_noon(0))
    };
    ports.load(&query).unwrap().credential
}

pub fn finds_what_was_inserted_without_the_secret(ports: &impl Ports) {
    let made = given(ports, credential(1));
    assert_eq!(find(ports, 1), Some(unsealed(made)));
    assert_eq!(find(ports, 2), None);
}

pub fn an_origin_has_one(ports: &impl Ports) {
    let made = given(ports, credential(1));
    let same_origin = Credential {
        origin: made.origin.clone(),
        ..credential(2)
    };
    assert_conflict(CredentialRepository::insert(ports, &same_origin));
    let same_id = Credential {
        id: made.id,
        ..credential(3)
    };
    assert_conflict(CredentialRepository::insert(ports, &same_id));
    assert_eq!(find(ports, 1), Some(unsealed(made)));
    let list = CredentialRepository::list(ports, None, 10).unwrap();
    assert_eq!(list.len(), 1);
}

pub fn replaces_what_may_change_and_nothing_else(ports: &impl Ports) {
    let made = given(ports, credential(1));
    let other = given(ports, credential(2));
    let changed = Credential {
        origin: "https://elsewhere.example:443".to_owned(),
        header_names: vec!["x-other".to_owned()],
        key_id: "k2".to_owned(),
        sealed: vec![7],
        created_at: after_noon(5),
        updated_at: after_noon(6),
        ..made.clone()
    };
    assert_eq!(ports.replace(&changed), Ok(()));
    let expected = Credential {
        origin: made.origin,
        created_at: made.created_at,
        ..changed.clone()
    };
    assert_eq!(find(ports, 1), Some(unsealed(expected)));
    assert_eq!(find(ports, 2), Some(unsealed(other)));
    let loaded = load(ports, Some(origin(1))).unwrap();
    assert_eq!((loaded.key_id.as_str(), loaded.sealed), ("k2", vec![7]));
    assert_not_found(ports.replace(&credential(3)));
}

pub fn removes_one_and_its_origin_is_free(ports: &impl Ports) {
    let made = given(ports, credential(1));
    given(ports, credential(2));
    assert_eq!(CredentialRepository::remove(ports, made.id), Ok(()));
    assert_not_found(CredentialRepository::remove(ports, made.id));
    assert_eq!(find(ports, 1), None);
    assert_eq!(load(ports, Some(origin(1))), None);
    assert!(find(ports, 2).is_some());
    let next = Credential {
        origin: made.origin,
        ..credential(3)
    };
    given(ports, next);
}

pub fn lists_by_the_bytes_of_the_origin(ports: &impl Ports) {
    let hosts = ["b", "a-b", "a.b", "B", "ä", "a:1"];
    for (number, host) in (1..).zip(hosts) {
        let origin = (*host).to_owned();
        let row = Credential {
            origin,
            ..credential(number)
        };
        given(ports, row);
    }
    let mut expected = hosts;
    expected.sort_unstable();
    let list = |after: Option<&str>, limit| -> Vec<Credential> {
        CredentialRepository::list(ports, after, limit).unwrap()
    };
    let whole = list(None, 1_000);
    let origins: Vec<_> = whole.iter().map(|row| row.origin.as_str()).collect();
    assert_eq!(origins, expected);
    assert!(whole.iter().all(|row| row.sealed.is_empty()));
    for size in [1, 2, 4] {
        let mut paged: Vec<Credential> = Vec::new();
        loop {
            let after = paged.last().map(|row| row.origin.clone());
            let next = list(after.as_deref(), size);
            if next.is_empty() {
                break;
            }
            paged.extend(next);
        }
        assert_eq!(paged, whole, "pages of {size}");
    }
    for limit in [0, 1_001] {
        assert_invalid(CredentialRepository::list(ports, None, limit));
    }
    assert_invalid(CredentialRepository::list(ports, Some("a\0b"), 1));
}

pub fn loads_the_credential_of_its_origin_alone(ports: &impl Ports) {
    given_agent(ports, 1);
    let made = given(ports, credential(1));
    given(ports, credential(2));
    let expected = SealedCredential {
        id: made.id,
        key_id: made.key_id,
        sealed: made.sealed,
    };
    assert_eq!(load(ports, Some(origin(1))), Some(expected));
    let near: [fn(&mut Origin); 4] = [
        |origin| origin.scheme = "http".to_owned(),
        |origin| origin.host = "x.1.example".to_owned(),
        |origin| origin.host = "1.EXAMPLE".to_owned(),
        |origin| origin.port = 444,
    ];
    for change in near {
        let mut other = origin(1);
        change(&mut other);
        assert_eq!(load(ports, Some(other.clone())), None, "{other}");
    }
    assert_eq!(load(ports, None), None);
    assert_eq!(load(ports, Some(origin(3))), None);
}

pub fn keeps_every_text_as_it_is(ports: &impl Ports) {
    let made = given(
        ports,
        Credential {
            origin: "'; DROP TABLE x; -- \"ä🦀\"".to_owned(),
            header_names: vec!["\"".to_owned(), "a,b".to_owned(), "ä\n".to_owned()],
            key_id: String::new(),
            sealed: (0..=255).collect(),
            ..credential(1)
        },
    );
    assert_eq!(find(ports, 1), Some(unsealed(made)));
    let none = Credential {
        header_names: Vec::new(),
        ..credential(2)
    };
    let none = given(ports, none);
    assert_eq!(find(ports, 2), Some(unsealed(none)));
}

pub fn refuses_what_is_no_credential(ports: &impl Ports) {
    let made = given(ports, credential(1));
    let changes: [fn(&mut Credential); 6] = [
        |row| row.origin = String::new(),
        |row| row.origin = "x".repeat(270),
        |row| row.origin = "a\0b".to_owned(),
        |row| row.header_names = vec![String::new()],
        |row| row.header_names = vec!["a\0b".to_owned()],
        |row| row.key_id = "a\0b".to_owned(),
    ];
    for change in changes {
        let mut wrong = credential(1);
        change(&mut wrong);
        assert_invalid(ports.replace(&wrong));
        wrong.id = credential(2).id;
        assert_invalid(CredentialRepository::insert(ports, &wrong));
    }
    assert_eq!(find(ports, 1), Some(unsealed(made)));
    assert_eq!(find(ports, 2), None);
}
