//! The pages of the console, as they are served: no build step, nothing from elsewhere.
//!
//! ```
//! let page = vectra_console::find(vectra_console::INDEX).unwrap();
//! assert_eq!(page.media_type, "text/html; charset=utf-8");
//! ```

/// The file that is served where none is named.
pub const INDEX: &str = "index.html";

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

/// A file of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its name, as it stands in the path.
    pub name: &'static str,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

macro_rules! files {
    ($($name:literal: $media_type:expr,)*) => {
        &[$(File {
            name: $name,
            media_type: $media_type,
            bytes: include_bytes!(concat!("../pages/", $name)),
        }),*]
    };
}

/// All files.
pub const FILES: &[File] = files![
    "index.html": HTML,
    "style.css": STYLE,
    "written.css": STYLE,
    "icon.svg": IMAGE,
    "agents.js": SCRIPT,
    "api.js": SCRIPT,
    "audit.js": SCRIPT,
    "counters.js": SCRIPT,
    "decide.js": SCRIPT,
    "dialog.js": SCRIPT,
    "dom.js": SCRIPT,
    "dry-run.js": SCRIPT,
    "format.js": SCRIPT,
    "held.js": SCRIPT,
    "inbox.js": SCRIPT,
    "main.js": SCRIPT,
    "names.js": SCRIPT,
    "paging.js": SCRIPT,
    "policies.js": SCRIPT,
    "poll.js": SCRIPT,
    "session.js": SCRIPT,
    "visible.js": SCRIPT,
    "written.js": SCRIPT,
];

/// The file of this name, which is written exactly so.
#[must_use]
pub fn find(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

#[cfg(test)]
mod tests;
