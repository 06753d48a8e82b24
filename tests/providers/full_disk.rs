//! A disk that has no room left: what fails is undone, also in the memory of who tried.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings::sqlite::exports::spin::sqlite::sqlite::Error;
use crate::instance::{Instance, RUNTIME, assert_intact};

/// Where the small disk is, for the test that runs over it.
const SMALL_DISK: &str = "VECTRA_TEST_SMALL_DISK";
const NAME: &str = "full_disk::what_finds_no_room_is_undone_and_later_work_is_whole";

/// Runs this test again, over a disk of its own in a namespace of its own.
fn again_over_a_small_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut unshare = Command::new("unshare");
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        unshare.arg("--map-root-user");
    }
    let output = unshare
        .args(["--mount", "--", "sh", "-c"])
        .arg("mount -t tmpfs -o size=2m vectra-test \"$0\" && exec \"$@\"")
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(SMALL_DISK, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}{why}"
    );
}

/// Takes all the room that is left.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    for piece in [vec![0; 65_536], vec![0; 1]] {
        while file.write_all(&piece).is_ok() {}
    }
}

#[test]
fn what_finds_no_room_is_undone_and_later_work_is_whole() {
    let Some(folder) = std::env::var_os(SMALL_DISK).map(PathBuf::from) else {
        return again_over_a_small_disk();
    };
    RUNTIME.block_on(async {
        let mut instance = Instance::over(&folder).await;
        let mut connection = instance.open("default").await.unwrap();
        for sql in [
            "CREATE TABLE t (a INTEGER, b BLOB)",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300) \
             INSERT INTO t SELECT 0, zeroblob(2000) FROM n",
        ] {
            instance.execute(connection, sql, &[]).await.unwrap();
        }
        let filler = folder.join("filler");
        fill(&filler);
        for _ in 0..3 {
            let all = "UPDATE t SET a = a + 1";
            let error = instance.execute(connection, all, &[]).await.unwrap_err();
            assert!(
                matches!(error, Error::DatabaseFull | Error::Io(_)),
                "{error:?}"
            );
            // The next one may ask on the same connection.
            instance.close(connection).await;
            connection = instance.open("default").await.unwrap();
            let sum = instance.integer(connection, "SELECT sum(a) FROM t").await;
            assert_eq!(sum, 0, "rows that were never committed are seen");
        }
        fs::remove_file(&filler).unwrap();
        let one = "UPDATE t SET a = 7 WHERE rowid = 1";
        instance.execute(connection, one, &[]).await.unwrap();
        let mut other = Instance::over(&folder).await;
        let seen = other.open("default").await.unwrap();
        assert_eq!(other.integer(seen, "SELECT sum(a) FROM t").await, 7);
    });
    assert_intact(&folder);
}
