//! What every implementation of `vectra:persistence` must do, as test cases.
//!
//! ```ignore
//! mod memory {
//!     vectra_contract::contract!(vectra_persistence::memory::Memory::bare);
//! }
//! ```
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a case that fails panics; its name says what it shows"
)]

pub mod access;
pub mod acts;
pub mod agents;
pub mod approvals;
pub mod audit;
pub mod calls;
pub mod circuits;
pub mod claims;
pub mod counters;
pub mod credentials;
pub mod expiry;
pub mod fixtures;
pub mod held;
pub mod history;
pub mod intents;
pub mod issuers;
pub mod ledger;
pub mod limits;
pub mod lockouts;
pub mod model;
pub mod notifications;
pub mod operators;
pub mod outcomes;
pub mod policies;
pub mod probes;
pub mod releases;
pub mod schema;
pub mod text;
pub mod trust;

use vectra_domain::repository::{
    ActRepository, AgentAccessRepository, AgentHistoryRepository, AgentRepository, AuditRepository,
    CircuitRepository, CredentialRepository, ExternalIssuerRepository, HeldRequestRepository,
    IntentCache, Ledger, LockoutRepository, NotificationRepository, OperatorRepository,
    PolicyRepository, Schema,
};

/// Everything that `vectra:persistence` offers.
pub trait Ports:
    Schema
    + AgentRepository
    + AgentHistoryRepository
    + AuditRepository
    + PolicyRepository
    + HeldRequestRepository
    + NotificationRepository
    + CredentialRepository
    + AgentAccessRepository
    + OperatorRepository
    + ActRepository
    + LockoutRepository
    + ExternalIssuerRepository
    + CircuitRepository
    + IntentCache
    + Ledger
{
}

impl<P> Ports for P where
    P: Schema
        + AgentRepository
        + AgentHistoryRepository
        + AuditRepository
        + PolicyRepository
        + HeldRequestRepository
        + NotificationRepository
        + CredentialRepository
        + AgentAccessRepository
        + OperatorRepository
        + ActRepository
        + LockoutRepository
        + ExternalIssuerRepository
        + CircuitRepository
        + IntentCache
        + Ledger
{
}

