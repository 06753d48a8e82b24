//! How much work making the automata of one policy may take.

use std::cell::Cell;
use std::convert::Infallible;

use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{
    Ast, ClassBracketed, ClassPerlKind, ClassSet, ClassSetItem, Visitor, visit,
};

use super::build::NESTING;
use crate::rules::limits;

/// Code points whose case is looked up while a byte of an automaton is made (measured).
const CODE_POINTS: usize = 6;
/// All code points there are.
const ALL: usize = 0x11_0000;

/// Work that is left, in bytes of what is made on the way to an automaton: the time it
/// takes goes with them.
#[derive(Debug)]
pub(in crate::rules) struct Work(Cell<usize>);

impl Default for Work {
    fn default() -> Self {
        Self(Cell::new(limits::WORK))
    }
}

impl Work {
    /// How much is left.
    pub(super) const fn left(&self) -> usize {
        self.0.get()
    }

    /// Takes some; false if there is not so much left, and from then on.
    pub(super) fn spend(&self, bytes: usize) -> bool {
        let left = self.0.get().checked_sub(bytes);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}

/// The work of reading an expression: to disregard case, each code point of each class in
/// brackets is looked up. That of a malformed one is none.
pub(super) fn reading(source: &str) -> usize {
    let mut parser = ParserBuilder::new().nest_limit(NESTING).build();
    let Ok(ast) = parser.parse(source) else {
        return 0;
    };
    match visit(&ast, Classes(0)) {
        Ok(code_points) => code_points / CODE_POINTS,
        Err(never) => match never {},
    }
}

/// Adds up code points.
struct Classes(usize);

impl Visitor for Classes {
    type Output = usize;
    type Err = Infallible;

    fn finish(self) -> Result<usize, Infallible> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Infallible> {
        self.0 = self.0.saturating_add(match ast {
            Ast::ClassBracketed(class) => bracketed(class).1,
            // Nothing is looked up, but it is a long list.
            Ast::ClassPerl(_) | Ast::ClassUnicode(_) => 4_096,
            _ => 0,
        });
        Ok(())
    }
}

/// How many code points a class has at most, and how many are looked up.
type Size = (usize, usize);

/// The parser bounds the nesting, and so the recursion.
fn bracketed(class: &ClassBracketed) -> Size {
    let (size, looked_up) = set(&class.kind);
    let own = if class.negated { ALL } else { size };
    (own, looked_up.saturating_add(size))
}

fn set(set: &ClassSet) -> Size {
    match set {
        ClassSet::Item(item) => self::item(item),
        ClassSet::BinaryOp(operation) => {
            let (left, right) = (self::set(&operation.lhs), self::set(&operation.rhs));
            let (size, looked_up) = sum(left, right);
            (size, looked_up.saturating_add(size))
        }
    }
}

fn item(item: &ClassSetItem) -> Size {
    let size = match item {
        ClassSetItem::Empty(_) | ClassSetItem::Literal(_) => 1,
        ClassSetItem::Range(range) => {
            let (start, end) = (u32::from(range.start.c), u32::from(range.end.c));
            usize::try_from(end.saturating_sub(start)).map_or(ALL, |width| width + 1)
        }
        ClassSetItem::Ascii(class) if !class.negated => 128,
        ClassSetItem::Perl(class) if !class.negated => match class.kind {
            ClassPerlKind::Word => 150_000,
            ClassPerlKind::Digit | ClassPerlKind::Space => 1_024,
        },
        ClassSetItem::Ascii(_) | ClassSetItem::Perl(_) | ClassSetItem::Unicode(_) => ALL,
        ClassSetItem::Bracketed(class) => return bracketed(class),
        ClassSetItem::Union(union) => {
            let items = union.items.iter().map(self::item);
            return items.fold((0, 0), sum);
        }
    };
    (size, 0)
}

const fn sum(one: Size, other: Size) -> Size {
    (one.0.saturating_add(other.0), one.1.saturating_add(other.1))
}

#[cfg(test)]
mod tests {
    use super::{ALL, CODE_POINTS, Work, reading};
    use crate::rules::limits;
    use crate::rules::pattern::Pattern;

    #[test]
    fn reading_costs_what_is_looked_up() {
        for (source, code_points) in [
            ("abc", 0),
            ("(", 0),
            ("[a-z]", 26),
            ("[^a-z]", 26),
            ("[a-c][xyz]", 6),
            (r"[\w]", 150_000),
            (r"[\s\S]", ALL + 1_024),
            ("[[^a]b]", ALL + 2),
            (r"[\d&&[1-3]]", 2 * 1_027 + 3),
            (r"\w\s", 8_192),
        ] {
            assert_eq!(reading(source), code_points / CODE_POINTS, "{source}");
        }
    }

    /// How many of a policy's equal expressions are made before its work is used up, and
    /// what then is said of each.
    fn made(source: &str, count: usize) -> (usize, Option<String>) {
        let work = Work::default();
        let made: Vec<_> = (0..count).map(|_| Pattern::new(source, &work)).collect();
        let last = made.last().and_then(|pattern| pattern.as_ref().err());
        let count = made.iter().filter(|pattern| pattern.is_ok()).count();
        (count, last.cloned())
    }

    #[test]
    fn the_work_of_a_policy_is_bounded() {
        for (source, at_least, at_most) in [
            (r"^/v[0-9]+/", 100, 100),
            (r"union\s+select", 100, 100),
            (r"[\s\S]*drop", 20, 50),
            (r"\w+", 20, 30),
            // No automaton is made, and yet it is tried a few times only.
            (r"\w{2,40}x\w{3}", 0, 0),
            ("(a|b)*a(a|b){20}", 0, 0),
            (r"\w{2,3000}", 0, 0),
            (&"[\\w\\W]".repeat(400), 0, 0),
        ] {
            let (count, why) = made(source, 100);
            assert!((at_least..=at_most).contains(&count), "{source}: {count}");
            let refused = why.is_none_or(|why| why.contains("together"));
            assert!(refused, "{source}");
        }
    }

    #[test]
    fn work_that_is_used_up_stays_so() {
        let work = Work::default();
        assert!(work.spend(limits::WORK - 1) && work.spend(1) && work.spend(0));
        assert!(!work.spend(1));
        assert_eq!(work.left(), 0);
    }
}
