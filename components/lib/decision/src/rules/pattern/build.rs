//! From a regular expression to an automaton.

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex_automata::Input;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::automaton::{ACCEPT, Automaton, REJECT, ROWS};
use super::work::{self, Work};
use crate::rules::limits;

/// How deep an expression may be nested.
pub(super) const NESTING: u32 = 64;
/// Most memory for each step from the expression to its automaton, in bytes.
const MEMORY: usize = 2 * 1024 * 1024;

const TOO_LARGE: &str = "the regular expression needs too much memory: use `[a-z]` and `[0-9]` rather than \
     `\\w` and `\\d`, smaller repetitions, or several conditions";

const TOGETHER: &str = "the regular expressions of this policy are too much work together: use `[a-z]` and `[0-9]` \
     rather than `\\w`, `\\d` and `[\\s\\S]`, smaller repetitions, or plain texts with `|` between them";

/// Makes an automaton of a regular expression, or says why there is none.
pub(super) fn automaton(source: &str, work: &Work) -> Result<Automaton<'static>, String> {
    // Once it is used up nothing more is tried.
    if work.left() == 0 || !work.spend(work::reading(source)) {
        return Err(TOGETHER.to_owned());
    }
    let hir = parse(source, true)?;
    if hir.properties().look_set().contains_word_unicode() {
        return Err(
            "`\\b` and `\\B` regard the letters of all languages: write `(?-u:\\b)` for ASCII's"
                .to_owned(),
        );
    }
    let nfa = within(work, |limit| {
        thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .which_captures(WhichCaptures::None)
                    .nfa_size_limit(Some(limit)),
            )
            .build_from_hir(&hir)
            .map(|nfa| (nfa.memory_usage(), nfa))
            .ok()
    })?;
    let dfa = within(work, |limit| {
        dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Unanchored)
                    .accelerate(false)
                    .dfa_size_limit(Some(limit))
                    .determinize_size_limit(Some(limit)),
            )
            .build_from_nfa(&nfa)
            .map(|dfa| (dfa.memory_usage(), dfa))
            .ok()
    })?;
    Table::of(&dfa)
        .filter(|table| table.len() <= limits::AUTOMATON)
        .map(|table| Automaton(Cow::Owned(table)))
        .ok_or_else(|| TOO_LARGE.to_owned())
}

/// Makes a step towards an automaton with the memory there is for it; what it took, or all
/// of that if it failed, is spent.
fn within<T>(work: &Work, make: impl FnOnce(usize) -> Option<(usize, T)>) -> Result<T, String> {
    let limit = work.left().min(MEMORY);
    match make(limit) {
        Some((taken, made)) => {
            work.spend(taken.min(limit));
            Ok(made)
        }
        None => {
            work.spend(limit);
            Err(if limit < MEMORY { TOGETHER } else { TOO_LARGE }.to_owned())
        }
    }
}

fn parse(source: &str, case_insensitive: bool) -> Result<Hir, String> {
    let config = syntax::Config::new()
        .case_insensitive(case_insensitive)
        .nest_limit(NESTING);
    syntax::parse_with(source, &config).map_err(|error| {
        format!(
            "malformed regular expression: {}",
            last_line(&error.to_string())
        )
    })
}

/// The parser draws a picture of several lines; its last one says what is wrong.
fn last_line(message: &str) -> &str {
    let line = message.lines().last().unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line)
}

/// The text with which each text begins in which an expression is found, if it begins
/// with `^` and plain ASCII; with case as written, which a match need not have.
pub(in crate::rules) fn literal_start(source: &str) -> Option<String> {
    let hir = parse(source, false).ok()?;
    let HirKind::Concat(parts) = hir.kind() else {
        return None;
    };
    match (parts.first()?.kind(), parts.get(1)?.kind()) {
        (HirKind::Look(Look::Start), HirKind::Literal(literal)) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            text.is_ascii().then(|| text.to_owned())
        }
        _ => None,
    }
}

/// The states that are reached, numbered in the order in which they are.
struct Table<'d> {
    dfa: &'d dense::DFA<Vec<u32>>,
    numbers: BTreeMap<StateID, u16>,
    states: Vec<StateID>,
}

impl<'d> Table<'d> {
    /// The automaton's bytes; none if it has too many states.
    fn of(dfa: &'d dense::DFA<Vec<u32>>) -> Option<Vec<u8>> {
        let mut table = Self {
            dfa,
            numbers: BTreeMap::new(),
            states: Vec::new(),
        };
        let classes = dfa.byte_classes();
        let width = u16::try_from(classes.alphabet_len()).ok()?;
        let start = dfa.start_state_forward(&Input::new("")).ok()?;
        let mut bytes = width.to_le_bytes().to_vec();
        bytes.extend(table.number(start)?.to_le_bytes());
        bytes.extend((0..=u8::MAX).map(|byte| classes.get(byte)));
        let mut at = 0;
        while let Some(state) = table.states.get(at).copied() {
            for unit in classes.representatives(..) {
                let next = match unit.as_u8() {
                    Some(byte) => table.number(dfa.next_state(state, byte))?,
                    // Only whether it is found at the end matters there.
                    None if dfa.is_match_state(dfa.next_eoi_state(state)) => ACCEPT,
                    None => REJECT,
                };
                bytes.extend(next.to_le_bytes());
            }
            at += 1;
        }
        Some(bytes)
    }

    /// Once something is found nothing more matters.
    fn number(&mut self, state: StateID) -> Option<u16> {
        if self.dfa.is_match_state(state) {
            return Some(ACCEPT);
        }
        if self.dfa.is_dead_state(state) {
            return Some(REJECT);
        }
        if self.dfa.is_quit_state(state) {
            return None;
        }
        if let Some(number) = self.numbers.get(&state) {
            return Some(*number);
        }
        let number = u16::try_from(self.states.len()).ok()?.checked_add(ROWS)?;
        self.numbers.insert(state, number);
        self.states.push(state);
        Some(number)
    }
}