/// Makes a test of each case. `fresh` is a function that gives an implementation
/// without tables; or two are given: one without, and one that may have them already.
#[macro_export]
macro_rules! contract {
    ($fresh:path) => {
        $crate::contract!($fresh, $fresh);
    };
    ($bare:path, $fresh:path) => {
        $crate::contract!(@bare $bare, schema:
            tells_that_the_tables_are_missing
            makes_the_tables_and_may_be_repeated);
        $crate::contract!(@ready $fresh, agents:
            finds_what_was_inserted
            finds_nothing_for_an_unknown_id
            refuses_a_second_agent_of_the_same_id
            takes_a_second_agent_of_the_same_name
            refuses_names_that_are_empty_or_too_long
            updates_only_what_is_named
            clears_and_sets_optional_columns
            does_not_update_an_unknown_or_deleted_agent
            leaves_a_tombstone_when_deleted
            lists_by_the_bytes_of_the_name_then_by_id
            pages_without_gap_or_repetition
            lists_deleted_agents_only_when_asked_for
            lists_only_the_agents_of_an_owner
            lists_only_the_agents_of_a_policy_or_a_name
            refuses_pages_of_no_or_too_many_rows
            prunes_tombstones_that_have_nothing_left);
        $crate::contract!(@ready $fresh, history:
            gives_the_newest_first
            includes_the_very_microsecond_of_since
            knows_no_other_agents_rows
            breaks_ties_by_id
            refuses_an_unknown_agent
            refuses_a_second_row_of_the_same_id
            takes_a_row_of_a_deleted_agent
            prunes_the_oldest_up_to_the_limit);
        $crate::contract!(@ready $fresh, audit:
            finds_what_was_appended_with_its_explanation
            finds_nothing_for_an_unknown_id
            refuses_a_second_row_of_the_same_id
            takes_a_row_of_an_unknown_agent
            refuses_an_explanation_that_is_no_json
            lists_the_newest_first_and_breaks_ties_by_id
            pages_without_gap_or_repetition
            lists_only_the_rows_of_an_agent
            keeps_times_to_the_microsecond_from_year_1_to_9999
            gives_a_stretch_of_time_oldest_first_with_explanations
            pages_a_stretch_without_gap_or_repetition);
        $crate::contract!(@ready $fresh, outcomes:
            completes_a_decision_once
            completes_no_unknown_decision
            keeps_every_outcome_as_it_is
            refuses_what_is_no_outcome
            changes_no_list);
        $crate::contract!(@ready $fresh, policies:
            numbers_revisions_from_1
            writes_nothing_when_the_content_is_the_same
            adds_a_revision_when_only_the_status_changes
            refuses_a_policy_of_the_other_source
            a_retired_name_is_anybodys_again
            what_is_compiled_otherwise_is_another_revision
            finds_the_newest_or_the_named_revision
            lists_newest_revisions_by_the_bytes_of_the_name
            retires_what_is_missing_and_keeps_the_rest
            retires_nothing_twice
            revives_a_retired_policy
            refuses_names_that_are_empty_or_too_long
            gives_revisions_newest_first_without_their_content);
        $crate::contract!(@ready $fresh, held:
            finds_what_was_recorded
            makes_a_step_from_a_named_state
            refuses_a_step_from_another_state
            makes_no_step_that_no_held_request_may_make
            refuses_a_step_once_expired_unless_told_otherwise
            does_not_know_an_unknown_id
            lists_the_oldest_first_without_the_sealed_request
            pages_without_gap_or_repetition
            counts_what_waits_for_a_human);
        $crate::contract!(@ready $fresh, expiry:
            expires_the_oldest_first_up_to_the_limit
            expires_what_is_approved_and_gives_up_what_outlives_its_lease
            keeps_nothing_sealed_of_what_has_expired
            prunes_only_what_is_final_and_old_and_all_that_belongs_to_it
            prunes_the_oldest_up_to_the_limit);
        $crate::contract!(@ready $fresh, approvals:
            the_last_approval_that_is_needed_approves
            an_operator_has_one_word
            refuses_an_approval_of_what_does_not_wait
            refuses_an_approval_after_expiry
            what_was_needed_once_is_needed_still
            counts_for_the_most_that_was_needed
            gives_approvals_in_the_order_in_which_they_were_given
            keeps_every_word_as_it_is
            refuses_what_is_no_approval);
        $crate::contract!(@ready $fresh, releases:
            a_claim_makes_it_releasing_and_writes_its_audit_row
            claims_nothing_that_is_not_approved
            claims_nothing_of_an_agent_that_is_not_active
            claims_once_whatever_has_become_of_it
            claims_nothing_that_has_expired
            a_claim_whose_audit_row_is_taken_changes_nothing
            refuses_what_is_no_claim
            writes_down_what_came_of_it_once
            writes_down_an_answer_that_came_after_all
            what_an_operator_has_settled_takes_no_answer
            finishes_nothing_that_was_not_sent
            keeps_every_outcome_as_it_is
            refuses_what_is_no_outcome);
        $crate::contract!(@ready $fresh, notifications:
            tells_of_every_state_but_that_of_being_sent
            claims_what_is_due_and_backs_off
            claims_the_first_due_up_to_the_limit
            removes_one_and_no_other
            clears_up_to_the_limit
            refuses_no_or_too_many);
        $crate::contract!(@ready $fresh, credentials:
            finds_what_was_inserted_without_the_secret
            an_origin_has_one
            replaces_what_may_change_and_nothing_else
            removes_one_and_its_origin_is_free
            lists_by_the_bytes_of_the_origin
            loads_the_credential_of_its_origin_alone
            keeps_every_text_as_it_is
            refuses_what_is_no_credential);
        $crate::contract!(@ready $fresh, access:
            knows_nothing_of_an_agent_that_is_unknown_or_as_it_was_made
            sets_and_clears_the_requests_per_minute
            rotates_with_an_overlap_and_leaves_tokens_alone
            rotates_at_once_and_ends_every_token
            keeps_one_former_secret
            ends_tokens_and_never_takes_it_back
            changes_no_unknown_or_deleted_agent
            changes_no_other_agent
            goes_with_its_agent
            keeps_every_secret_hash_as_it_is_and_refuses_u0000);
        $crate::contract!(@ready $fresh, operators:
            finds_an_operator_by_its_key
            refuses_an_id_a_key_or_a_name_that_is_taken
            gives_the_name_of_a_revoked_operator_away_but_not_its_key
            revokes_once
            notes_the_latest_use_to_the_minute
            lists_by_the_bytes_of_the_name_then_by_id
            pages_without_gap_or_repetition
            refuses_names_that_are_empty_or_too_long
            refuses_a_key_that_is_not_hashed);
        $crate::contract!(@ready $fresh, acts:
            lists_what_was_appended
            completes_an_act_once
            completes_no_unknown_act
            refuses_a_second_act_of_the_same_id
            refuses_what_is_no_act_and_no_outcome
            lists_the_newest_first_and_breaks_ties_by_id
            pages_without_gap_or_repetition
            keeps_every_text_as_it_is);
        $crate::contract!(@ready $fresh, lockouts:
            counts_failures_in_a_row
            begins_again_when_the_last_failure_is_forgotten
            does_not_move_the_last_failure_back
            forgets_a_failure_of_a_clock_that_was_wrong
            counts_an_agent_at_each_address_by_itself
            counts_each_subject_by_itself
            gives_a_place_to_the_one_that_fails_last
            refuses_what_is_no_subject);
        $crate::contract!(@ready $fresh, issuers:
            finds_what_was_put
            lets_one_fetch_at_a_time
            tells_when_somebody_was_about_to_fetch_last
            forgets_times_of_a_clock_that_was_wrong
            keeps_the_claim_when_keys_are_put_and_the_keys_when_it_is_claimed
            keeps_the_keys_that_were_fetched_last
            refuses_what_is_no_issuer_and_no_json);
        $crate::contract!(@ready $fresh, ledger:
            loads_the_agent_its_policy_and_the_version
            loads_nothing_of_an_unknown_agent
            loads_an_agent_in_whatever_state
            loads_the_newest_revision_whatever_its_status
            writes_history_audit_and_explanation
            counts_minutes_and_hours_to_their_edges
            counts_denied_and_held_requests_as_violations
            moves_trust_by_the_rule
            does_not_touch_the_time_of_change
            refuses_a_trust_rule_outside_0_to_1
            says_gone_for_an_agent_that_is_not_active
            writes_nothing_when_an_id_is_taken
            loads_what_governs_access_without_the_former_secret
            prunes_activity_that_began_earlier);
        $crate::contract!(@ready $fresh, limits:
            records_exactly_the_limit
            tells_how_many_the_minute_has_recorded
            opens_again_with_the_next_minute
            tells_the_seconds_to_the_next_minute
            lets_nothing_pass_at_a_limit_of_0
            lets_everything_pass_without_a_limit
            limits_each_agent_by_itself
            holds_exactly_as_many_for_an_agent
            holds_exactly_as_many_in_all
            does_not_count_expired_or_decided_requests_as_held
            refuses_a_held_request_of_another_decision
            lists_refusals_the_newest_first_then_by_agent_downwards
            counts_what_finds_no_room_as_refused);
        $crate::contract!(@ready $fresh, counters:
            counts_decisions_by_name_in_the_order_of_bytes
            counts_what_a_limit_refuses_as_limited
            counts_no_other_refusal_and_no_failure
            counts_a_probe_that_passes_and_no_open_circuit
            refuses_what_is_no_name_of_a_counter);
        $crate::contract!(@ready $fresh, trust:
            quarantines_below_the_floor_and_not_at_it
            a_quarantined_agent_is_gone_until_an_operator_lifts_it
            a_refusal_quarantines_nobody
            an_update_raises_trust_and_never_lowers_it);
        $crate::contract!(@ready $fresh, intents:
            finds_an_answer_until_it_expires
            keeps_no_more_than_there_are_places
            keeps_the_answer_that_was_put_last
            prunes_the_oldest_answers_up_to_the_limit
            keeps_every_answer_as_it_is
            refuses_keys_and_answers_outside_their_bounds);
        $crate::contract!(@ready $fresh, circuits:
            one_agent_alone_shuts_only_itself_off
            two_agents_shut_it_off_for_all
            an_agent_counts_for_half_the_threshold_at_most
            counts_failures_of_the_window_only
            counts_agents_for_all_by_their_windows
            an_answer_forgets_the_failures_of_its_agent
            what_comes_late_neither_counts_nor_closes
            lists_by_origin_then_agent_the_one_for_all_first
            pages_changes_the_newest_first
            prunes_what_nobody_needs_any_more
            refuses_what_is_no_report);
        $crate::contract!(@ready $fresh, probes:
            one_probe_passes_under_a_lease
            tells_the_seconds_to_wait_rounded_up
            a_probe_that_is_answered_closes
            a_probe_that_fails_opens_again
            failures_during_the_probe_do_not_count
            old_failures_do_not_open_it_again_for_all
            claims_both_circuits_or_none
            what_refuses_otherwise_leaves_no_claim
            of_several_refusals_the_agents_own_come_first
            an_open_circuit_leaves_no_trace_of_the_request
            needs_no_probe_where_nothing_is_open
            keeps_every_change_in_order
            refuses_a_probe_without_a_lease_or_an_origin);
        $crate::contract!(@ready $fresh, claims:
            who_claims_the_one_for_all_claims_its_own_with_it
            a_probe_of_an_agents_own_circuit_does_not_move_the_one_for_all_that_another_has_claimed
            one_agent_cannot_keep_an_origin_shut_for_all);
        $crate::contract!(@ready $fresh, text:
            keeps_every_text_as_it_is
            keeps_long_text
            refuses_u0000_and_names_the_column);
    };
    (@bare $fresh:path, $module:ident: $($case:ident)+) => {
        mod $module {
            use super::*;
            $(#[test] fn $case() { $crate::$module::$case(&$fresh()); })+
        }
    };
    (@ready $fresh:path, $module:ident: $($case:ident)+) => {
        mod $module {
            use super::*;
            $(#[test] fn $case() {
                let ports = $fresh();
                $crate::fixtures::make_tables(&ports);
                $crate::$module::$case(&ports);
            })+
        }
    };
}
