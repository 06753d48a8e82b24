//! The exports of a repositories component, as the imports that the gateway sees: so its
//! code can be compiled here and call the instance of this thread.
#![allow(clippy::all, clippy::pedantic, dead_code, missing_docs, unused)]

pub mod exported {
    wasmtime::component::bindgen!({
        path: "../wit/persistence",
        world: "vectra:persistence/repositories",
        exports: { default: async },
    });
}

pub mod variables {
    wasmtime::component::bindgen!({
        path: "../wit/deps/fermyon-spin@2.0.0",
        interfaces: "import fermyon:spin/variables@2.0.0;",
    });
}

pub mod vectra {
    pub use crate::decisions::called as decision;

    pub mod persistence {
        use super::super::exported::exports::vectra::persistence as wit;

        pub mod types {
            pub use super::wit::types::*;
        }

        /// Functions that call the export of the same name.
        macro_rules! calls {
            ($interface:ident.$guest:ident: $($name:ident($($argument:ident: $type:ty),*) -> $result:ty, $call:ident;)+) => {
                pub mod $interface {
                    pub use super::wit::$interface::*;

                    $(pub fn $name($($argument: $type),*) -> Result<$result, Error> {
                        crate::guest::call!(|instance, store| instance.$guest().$call(store, $($argument),*))
                    })+
                }
            };
        }

        calls! { schema.vectra_persistence_schema:
            ensure() -> u32, call_ensure;
            version() -> u32, call_version;
        }
        calls! { agents.vectra_persistence_agents:
            insert(agent: &Agent) -> (), call_insert;
            find(id: &String) -> Option<Agent>, call_find;
            update(id: &String, change: &AgentChange) -> Agent, call_update;
            delete(id: &String, now: i64) -> (), call_delete;
            list(query: &PageQuery) -> Vec<Agent>, call_list;
            prune(before: i64, limit: u32) -> u32, call_prune;
        }
        calls! { agent_history.vectra_persistence_agent_history:
            append(entry: &AgentHistoryEntry) -> (), call_append;
            recent(agent: &String, since: i64, limit: u32) -> Vec<AgentHistoryEntry>, call_recent;
            prune(before: i64, limit: u32) -> u32, call_prune;
        }
        calls! { audit_trail.vectra_persistence_audit_trail:
            append(entry: &AuditEntry, explanation: &str) -> (), call_append;
            complete(id: &String, outcome: &AuditOutcome) -> (), call_complete;
            find(id: &String) -> Option<AuditRecord>, call_find;
            list(query: &PageQuery) -> Vec<AuditEntry>, call_list;
            range(query: &RangeQuery) -> Vec<(AuditEntry, String)>, call_range;
        }
        calls! { policies.vectra_persistence_policies:
            put(policy: &Policy) -> PutResult, call_put;
            find(name: &str, revision: Option<u32>) -> Option<Policy>, call_find;
            list(after: Option<&str>, limit: u32) -> Vec<Policy>, call_list;
            revisions(name: &str, before: Option<u32>, limit: u32) -> Vec<Policy>, call_revisions;
            retire_missing(source: PolicySource, keep: &[String], now: i64) -> Vec<String>, call_retire_missing;
        }
        calls! { held_requests.vectra_persistence_held_requests:
            find(id: &String) -> Option<HeldRequest>, call_find;
            find_sealed(id: &String) -> Option<HeldRequest>, call_find_sealed;
            count_pending(now: i64) -> u32, call_count_pending;
            list(query: &PageQuery) -> Vec<HeldRequest>, call_list;
            approve(approval: &Approval, needed: u32) -> (), call_approve;
            approvals(id: &String) -> Vec<Approval>, call_approvals;
            advance(step: &Step) -> HeldRequest, call_advance;
            claim(claim: &ReleaseClaim) -> (), call_claim;
            finish(end: &ReleaseEnd) -> (), call_finish;
            find_release(id: &String) -> Option<Release>, call_find_release;
            expire(now: i64, limit: u32) -> u32, call_expire;
            prune(before: i64, limit: u32) -> u32, call_prune;
        }
        calls! { notifications.vectra_persistence_notifications:
            claim(now: i64, limit: u32) -> Vec<Notification>, call_claim;
            remove(held_id: &String, status: HeldStatus) -> (), call_remove;
            clear(limit: u32) -> u32, call_clear;
        }
        calls! { credentials.vectra_persistence_credentials:
            insert(credential: &Credential) -> (), call_insert;
            find(id: &String) -> Option<Credential>, call_find;
            replace(credential: &Credential) -> (), call_replace;
            remove(id: &String) -> (), call_remove;
            list(after: Option<&str>, limit: u32) -> Vec<Credential>, call_list;
        }
        calls! { agent_access.vectra_persistence_agent_access:
            find(agent: &String) -> AgentAccess, call_find;
            rotate(rotation: &Rotation) -> (), call_rotate;
            limit(agent: &String, requests: Option<u32>, now: i64) -> (), call_limit;
            revoke_tokens(agent: &String, now: i64) -> (), call_revoke_tokens;
        }
        calls! { operators.vectra_persistence_operators:
            insert(operator: &Operator) -> (), call_insert;
            find_by_key(key_hash: &str) -> Option<Operator>, call_find_by_key;
            touch(id: &String, now: i64) -> (), call_touch;
            revoke(id: &String, now: i64) -> Operator, call_revoke;
            list(after: Option<&Cursor>, limit: u32) -> Vec<Operator>, call_list;
        }
        calls! { acts.vectra_persistence_acts:
            append(act: &Act) -> (), call_append;
            complete(act: &String, outcome: &ActOutcome) -> (), call_complete;
            list(query: &PageQuery) -> Vec<(Act, Option<ActOutcome>)>, call_list;
        }
        calls! { lockouts.vectra_persistence_lockouts:
            find(subject: &Subject) -> Option<Failures>, call_find;
            fail(subject: &Subject, now: i64, forget_before: i64) -> (), call_fail;
            clear(subject: &Subject) -> (), call_clear;
        }
        calls! { external_issuers.vectra_persistence_external_issuers:
            find(issuer: &str) -> Option<Keys>, call_find;
            claim(issuer: &str, now: i64, not_since: i64) -> bool, call_claim;
            attempted(issuer: &str) -> Option<i64>, call_attempted;
            put(issuer: &str, keys: &Keys) -> (), call_put;
        }
        calls! { circuits.vectra_persistence_circuits:
            report(report: &RequestReport, rule: Rule) -> (), call_report;
            list(after: Option<&Cursor>, limit: u32) -> Vec<Circuit>, call_list;
            list_changes(before: Option<u64>, limit: u32) -> Vec<Change>, call_list_changes;
            prune(before: i64, limit: u32) -> u32, call_prune;
        }
        calls! { ledger.vectra_persistence_ledger:
            load(query: &Query) -> Context, call_load;
            record(entry: &Entry) -> Recorded, call_record;
            list_refusals(query: &RefusalsQuery) -> Vec<Refusals>, call_list_refusals;
            counters() -> Vec<Counter>, call_counters;
            prune(before: i64, limit: u32) -> u32, call_prune;
        }
        calls! { intent_cache.vectra_persistence_intent_cache:
            find(key: &str, now: i64) -> Option<String>, call_find;
            put(key: &str, document: &str, expires_at: i64) -> (), call_put;
            prune(now: i64, limit: u32) -> u32, call_prune;
        }
    }
}
