//! A disk that is full: what cannot be recorded is refused, nothing is forwarded without
//! its record, and it works again as soon as there is room.

use std::io::Write;
use std::time::Instant;

use serde_json::{Value, json};
use vectra_tests::DEADLINE;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::Request;
use vectra_tests::database::Database;
use vectra_tests::process::{ADMIN_KEY, Home, Setup};
use vectra_tests::upstream::Upstream;

/// Takes all the room that is left.
fn fill(path: &std::path::Path) {
    let mut file = std::fs::File::create(path).unwrap();
    for piece in [vec![0; 65_536], vec![0; 1]] {
        while file.write_all(&piece).is_ok() {}
    }
}

#[tokio::test]
async fn refuses_while_the_disk_is_full_and_recovers_by_itself() {
    let upstream = Upstream::start().await.unwrap();
    let file = json!({ "Sqlite": { "ConnectionString": "Data Source=data/vectra.db" } });
    let home = Home::new(Setup {
        settings: json!({ "System": {
            "Storage": { "Database": { "Providers": file } },
            "RateLimit": { "Enabled": false },
        } }),
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    })
    .unwrap();
    let vectra = home.up_on_small_disk("16m").await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let request = agent.proxied("GET", &format!("http://{}/items", upstream.host()));
    must(request.send(vectra.address()).await.unwrap(), 200).unwrap();

    let filler = vectra.inside(&home.path("data/filler")).unwrap();
    fill(&filler);
    // The log of the database may have room of its own left.
    let (begun, mut allowed) = (Instant::now(), 1);
    let refused = loop {
        let answer = request.send(vectra.address()).await.unwrap();
        if answer.status != 200 {
            break must(answer, 503).unwrap();
        }
        allowed += 1;
        assert!(begun.elapsed() < DEADLINE, "{allowed} fit on a full disk");
    };
    assert_eq!(refused.json().unwrap()["errorCode"], json!("VEC300001"));
    // It can still be asked, and says no more than it must.
    let list = Request::new("GET", "/audit").bearer(ADMIN_KEY);
    must(list.send(vectra.address()).await.unwrap(), 200).unwrap();
    for _ in 0..20 {
        let answer = request.send(vectra.address()).await.unwrap();
        let text = String::from_utf8_lossy(&answer.body).to_lowercase();
        assert!(!text.contains("disk") && !text.contains("sqlite"), "{text}");
        allowed += usize::from(must(answer, 503).is_err());
    }
    assert_eq!(upstream.take_received().len(), allowed);

    std::fs::remove_file(&filler).unwrap();
    must(request.send(vectra.address()).await.unwrap(), 200).unwrap();
    assert_eq!(upstream.take_received().len(), 1);

    // SQLite would look for it among our own mounts.
    for name in ["vectra.db", "vectra.db-wal"] {
        let there = vectra.inside(&home.path("data").join(name)).unwrap();
        std::fs::copy(there, home.path(name)).unwrap();
    }
    let database = Database::open(&home.database()).await.unwrap();
    let rows = database.audit(&agent.id).await.unwrap();
    assert_eq!(rows.len(), allowed + 1);
    let check = database.rows("PRAGMA integrity_check", &[]).await.unwrap();
    assert_eq!(check, [json!({ "integrity_check": Value::from("ok") })]);
}
