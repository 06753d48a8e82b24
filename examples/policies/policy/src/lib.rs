//! What the policy engines of other languages share: everything of `vectra:decision/policy`
//! but the language. An engine implements [`Language`] and exports [`Shell`] of it.
//!
//! A policy's source is JSON as everywhere, so that `PUT /policies/{name}` and files work
//! unchanged; the text in the other language stands under the language's own key:
//! `{"name": …, "description": …, "owner": …, "default": "Deny", "mode": "Shadow", "cedar": …}`.
//!
//! What holds for every language:
//! * What cannot be evaluated is denied.
//! * The request is asked about as it was sent and, where that differs, with its path
//!   normalised and its method in upper case or as a header names it; the strictest
//!   verdict counts.
//! * A policy that speaks of the body denies a request whose body was not read; one that
//!   names `json` denies a body that is not JSON, and one that names `intent` denies where
//!   nobody could say what the request means. These would only not be there, and a rule
//!   that denies would not apply.
//! * What a policy looked at is not traced, but for the headers that name a method: one that
//!   speaks of headers or of the body cannot be asked again about the past, and says so.

pub mod bindings;
mod facts;
mod overrides;
mod shell;
mod source;

pub use facts::Facts;
pub use shell::Shell;

use bindings::vectra::decision::types::DecisionType;

/// A language that policies are written in.
pub trait Language: 'static {
    /// The key of its text in a policy's source.
    const KEY: &'static str;

    /// A text that was parsed.
    type Parsed;

    /// Parses a text and looks it over.
    ///
    /// # Errors
    /// All that is wrong with it, each with its line where that is known.
    fn check(text: &str) -> Result<Checked<Self::Parsed>, Vec<String>>;

    /// Asks a text about one way to read a request.
    ///
    /// # Errors
    /// Why it cannot be asked; that is a Deny.
    fn ask(checked: &Checked<Self::Parsed>, facts: &Facts<'_>) -> Result<Said, String>;
}

/// What is known of a text that can be asked.
pub struct Checked<P> {
    /// The text.
    pub parsed: P,
    /// How many rules it has.
    pub rules: u32,
    /// All words it may take from the request.
    pub words: Words,
}

/// The words of the request's description that a text speaks of.
pub enum Words {
    /// These, and maybe others that are no such words.
    Some(Vec<String>),
    /// It may speak of any, and has these words itself.
    Any(Vec<String>),
}

impl Words {
    /// Whether the text may speak of one of these.
    #[must_use]
    pub fn any_of(&self, names: &[&str]) -> bool {
        match self {
            Self::Any(_) => true,
            Self::Some(_) => names.iter().any(|name| self.names(name)),
        }
    }

    /// Whether the text names this.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        let (Self::Some(words) | Self::Any(words)) = self;
        words.iter().any(|word| word == name)
    }
}

/// What a text says.
pub enum Said {
    /// A rule decides.
    Rule {
        /// How.
        effect: DecisionType,
        /// Its name.
        name: String,
        /// Its reason.
        reason: Option<String>,
    },
    /// None does: the policy's default holds.
    Nothing,
}

/// Exports a [`Shell`] from a component.
#[macro_export]
macro_rules! export {
    ($component:ident) => {
        $crate::bindings::export!($component with_types_in $crate::bindings);
    };
}
