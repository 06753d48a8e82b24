use super::*;

fn none(_: &str) -> Option<String> {
    None
}

fn all(secrets: &Secrets) -> [&str; 4] {
    let webhook_secret = secrets.webhook_secret.as_deref();
    [
        &secrets.token_secret,
        &secrets.admin_key,
        &secrets.data_key,
        webhook_secret.unwrap_or_default(),
    ]
}

#[test]
fn secrets_are_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("vectra.db.secrets");
    let first = load(&kept, none).unwrap();
    let key = admin_key_file(&kept);
    assert_eq!(first.admin_key_from, Origin::Made(key.clone()));
    assert!(first.admin_key.starts_with("vop_"));
    assert!(all(&first)[3].starts_with("whsec_"));
    assert_eq!(first.from_files.len(), 4);
    let second = load(&kept, none).unwrap();
    assert_eq!(all(&first), all(&second));
    assert_eq!(second.admin_key_from, Origin::Kept(key));
    let files = fs::read_dir(&kept).unwrap();
    assert_eq!(files.count(), 4, "a draft was left");
}

#[cfg(unix)]
#[test]
fn only_their_owner_can_read_them_and_a_wrong_mode_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("vectra.db.secrets");
    load(&kept, none).unwrap();
    for (path, mode) in [
        (kept.clone(), 0o700),
        (kept.join("data_key"), 0o600),
        (kept.join("webhook_secret"), 0o600),
    ] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode | 0o040)).unwrap();
        assert!(matches!(load(&kept, none), Err(SecretError::Open { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    load(&kept, none).unwrap();
}

#[test]
fn the_environment_comes_first_and_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("vectra.db.secrets");
    let given = |key: &'static str| {
        move |name: &str| match name {
            "VECTRA_TOKEN_SECRET" => Some("t".repeat(32)),
            "VECTRA_ADMIN_KEY" => Some(key.to_owned()),
            "VECTRA_WEBHOOK_SECRET" => None,
            _ => Some(STANDARD.encode([7; 32])),
        }
    };
    let secrets = load(&kept, given("vop_0123456789abcdef0123456789abcdef")).unwrap();
    assert_eq!(secrets.admin_key_from, Origin::Environment);
    assert!(!kept.exists());
    assert!(secrets.from_files.is_empty());
    // Nothing is made only for notifications.
    assert_eq!(secrets.webhook_secret, None);
    for key in ["short", "vop_short", "vop 0123456789abcdef0123456789abcdef"] {
        let error = load(&kept, given(key)).err().unwrap().to_string();
        assert!(
            error.contains("VECTRA_ADMIN_KEY") && !error.contains(key),
            "{error}"
        );
    }
}

#[test]
fn a_file_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    assert!(place(folder.path(), &path, "one").unwrap());
    assert!(!place(folder.path(), &path, "two").unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
}

#[cfg(unix)]
#[test]
fn the_classifiers_key_is_optional_and_never_made() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("vectra.db.secrets");
    assert_eq!(load(&kept, none).unwrap().semantic_key, None);
    let file = kept.join("semantic_key");
    assert!(!file.exists());
    fs::write(&file, "sk-of-a-file\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(load(&kept, none), Err(SecretError::Open { .. })));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let secrets = load(&kept, none).unwrap();
    assert_eq!(secrets.semantic_key.as_deref(), Some("sk-of-a-file"));
    assert_eq!(secrets.from_files.len(), 4, "{:?}", secrets.from_files);
    let given = |text: &'static str| {
        move |name: &str| (name == "VECTRA_SEMANTIC_KEY").then(|| text.to_owned())
    };
    let secrets = load(&kept, given("sk-of-the-environment")).unwrap();
    assert_eq!(
        secrets.semantic_key.as_deref(),
        Some("sk-of-the-environment")
    );
    let error = load(&kept, given("two words")).err().unwrap().to_string();
    assert!(
        error.contains("VECTRA_SEMANTIC_KEY") && !error.contains("two words"),
        "{error}"
    );
}

#[test]
fn keys_may_stand_on_several_lines() {
    let data = |bytes: usize| STANDARD.encode(vec![7; bytes]);
    let webhook = |bytes: usize| format!("whsec_{}", data(bytes));
    for (made, text, usable) in [
        (&DATA_KEY, data(32), true),
        (&DATA_KEY, format!("{}\n\n{}\n", data(32), data(32)), true),
        (&DATA_KEY, format!("{}\n{}", data(32), data(31)), false),
        (&DATA_KEY, vec![data(32); 17].join("\n"), false),
        (&DATA_KEY, "\n".to_owned(), false),
        (
            &WEBHOOK_SECRET,
            format!("{}\n{}", webhook(24), webhook(64)),
            true,
        ),
        (&WEBHOOK_SECRET, webhook(23), false),
        (&WEBHOOK_SECRET, webhook(65), false),
        (&WEBHOOK_SECRET, data(32), false),
        (&WEBHOOK_SECRET, vec![webhook(32); 5].join("\n"), false),
    ] {
        assert_eq!((made.kind.is_usable)(&text), usable, "{text}");
    }
}
