//! `vectra:persistence/acts`.

use vectra_domain::repository::{ActPage, ActRepository};
use vectra_domain::{Act, ActOutcome, OperatorRole};

use crate::Ports;
use crate::fixtures::{
    act, act_id, after_noon, assert_conflict, assert_invalid, assert_not_found, at, operator_id,
};

fn append(ports: &impl Ports, act: Act) -> Act {
    ActRepository::append(ports, &act).unwrap();
    act
}

fn outcome(status: u16, micros: i64) -> ActOutcome {
    ActOutcome {
        status,
        target: None,
        timestamp: after_noon(micros),
    }
}

fn page(limit: u32) -> ActPage {
    ActPage {
        operator_name: None,
        after: None,
        limit,
    }
}

fn list(ports: &impl Ports, page: &ActPage) -> Vec<(Act, Option<ActOutcome>)> {
    ActRepository::list(ports, page).unwrap()
}

pub fn lists_what_was_appended(ports: &impl Ports) {
    let roles = [
        OperatorRole::Admin,
        OperatorRole::Reviewer,
        OperatorRole::Auditor,
    ];
    let mut acts = Vec::new();
    for (number, role) in (1..).zip(roles) {
        let bare = Act {
            operator_role: role,
            ..act(number, after_noon(-i64::try_from(number).unwrap()))
        };
        let full = Act {
            id: act_id(number + 10),
            operator_id: Some(operator_id(number)),
            target: Some("018f".to_owned()),
            client_address: Some("192.0.2.1".to_owned()),
            ..bare.clone()
        };
        acts.push((append(ports, full), None));
        acts.push((append(ports, bare), None));
    }
    assert_eq!(list(ports, &page(10)), acts);
}

pub fn completes_an_act_once(ports: &impl Ports) {
    let first = append(ports, act(1, after_noon(1)));
    let second = append(ports, act(2, after_noon(0)));
    let made = ActOutcome {
        target: Some("made".to_owned()),
        ..outcome(201, 9)
    };
    ActRepository::complete(ports, first.id, &made).unwrap();
    let expected = [(first.clone(), Some(made)), (second.clone(), None)];
    assert_eq!(list(ports, &page(10)), expected);

    assert_conflict(ActRepository::complete(ports, first.id, &outcome(500, 10)));
    assert_eq!(list(ports, &page(10)), expected);
    ActRepository::complete(ports, second.id, &outcome(404, 9)).unwrap();
    let completed = list(ports, &page(10)).pop();
    assert_eq!(completed, Some((second, Some(outcome(404, 9)))));
}

pub fn completes_no_unknown_act(ports: &impl Ports) {
    assert_not_found(ActRepository::complete(ports, act_id(1), &outcome(200, 0)));
    // Nor is its outcome there when it comes.
    let act = append(ports, act(1, after_noon(0)));
    assert_eq!(list(ports, &page(10)), [(act, None)]);
}

pub fn refuses_a_second_act_of_the_same_id(ports: &impl Ports) {
    let first = append(ports, act(1, after_noon(0)));
    let forged = Act {
        operator_name: "somebody else".to_owned(),
        ..first.clone()
    };
    assert_conflict(ActRepository::append(ports, &forged));
    assert_eq!(list(ports, &page(10)), [(first, None)]);
}

pub fn refuses_what_is_no_act_and_no_outcome(ports: &impl Ports) {
    let changed = |change: fn(&mut Act)| {
        let mut act = act(1, after_noon(0));
        change(&mut act);
        ActRepository::append(ports, &act)
    };
    for refused in [
        changed(|act| act.detail = "{".to_owned()),
        changed(|act| act.detail = String::new()),
        changed(|act| act.detail = "{} {}".to_owned()),
        changed(|act| act.detail = "{}\0".to_owned()),
        changed(|act| act.operator_name = String::new()),
        changed(|act| act.operator_name = "x".repeat(129)),
        changed(|act| act.operator_name = "a\0b".to_owned()),
        changed(|act| act.action = "a\0b".to_owned()),
        changed(|act| act.target = Some("a\0b".to_owned())),
        changed(|act| act.client_address = Some("a\0b".to_owned())),
    ] {
        assert_invalid(refused);
    }
    assert_eq!(list(ports, &page(10)), []);

    let act = append(ports, act(1, after_noon(0)));
    let nul = ActOutcome {
        target: Some("a\0b".to_owned()),
        ..outcome(200, 0)
    };
    for refused in [nul, outcome(0, 0), outcome(99, 0), outcome(1_000, 0)] {
        assert_invalid(ActRepository::complete(ports, act.id, &refused));
    }
    assert_eq!(list(ports, &page(10)), [(act, None)]);
}

pub fn lists_the_newest_first_and_breaks_ties_by_id(ports: &impl Ports) {
    for (number, micros) in [(4, 1), (2, 0), (5, 0), (1, 2), (3, 0)] {
        append(ports, act(number, after_noon(micros)));
    }
    let rows = list(ports, &page(10));
    let ids: Vec<_> = rows.into_iter().map(|(act, _)| act.id).collect();
    assert_eq!(ids, [1, 4, 5, 3, 2].map(act_id));
}

pub fn pages_without_gap_or_repetition(ports: &impl Ports) {
    for number in 1..=12 {
        let micros = i64::try_from(number / 4).unwrap();
        let act = Act {
            operator_name: format!("operator {}", number % 2),
            ..act(number, after_noon(micros))
        };
        let act = append(ports, act);
        if number % 3 == 0 {
            ActRepository::complete(ports, act.id, &outcome(200, 20)).unwrap();
        }
    }
    for (name, count) in [(None, 12), (Some("operator 1"), 6), (Some("operator 2"), 0)] {
        let of = |after, limit| {
            let page = ActPage {
                operator_name: name.map(str::to_owned),
                after,
                limit,
            };
            list(ports, &page)
        };
        let whole = of(None, 1_000);
        assert_eq!(whole.len(), count);
        for size in [1, 3, 5] {
            let (mut after, mut paged) = (None, Vec::new());
            loop {
                let next = of(after, size);
                let Some((last, _)) = next.last() else { break };
                after = Some((last.timestamp, last.id));
                paged.extend(next);
            }
            assert_eq!(paged, whole, "pages of {size}");
        }
    }
    for limit in [0, 1_001] {
        assert_invalid(ActRepository::list(ports, &page(limit)));
    }
    let nul = ActPage {
        operator_name: Some("a\0b".to_owned()),
        ..page(1)
    };
    assert_invalid(ActRepository::list(ports, &nul));
}

pub fn keeps_every_text_as_it_is(ports: &impl Ports) {
    let times = ["9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"].map(at);
    for (number, text) in (1..).zip(["", "'; -- \" $1 ?1", "漢字 🦀 a\u{308} ﬀ", "NULL"]) {
        let text = text.to_owned();
        let act = append(
            ports,
            Act {
                operator_name: format!("{text}x"),
                action: text.clone(),
                target: Some(text.clone()),
                detail: "{ \"a\" : [1.50, \"漢 🦀 '\"] }".to_owned(),
                client_address: Some(text.clone()),
                ..act(number, times[0])
            },
        );
        let outcome = ActOutcome {
            target: Some(text),
            timestamp: times[1],
            ..outcome(999, 0)
        };
        ActRepository::complete(ports, act.id, &outcome).unwrap();
        let named = ActPage {
            operator_name: Some(act.operator_name.clone()),
            ..page(10)
        };
        assert_eq!(list(ports, &named), [(act, Some(outcome))]);
    }
}
