//! The files a bundle asks for.

use std::io::{self, Read};
use std::path::Path;

use vectra_host::{File, FileRequest};

/// Most files that are handed over. More is an error: a file left out would look
/// like one that was removed.
const MOST: usize = 10_000;

/// Reads what is asked for; folders start from `base`. A missing folder has no
/// files, a file that cannot be read is handed over with the reason.
///
/// # Errors
/// If a folder is there and cannot be read, or holds too much.
pub async fn read(base: &Path, requests: Vec<FileRequest>) -> Result<Vec<File>, String> {
    let base = base.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let mut files = Vec::new();
        for request in requests {
            read_folder(&base.join(&request.directory), &request, &mut files)?;
        }
        Ok(files)
    });
    reading.await.map_err(|error| error.to_string())?
}

fn read_folder(folder: &Path, request: &FileRequest, files: &mut Vec<File>) -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot read `{}`: {error}", folder.display());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::warn!(file.folder = %folder.display(), "the folder is missing, so it has no files");
            return Ok(());
        }
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A link counts as what it leads to; a broken one is reported.
        let is_file = entry
            .path()
            .metadata()
            .map_or(true, |metadata| metadata.is_file());
        if is_file && name.ends_with(&request.suffix) {
            names.push((name, entry.path()));
        }
        if files.len() + names.len() > MOST {
            return Err(format!(
                "`{}` holds more than {MOST} files",
                folder.display()
            ));
        }
    }
    names.sort();
    files.extend(names.into_iter().map(|(name, path)| {
        let content = read_file(&path, request.max_size);
        File { name, content }
    }));
    Ok(())
}

fn read_file(path: &Path, most: u64) -> Result<String, String> {
    let failed = |error: io::Error| format!("cannot be read: {error}");
    let file = std::fs::File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let read = bytes.len() as u64;
    if read > most {
        return Err(format!(
            "has {} bytes, {most} at most are read",
            size.max(read)
        ));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(directory: &str) -> Vec<FileRequest> {
        vec![FileRequest {
            directory: directory.into(),
            suffix: ".json".into(),
            max_size: 4,
        }]
    }

    #[tokio::test]
    async fn reads_files_of_the_suffix_in_the_order_of_their_names() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("p");
        std::fs::create_dir_all(folder.join("below.json")).unwrap();
        for (name, content) in [
            ("b.json", "bbbb"),
            ("a.json", "a"),
            ("c.txt", "c"),
            ("d.json", "ddddd"),
        ] {
            std::fs::write(folder.join(name), content).unwrap();
        }
        std::fs::write(folder.join("e.json"), [0xff]).unwrap();
        let files = read(base.path(), request("p")).await.unwrap();
        let found: Vec<_> = files
            .iter()
            .map(|file| {
                (
                    file.name.as_str(),
                    file.content.as_deref().map_err(String::as_str),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("a.json", Ok("a")),
                ("b.json", Ok("bbbb")),
                ("d.json", Err("has 5 bytes, 4 at most are read")),
                ("e.json", Err("is not UTF-8 text")),
            ]
        );
    }

    #[tokio::test]
    async fn a_missing_folder_has_no_files_and_an_unreadable_one_is_an_error() {
        let base = tempfile::tempdir().unwrap();
        assert!(
            read(base.path(), request("missing"))
                .await
                .unwrap()
                .is_empty()
        );
        std::fs::write(base.path().join("file"), "").unwrap();
        assert!(read(base.path(), request("file")).await.is_err());
    }
}
