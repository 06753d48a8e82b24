//! The labels.

/// What a request means to do (OB §14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Looks at something.
    Read,
    /// Makes or changes something ordinary.
    Write,
    /// Takes a great many records away at once.
    BulkExport,
    /// Changes who may do what, or how a system runs.
    AdminAction,
    /// Removes something.
    DestructiveDelete,
    /// Attacks, deceives or steals.
    Harmful,
    /// There is nothing to go on.
    Unknown,
}

impl Label {
    /// All of them, in the order of the model's columns.
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::Write,
        Self::BulkExport,
        Self::AdminAction,
        Self::DestructiveDelete,
        Self::Harmful,
        Self::Unknown,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::BulkExport => "bulk_export",
            Self::AdminAction => "admin_action",
            Self::DestructiveDelete => "destructive_delete",
            Self::Harmful => "harmful",
            Self::Unknown => "unknown",
        }
    }

    /// The risk tag that goes with it (OB §14).
    #[must_use]
    pub const fn risk_tag(self) -> Option<&'static str> {
        match self {
            Self::BulkExport => Some("data_exfiltration"),
            Self::AdminAction => Some("privilege_escalation"),
            Self::DestructiveDelete => Some("destructive"),
            Self::Harmful => Some("malicious"),
            Self::Read | Self::Write | Self::Unknown => None,
        }
    }

    /// Whether it is one of those with a risk tag.
    pub(crate) const fn is_dangerous(self) -> bool {
        self.risk_tag().is_some()
    }
}
