//! One line with a number: `name{label="value"} number [time]`.

use super::Sample;

/// Reads it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn sample(line: &str) -> Result<Sample, &'static str> {
    let end = line.find(['{', ' ']).ok_or("has no number")?;
    let (name, rest) = line.split_at_checked(end).ok_or("has no number")?;
    if !is_name(name) {
        return Err("has no proper name");
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let mut words = rest.strip_prefix(' ').ok_or("has no number")?.split(' ');
    let value = number(words.next().unwrap_or_default())?;
    if words
        .next()
        .is_some_and(|time| time.parse::<i64>().is_err())
        || words.next().is_some()
    {
        return Err("has more behind its number than a time");
    }
    Ok(Sample {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// Whether it may be the name of a number.
pub(super) fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_:".contains(&byte))
}

type Labels = Vec<(String, String)>;

/// Reads labels up to their end, and gives what is left of the line.
fn labels(mut rest: &str) -> Result<(Labels, &str), &'static str> {
    let mut labels = Labels::new();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, after) = rest
            .split_once("=\"")
            .ok_or("has a label without a value")?;
        if !is_name(name) || name.contains(':') {
            return Err("has a label without a proper name");
        }
        if labels.iter().any(|(known, _)| known == name) {
            return Err("has a label twice");
        }
        let (value, after) = quoted(after)?;
        labels.push((name.to_owned(), value));
        rest = match after.strip_prefix(',') {
            Some(after) => after,
            None if after.starts_with('}') => after,
            None => return Err("has labels that are not separated"),
        };
    }
}

/// Reads a value up to its closing quote, and gives what is left.
fn quoted(rest: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return Ok((value, letters.as_str())),
            '\\' => value.push(match letters.next() {
                Some('\\') => '\\',
                Some('"') => '"',
                Some('n') => '\n',
                _ => return Err("has an unknown escape"),
            }),
            letter => value.push(letter),
        }
    }
    Err("has a label that does not end")
}

fn number(word: &str) -> Result<f64, &'static str> {
    match word {
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        "NaN" => Ok(f64::NAN),
        // Rust reads `inf` and the like, too.
        word if word.ends_with(|last: char| last.is_ascii_digit() || last == '.') => {
            word.parse().map_err(|_| "has no number")
        }
        _ => Err("has no number"),
    }
}
