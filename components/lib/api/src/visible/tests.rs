use serde_json::{Value, json};

use super::{segments, segments_within};

/// Strings as they are, marks as their kinds in brackets.
fn shown(text: &str) -> String {
    let pieces = segments(text);
    let pieces = pieces.as_array().unwrap().iter();
    pieces
        .map(|piece| match piece {
            Value::String(text) => text.clone(),
            mark => match mark.get("like") {
                Some(like) => format!("[{}]", like.as_str().unwrap()),
                None => format!("[{}]", mark["kind"].as_str().unwrap()),
            },
        })
        .collect()
}

/// The text that pieces were made of.
fn joined(pieces: &Value) -> String {
    let text = |piece: &Value| {
        let text = piece.as_str().or_else(|| piece["char"].as_str());
        text.unwrap().to_owned()
    };
    pieces.as_array().unwrap().iter().map(text).collect()
}

#[test]
fn a_mark_says_what_it_is() {
    let expected = json!([
        "a",
        {"char": "\u{202e}", "code": "U+202E", "kind": "bidi"},
        "b",
        {"char": "\u{430}", "code": "U+0430", "kind": "look-alike", "like": "a"},
    ]);
    assert_eq!(segments("a\u{202e}b\u{430}"), expected);
    assert_eq!(segments(""), json!([]));
}

#[test]
fn a_text_of_many_marks_is_told_from_one_that_can_be_read() {
    let text = "a\u{200b}".repeat(3);
    assert_eq!(segments_within(&text, 2), None);
    assert_eq!(segments_within(&text, 3), Some(segments(&text)));
}

#[test]
fn what_is_what_it_looks_like_is_not_marked() {
    for text in [
        "GET /a?b=c&d=%20 HTTP {\"e\": [1, 2]}\n\tindented",
        "Grüße, naïve façade — déjà vu",
        "e\u{301}te\u{301}",
        "привет мир",
        "Καλημέρα κόσμε",
        "你好：世界。ＡＢＣです",
        "שלום עולם",
        "नमस्ते",
        "안녕하세요",
        "🦀 ≠ ∑",
    ] {
        assert_eq!(shown(text), text);
    }
}

#[test]
fn what_hides_or_is_taken_for_something_else_is_marked() {
    let cases = [
        ("a\r\nb", "a[control]\nb"),
        (
            "\u{1b}[2J\u{7f}\u{85}\u{9b}",
            "[control][2J[control][control][control]",
        ),
        ("a\0b\u{2028}c\u{2029}", "a[control]b[control]c[control]"),
        (
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{2069}",
            "[bidi][bidi][bidi][bidi][bidi]",
        ),
        (
            "a\u{200b}b\u{200d}\u{2060}\u{feff}",
            "a[invisible]b[invisible][invisible][invisible]",
        ),
        (
            "a\u{ad}b\u{34f}\u{3164}\u{2800}",
            "a[invisible]b[invisible][invisible][invisible]",
        ),
        (
            "a\u{a0}b\u{3000}\u{2003}",
            "a[invisible]b[invisible][invisible]",
        ),
        (
            "\u{e0041}\u{e007f}\u{fe0f}\u{e0100}",
            "[invisible][invisible][invisible][invisible]",
        ),
        (
            "\u{e000}\u{10ffff}\u{378}",
            "[unassigned][unassigned][unassigned]",
        ),
        ("p\u{430}yp\u{430}l", "p[a]yp[a]l"),
        // `раураl`, none of its letters but the last ASCII; `сор`, none at all.
        ("\u{440}\u{430}\u{443}\u{440}\u{430}l", "[p][a][y][p][a]l"),
        ("\u{441}\u{43e}\u{440}", "[c][o][p]"),
        (
            "evil.example\u{2044}api.example",
            "evil.example[/]api.example",
        ),
        ("\u{ff41}\u{ff50}\u{ff49}", "[a][p][i]"),
        ("\u{1d41a}dmin", "[a]dmin"),
        // Nothing to be drawn upon, or too many upon one letter.
        ("\u{301}a", "[combining]a"),
        ("=\u{338}", "=[combining]"),
        ("a\u{301}\u{302}\u{303}", "a\u{301}\u{302}[combining]"),
        ("1\u{fe0f}\u{20e3}", "1[invisible][combining]"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text), expected, "{text:?}");
    }
}

/// A generator of numbers (SplitMix64), so that each run tests the same texts.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn char(&mut self) -> char {
        let ranges = [
            (0, 0x80),
            (0x80, 0x600),
            (0x2000, 0x2070),
            (0, 0x3_0000),
            (0xe_0000, 0xe_0200),
            (0, 0x11_0000),
        ];
        let (from, to) = ranges[self.below(ranges.len() as u64) as usize];
        let code = u32::try_from(from + self.below(to - from)).unwrap();
        char::from_u32(code).unwrap_or('x')
    }
}

#[test]
fn pieces_are_the_text_and_no_string_among_them_hides_anything() {
    let mut numbers = Numbers(6);
    for _ in 0..5_000 {
        let length = numbers.below(40);
        let text: String = (0..length).map(|_| numbers.char()).collect();
        let pieces = segments(&text);
        assert_eq!(joined(&pieces), text);
        for string in pieces.as_array().unwrap().iter().filter_map(Value::as_str) {
            assert!(!string.is_empty());
            assert!(!string.chars().any(hides), "{text:?}: {string:?}");
        }
    }
}

#[test]
fn each_character_alone_is_marked_if_it_hides() {
    let codes = (0..0x3_2000)
        .chain(0xe_0000..0xe_1001)
        .chain(0x10_fff0..=0x10_ffff);
    for char in codes.filter_map(char::from_u32) {
        let pieces = segments(&char.to_string());
        let marked = pieces[0].is_object();
        assert!(marked || !hides(char), "U+{:04X}", u32::from(char));
        assert!(!marked || !(char.is_ascii_graphic() || char == ' '));
    }
}

/// By ranges written down here, apart from the tables that the code asks (UAX #9 and the
/// file `DerivedCoreProperties.txt`).
fn hides(char: char) -> bool {
    let code = u32::from(char);
    let ranges: [(u32, u32); 33] = [
        (0x0, 0x8),
        (0xb, 0x1f),
        (0x7f, 0xa0),
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x1680, 0x1680),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x2000, 0x200f),
        (0x2028, 0x202f),
        (0x205f, 0x206f),
        (0x2800, 0x2800),
        (0x3000, 0x3000),
        (0x3164, 0x3164),
        (0xe000, 0xf8ff),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfffc),
        (0x1bca0, 0x1bca3),
        (0x1d159, 0x1d159),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0fff),
        (0xf0000, 0x10ffff),
        (0xfdd0, 0xfdef),
        (0xfffe, 0xffff),
        (0x1fffe, 0x1ffff),
        (0x2fffe, 0x2ffff),
        (0x110bd, 0x110bd),
        (0x13430, 0x1343f),
        (0x16fe4, 0x16fe4),
    ];
    ranges
        .iter()
        .any(|(from, to)| (*from..=*to).contains(&code))
}
