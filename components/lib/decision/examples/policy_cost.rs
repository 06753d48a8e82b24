//! What a policy costs: `cargo run --release -p vectra-decision --example policy_cost`.
//!
//! Prints CPU time for each question, the size of the compiled form, and what compiling
//! takes, of policies with 10 and with 1,000 rules that differ in host, path and method.

// A program for people, who see where it fails.
#![allow(clippy::expect_used)]

use std::hint::black_box;
use std::time::Instant;

use vectra_decision::{Agent, Meaning, PolicyQuestion, PolicyRequest, Risk, rules};

const ROUNDS: u32 = 100_000;

fn policy(rules: usize) -> String {
    let rules: Vec<String> = (0..rules)
        .map(|n| {
            let path = match n % 2 {
                0 => {
                    format!(r#"{{"field":"path","operator":"startswith","value":"/service{n}/"}}"#)
                }
                _ => format!(
                    r#"{{"field":"path","operator":"regex","value":"/service{n}/|/old{n}/"}}"#
                ),
            };
            format!(
                r#"{{"name":"rule {n}","priority":{n},"effect":"Hitl","conditions":[
                {{"field":"target.host","operator":"eq","value":"host{}.example"}},
                {{"field":"method","operator":"in","value":["POST","DELETE"]}},{path}]}}"#,
                n % 97,
            )
        })
        .collect();
    format!(
        r#"{{"name":"p","default":"Deny","rules":[{},
        {{"name":"reads","priority":-1,"conditions":[{{"field":"method","operator":"eq","value":"GET"}}]}}]}}"#,
        rules.join(",")
    )
}

fn question(method: &str) -> PolicyQuestion {
    let path = "/service4/items/17?page=2";
    PolicyQuestion {
        request: PolicyRequest {
            method: method.into(),
            path: path.into(),
            normalised_path: path.into(),
            target_url: format!("https://host4.example{path}"),
            headers: vec![("content-type".into(), "application/json".into())],
            body: None,
            body_unread: false,
        },
        agent: Agent {
            id: "6f1c2a4e-0000-4000-8000-000000000001".into(),
            trust_score: 0.5,
            policy_name: Some("p".into()),
        },
        risk: Risk {
            score: 0.1,
            factors: Vec::new(),
        },
        intent: Meaning::Unasked,
    }
}

/// Nanoseconds of CPU time of this process, where the system tells.
fn cpu() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn nanoseconds(rounds: u32, work: impl Fn()) -> f64 {
    let (cpu_start, start) = (cpu(), Instant::now());
    (0..rounds).for_each(|_| work());
    let taken = match (cpu_start, cpu()) {
        (Some(start), Some(end)) => (end - start) as f64,
        _ => start.elapsed().as_nanos() as f64,
    };
    taken / f64::from(rounds)
}

fn main() {
    let mut first = None;
    for count in [10, 1_000, 9_000 / 3] {
        let source = policy(count);
        let compiling = nanoseconds(3, || {
            black_box(rules::compile(&source).expect("it compiles"));
        });
        let code = rules::compile(&source).expect("it compiles").code;
        let one = |question: &PolicyQuestion| {
            nanoseconds(ROUNDS, || {
                black_box(rules::evaluate(&code, black_box(question)));
            })
        };
        let (read, write) = (one(&question("GET")), one(&question("DELETE")));
        let base = *first.get_or_insert(read + write);
        println!(
            "{count} rules: GET {read:.0} ns, DELETE {write:.0} ns, {:.2} times 10 rules; \
             {} bytes; compiled in {:.1} ms",
            (read + write) / base,
            code.len(),
            compiling / 1e6,
        );
    }
    for source in [
        r"^/v[0-9]+/",
        r"\d{4}",
        r"\w+",
        r"\w+@\w+\.com",
        r"[\w.]+@[\w.]+",
        ".*x.*y",
    ] {
        let policy = format!(
            r#"{{"name":"p","rules":[{{"conditions":[{{"field":"body","operator":"regex","value":"{}"}}]}}]}}"#,
            source.replace('\\', r"\\")
        );
        let start = Instant::now();
        let size = rules::compile(&policy).map(|compiled| compiled.code.len());
        println!(
            "`{source}`: {size:?} in {:.1} ms",
            start.elapsed().as_secs_f64() * 1e3
        );
    }
}
