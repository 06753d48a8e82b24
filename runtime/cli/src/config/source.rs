//! Where the configuration is read from.

use std::path::{Path, PathBuf};

use jsonc_parser::ParseOptions;
use serde_json::Value;
use thiserror::Error;

use super::Tree;

/// Names that are looked for in the working directory.
const NAMES: [&str; 2] = ["vectra.json", "appsettings.json"];
/// Largest file.
const MAX_SIZE: u64 = 1 << 20;

/// There is no configuration to look for mistakes in.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is too large to be one.
    #[error("`{}` is larger than {MAX_SIZE} bytes", .0.display())]
    TooLarge(PathBuf),
    /// It is not JSON (comments and trailing commas are accepted).
    #[error("`{}` is not JSON: {message}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
}

/// What was read.
pub(super) struct Source {
    pub(super) tree: Tree,
    /// The folder that relative paths start from.
    pub(super) folder: PathBuf,
}

pub(super) fn read(file: Option<&Path>) -> Result<Source, SourceError> {
    let here = || {
        std::env::current_dir().map_err(|source| SourceError::File {
            path: ".".into(),
            source,
        })
    };
    let found = file
        .map(Path::to_owned)
        .or_else(|| NAMES.iter().map(PathBuf::from).find(|path| path.is_file()));
    let Some(path) = found else {
        return Ok(Source {
            tree: Tree::new(),
            folder: here()?,
        });
    };
    let tree = parse(&path)?;
    let absolute = path.canonicalize().map_err(|source| SourceError::File {
        path: path.clone(),
        source,
    })?;
    let folder = match absolute.parent() {
        Some(folder) => folder.to_owned(),
        None => here()?,
    };
    Ok(Source { tree, folder })
}

fn parse(path: &Path) -> Result<Tree, SourceError> {
    let file = |source| SourceError::File {
        path: path.to_owned(),
        source,
    };
    if path.metadata().map_err(file)?.len() > MAX_SIZE {
        return Err(SourceError::TooLarge(path.to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(file)?;
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
    };
    let json = |message: String| SourceError::Json {
        path: path.to_owned(),
        message,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match jsonc_parser::parse_to_serde_value(text, &options) {
        Ok(Value::Object(tree)) => Ok(tree),
        Ok(Value::Null) if text.trim().is_empty() => Ok(Tree::new()),
        Ok(_) => Err(json("it must be an object".into())),
        Err(error) => Err(json(error.to_string())),
    }
}
