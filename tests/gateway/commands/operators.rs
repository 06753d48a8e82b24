//! `vectra operator`, and what operators may do with their keys.

use serde_json::Value;
use vectra_tests::process::{Home, SecretSource, Setup};

use super::shell::{Shell, below, beside};

#[tokio::test]
async fn operators_are_added_listed_and_revoked() {
    let home = Home::new(Setup::default()).unwrap();
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);

    let made = shell
        .run("operator add ada --role auditor --expires-in 90d")
        .await;
    assert_eq!(made.code, 0, "{made:?}");
    let (id, key) = (beside(&made.out, "id"), beside(&made.out, "key"));
    assert!(key.starts_with("vop_"), "{made:?}");
    assert!(made.err.contains("not shown again") && !made.err.contains(&key));
    assert_eq!(beside(&made.out, "role"), "Auditor");
    assert!(beside(&made.out, "expires").starts_with("20"), "{made:?}");

    let line = "operator add rob --role reviewer --expires 2099-01-31T01:00:00+01:00";
    let rob = shell.json(line).await;
    assert_eq!(rob["expiresAt"], "2099-01-31T00:00:00.000000Z");
    let ann = shell.json("operator add ann --role admin").await;
    assert_eq!(
        (&ann["role"], &ann["expiresAt"]),
        (&Value::from("Admin"), &Value::Null)
    );
    let error = shell.fails("operator add ann --role admin", 1).await;
    assert!(error.contains("409"), "{error}");

    // Each does what their role may, and is named for it.
    let (auditor, ann_key) = (shell.with(Some(&key)), ann["key"].as_str().unwrap());
    let admin = shell.with(Some(ann_key));
    let reviewer = shell.with(rob["key"].as_str());
    auditor.done("agent list").await;
    let error = auditor.fails("agent add x", 3).await;
    assert!(
        error.contains("403") && error.contains("the key is that of VECTRA_KEY"),
        "{error}"
    );
    reviewer.fails("audit acts", 3).await;
    admin.done("agent add x").await;
    let acts = auditor.done("audit acts --operator ann").await;
    assert_eq!(below(&acts, "ACTION"), ["POST /agents"]);
    assert_eq!(below(&acts, "STATUS"), ["201"]);

    // By name and by id; then the name is free, and the key is none.
    shell.done("operator revoke ann").await;
    admin.fails("agent list", 3).await;
    shell.done(&format!("operator revoke {id}")).await;
    auditor.fails("agent list", 3).await;
    shell.fails(&format!("operator revoke {id}"), 4).await;
    shell.fails("operator revoke ann", 4).await;
    shell.fails("operator revoke nobody", 4).await;
    // A name may look like an id.
    let name = "0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11";
    let line = format!("operator add {name} --role auditor");
    let named = shell.json(&line).await;
    shell.done(&format!("operator revoke {name}")).await;
    let error = shell.fails(&format!("operator revoke {name}"), 4).await;
    assert!(error.contains("404"), "{error}");
    let named = shell.with(named["key"].as_str());
    named.fails("agent list", 3).await;
    shell.done("operator add ann --role auditor").await;

    let table = shell.done("operator list").await;
    assert_eq!(
        below(&table, "NAME"),
        [name, "ada", "ann", "ann", "rob"],
        "{table}"
    );
    for key in [key.as_str(), ann_key] {
        assert!(!table.contains(key), "{table}");
    }
    let json = shell.json("operator list").await;
    let revoked = json["items"].as_array().unwrap().iter();
    let revoked = revoked.filter(|operator| !operator["revokedAt"].is_null());
    assert_eq!(revoked.count(), 3);
}

#[tokio::test]
async fn a_key_is_taken_from_where_it_is_said_to_be() {
    let setup = Setup {
        secrets: SecretSource::Made,
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = home.up().await.unwrap();
    // The first key, which `vectra up` has left here.
    let shell = Shell::new(&home, &vectra).with(None);
    shell.done("agent list").await;
    let ann = shell.json("operator add ann --role auditor").await;
    std::fs::write(home.path("ann"), ann["key"].as_str().unwrap()).unwrap();
    std::fs::write(home.path("wrong"), "vop_wrong").unwrap();
    // The file goes before the variable, the variable before what is left here.
    let error = shell.fails("agent list --key-file wrong", 3).await;
    assert!(
        error.contains("401") && error.contains("`wrong`"),
        "{error}"
    );
    let other = shell.with(Some("vop_other"));
    let error = other.fails("agent list", 3).await;
    assert!(error.contains("VECTRA_KEY"), "{error}");
    other.done("agent list --key-file ann").await;
    let error = other.fails("agent add x --key-file ann", 3).await;
    assert!(error.contains("403"), "{error}");
    std::fs::remove_dir_all(home.path("vectra.db.secrets")).unwrap();
    let error = shell.fails("agent list", 3).await;
    assert!(
        error.contains("--key-file") && error.contains("VECTRA_KEY"),
        "{error}"
    );
}
