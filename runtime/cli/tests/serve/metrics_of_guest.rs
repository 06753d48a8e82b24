//! The component's numbers behind the host's.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::metrics::{GUEST_UP, watched};
use crate::scrape::{scrape, until};
use crate::support::Vectra;

/// Tells the probe what to render.
async fn render(vectra: &Vectra, text: &str) {
    let text = text.replace('\n', "' || char(10) || '");
    let lines = format!("DELETE FROM metrics\nINSERT INTO metrics VALUES ('{text}')");
    vectra.send("POST", "/sql", &lines).await;
}

#[tokio::test]
async fn the_components_numbers_follow_or_it_is_said_that_they_do_not() {
    let (_home, vectra) = watched(json!({})).await;
    assert_eq!(scrape(&vectra).await.plain(GUEST_UP), 0.0);
    vectra
        .send("POST", "/sql", "CREATE TABLE metrics (text)")
        .await;
    for (text, up) in [
        (
            "# TYPE of_guest_total counter\nof_guest_total{a=\"b\"} 5\n",
            1.0,
        ),
        ("TRAP", 0.0),
        ("of_guest_total 6\n", 1.0),
        ("this is no metric\n", 0.0),
        ("of_guest_total 7\n", 1.0),
        ("vectra_build_info 1\n", 0.0),
        ("of_guest_total 8\n", 1.0),
        ("LOOP", 0.0),
    ] {
        render(&vectra, text).await;
        let begun = Instant::now();
        let scraped = until(&vectra, text, |scraped| scraped.plain(GUEST_UP) == up).await;
        // What was known before may be shown for a second, and a call takes five at most.
        assert!(begun.elapsed() < Duration::from_secs(10), "{text}");
        assert!(scraped.has("vectra_build_info"), "{text}");
        assert_eq!(scraped.text.contains("of_guest_total"), up == 1.0, "{text}");
    }
    vectra.logs("the component's metrics are left out").await;
    assert_eq!(vectra.get("/hello").await.status, 200);
}

#[tokio::test]
async fn many_scrapes_ask_the_component_once_in_a_second() {
    let (_home, vectra) = watched(json!({})).await;
    vectra
        .send("POST", "/sql", "CREATE TABLE rendered (v)")
        .await;
    let begun = Instant::now();
    for _ in 0..10 {
        tokio::join!(
            scrape(&vectra),
            scrape(&vectra),
            scrape(&vectra),
            scrape(&vectra)
        );
    }
    let most = begun.elapsed().as_secs() + 1;
    let rows = vectra
        .send("POST", "/sql", "SELECT count(*) FROM rendered")
        .await;
    let fits = (0..=most).any(|count| rows.body.contains(&format!("Integer({count})")));
    assert!(fits, "more than {most}: {}", rows.body);
}
