//! What commands say, and with which exit code, when they are not done.

use vectra_tests::process::{Home, Setup};

use super::shell::Shell;

const ID: &str = "0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11";

#[tokio::test]
async fn exit_codes_tell_failures_apart() {
    let home = Home::new(Setup::default()).unwrap();
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);
    for (line, code, said) in [
        ("agent", 2, "Usage"),
        ("agent show", 2, "Usage"),
        ("agent show billing", 2, "GUID"),
        ("agent list --key vop_x", 2, "--key"),
        ("agent list --url ftp://a", 2, "--url must be"),
        ("agent list --url http://192.0.2.1", 2, "--insecure"),
        ("agent show ID", 4, "404"),
        ("agent delete ID", 4, "404"),
        ("policy show nothing", 4, "404"),
        ("agent policy ID nothing", 4, "404"),
        ("operator revoke ID", 4, "404"),
        ("agent add x --secret-file missing", 1, "missing"),
        ("agent list --ca missing", 1, "missing"),
    ] {
        let error = shell.fails(&line.replace("ID", ID), code).await;
        assert!(error.contains(said), "`{line}`: {error}");
    }
    let long = format!("agent add {}", "x".repeat(129));
    let error = shell.fails(&long, 1).await;
    assert!(
        error.contains("; name: ") && error.contains("400"),
        "{error}"
    );
    for key in ["vop_wrong", "x"] {
        let error = shell.with(Some(key)).fails("agent list", 3).await;
        assert!(error.contains("401"), "{error}");
    }
    shell.with(None).fails("agent list", 3).await;

    let gone = shell.at(&format!("http://{}", vectra.address()));
    vectra.stop().await.unwrap();
    let error = gone.fails("agent list", 5).await;
    assert!(error.contains("cannot reach 127.0.0.1:"), "{error}");
}
