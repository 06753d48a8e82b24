//! How long a classification takes: `cargo run -p vectra-classifier --example speed`.

use std::time::Instant;

use vectra_classifier::{MAX_LENGTH, Question, classify};

fn measure(name: &str, text: &str, rounds: u32) {
    let question = Question {
        method: "POST",
        path: "/api/v1/orders/1234/notes?lang=en",
        content_type: Some("application/json"),
        text,
    };
    let start = Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(classify(std::hint::black_box(&question)));
    }
    let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds);
    println!("{name}: {micros:.1} µs");
}

fn main() {
    let line = "text the customer asked for a replacement because the first one was damaged\n";
    measure("no body", "", 20_000);
    measure("77 bytes", line, 20_000);
    measure("1 KiB", &line.repeat(13), 2000);
    measure("64 KiB", &line.repeat(850), 50);
    measure("1 MiB", &line.repeat((MAX_LENGTH - 64) / line.len()), 5);
}
