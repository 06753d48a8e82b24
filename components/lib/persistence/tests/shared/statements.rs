//! What a call sends.

use vectra_contract::calls::calls;

use crate::database::ready;

#[test]
fn sends_one_statement_per_call_and_opens_no_transaction() {
    let repositories = ready();
    for (name, call) in calls() {
        call(&repositories);
        let executed = repositories.database().executed();
        let [statement] = executed.as_slice() else {
            panic!("{name}: {executed:?}")
        };
        for word in [
            "BEGIN",
            "COMMIT",
            "SAVEPOINT",
            "PRAGMA",
            "changes()",
            "last_insert_rowid",
        ] {
            assert!(!statement.contains(word), "{name}: {statement}");
        }
    }
}
