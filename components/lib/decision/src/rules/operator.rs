//! The eleven operators (OB §9.4).

/// How a field is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    In,
    Contains,
    StartsWith,
    EndsWith,
    Regex,
}

/// All of them, by their canonical names.
pub(super) const ALL: [(&str, Operator); 11] = [
    ("eq", Operator::Eq),
    ("ne", Operator::Ne),
    ("gt", Operator::Gt),
    ("lt", Operator::Lt),
    ("ge", Operator::Ge),
    ("le", Operator::Le),
    ("in", Operator::In),
    ("contains", Operator::Contains),
    ("startswith", Operator::StartsWith),
    ("endswith", Operator::EndsWith),
    ("regex", Operator::Regex),
];

impl Operator {
    /// Reads a name without regard to case.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        ALL.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, operator)| *operator)
            .ok_or_else(|| {
                let known: Vec<&str> = ALL.iter().map(|(known, _)| *known).collect();
                format!("unknown operator `{name}`: known are {}", known.join(", "))
            })
    }

    /// The canonical name.
    pub(super) fn name(self) -> &'static str {
        ALL.iter()
            .find(|(_, operator)| *operator == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether it compares by order.
    pub(super) const fn is_order(self) -> bool {
        matches!(self, Self::Gt | Self::Lt | Self::Ge | Self::Le)
    }

    /// Whether it looks for a text as it is written.
    pub(super) const fn is_plain_search(self) -> bool {
        matches!(self, Self::Contains | Self::StartsWith | Self::EndsWith)
    }

    /// Whether it looks into a text.
    pub(super) const fn is_search(self) -> bool {
        matches!(
            self,
            Self::Contains | Self::StartsWith | Self::EndsWith | Self::Regex
        )
    }
}
