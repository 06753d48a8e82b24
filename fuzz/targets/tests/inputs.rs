//! Every target meets all of its seeds and some thousand inputs made of them, always the
//! same ones: what fails here fails again. `cargo xtask fuzz` looks for others.

use std::fs;
use std::path::{Path, PathBuf};

use vectra_fuzz_targets::TARGETS;

/// Inputs of each target beside its seeds.
const INPUTS: u32 = 20_000;
/// Longest input, in bytes.
const LONGEST: usize = 4_096;

/// Numbers that are always the same (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap() % bound.max(1)
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder("seeds").join(target)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The words of a target's dictionary, if it has one.
fn words(target: &str) -> Vec<Vec<u8>> {
    let file = folder("dictionaries").join(format!("{target}.dict"));
    let text = fs::read_to_string(file).unwrap_or_default();
    let quoted = |line: &str| {
        let word = line.split_once('"')?.1.strip_suffix('"')?;
        Some(
            word.replace("\\\"", "\"")
                .replace("\\\\", "\\")
                .into_bytes(),
        )
    };
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(quoted)
        .collect()
}

/// Another input, made of one by a few changes.
fn changed(
    mut input: Vec<u8>,
    seeds: &[Vec<u8>],
    words: &[Vec<u8>],
    random: &mut Random,
) -> Vec<u8> {
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        let end = (at + random.below(16)).min(input.len());
        match random.below(6) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..end)),
            2 => input.insert(at, u8::try_from(random.below(256)).unwrap()),
            3 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            4 if !words.is_empty() => {
                let word = words[random.below(words.len())].clone();
                drop(input.splice(at..end, word));
            }
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                let to = (from + random.below(64)).min(other.len());
                drop(input.splice(at..end, other[from..to].to_vec()));
            }
        }
    }
    input.truncate(LONGEST);
    input
}

/// The targets are all that cargo-fuzz is given.
#[test]
fn every_target_is_also_one_of_cargo_fuzz() {
    let mut built: Vec<String> = fs::read_dir(folder("fuzz_targets"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    built.sort();
    assert_eq!(built, TARGETS.map(|(name, _)| name));
}

#[test]
fn every_target_holds_for_its_seeds_and_what_becomes_of_them() {
    std::thread::scope(|scope| {
        for (name, run) in TARGETS {
            scope.spawn(move || {
                let (seeds, words) = (seeds(name), words(name));
                assert!(!seeds.is_empty(), "{name} has no seeds");
                seeds.iter().for_each(|seed| run(seed));
                let mut random = Random(0x9E37_79B9_7F4A_7C15);
                for number in 0..INPUTS {
                    let seed = seeds[random.below(seeds.len())].clone();
                    let input = changed(seed, &seeds, &words, &mut random);
                    let held = std::panic::catch_unwind(|| run(&input));
                    assert!(
                        held.is_ok(),
                        "{name}, input {number}: {:?}",
                        String::from_utf8_lossy(&input)
                    );
                }
            });
        }
    });
}
