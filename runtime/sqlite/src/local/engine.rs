//! Settings of SQLite itself, for the whole process.

use std::ffi::c_int;
use std::sync::Once;

use libsql::ffi;

/// How much of what a savepoint would restore is kept in memory before it goes to a
/// file, in bytes. A decision changes some fifteen pages of 4 KiB, just about SQLite's
/// own limit of 64 KiB, and a group whose limit was passed once writes all to the file.
const SAVEPOINT_MEMORY: c_int = 1 << 20;

/// Prepares SQLite before its first use. Where something else in this process was
/// quicker, its settings stay, and all works, only slower.
pub(super) fn configure() {
    static CONFIGURE: Once = Once::new();
    CONFIGURE.call_once(|| {
        let settings = [
            (ffi::SQLITE_CONFIG_STMTJRNL_SPILL, SAVEPOINT_MEMORY),
            // Counting memory takes a lock that all threads share.
            (ffi::SQLITE_CONFIG_MEMSTATUS, 0),
        ];
        for (setting, value) in settings {
            // SAFETY: both settings take one int, as SQLite's manual says of them, and
            // SQLite refuses the call itself once it has been initialised.
            let code = unsafe { ffi::sqlite3_config(setting, value) };
            if code != ffi::SQLITE_OK {
                tracing::debug!(sqlite.code = code, "SQLite is in use already");
            }
        }
    });
}
