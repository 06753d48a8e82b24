use super::*;

fn message(name: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 4).unwrap();
    [&[name][..], &length.to_be_bytes(), payload].concat()
}

fn ready(status: u8) -> Vec<u8> {
    message(b'Z', &[status])
}

fn framing(opening: Opening) -> (Framing, Status) {
    let status = Status::default();
    (Framing::new(status.clone(), opening), status)
}

/// The state after bytes that come in one piece.
fn after(bytes: &[u8]) -> State {
    let (mut framing, status) = framing(Opening::Message);
    framing.pass(bytes);
    status.state()
}

/// A conversation: a start, a result whose row looks like a `ReadyForQuery`, a
/// notice, an error.
fn conversation() -> Vec<(Vec<u8>, State)> {
    vec![
        (message(b'R', &[0, 0, 0, 0]), State::Unknown),
        (message(b'S', b"a\0b\0"), State::Unknown),
        (ready(b'I'), State::Idle),
        (message(b'1', b""), State::Idle),
        (message(b'D', &ready(b'E')), State::Idle),
        (message(b'C', b"BEGIN\0"), State::Idle),
        (ready(b'T'), State::Open),
        (message(b'N', b"Z\0\0\0\x05I"), State::Open),
        (message(b'E', b"Z"), State::Open),
        (ready(b'E'), State::Failed),
        (message(b'D', &[b'Z'; 300]), State::Failed),
        (ready(b'I'), State::Idle),
    ]
}

#[test]
fn the_status_is_what_the_last_message_of_its_kind_said() {
    let (mut framing, status) = framing(Opening::Message);
    for (bytes, expected) in conversation() {
        framing.pass(&bytes);
        assert_eq!(status.state(), expected, "{bytes:?}");
    }
}

#[test]
fn messages_may_be_cut_anywhere() {
    let all: Vec<u8> = conversation()
        .into_iter()
        .flat_map(|(bytes, _)| bytes)
        .collect();
    // What it was by each byte, byte by byte.
    let (mut single, status) = framing(Opening::Message);
    let states: Vec<State> = all
        .iter()
        .map(|byte| {
            single.pass(&[*byte]);
            status.state()
        })
        .collect();
    assert_eq!(states.last(), Some(&State::Idle));
    for size in 1..=all.len() {
        let (mut framing, status) = framing(Opening::Message);
        let mut end = 0;
        for piece in all.chunks(size) {
            framing.pass(piece);
            framing.pass(&[]);
            end += piece.len();
            assert_eq!(status.state(), states[end - 1], "{end} in pieces of {size}");
        }
    }
    for middle in 0..all.len() {
        let (mut framing, status) = framing(Opening::Message);
        framing.pass(&all[..middle]);
        framing.pass(&all[middle..]);
        assert_eq!(status.state(), State::Idle, "cut at {middle}");
    }
}

#[test]
fn a_message_may_be_as_large_as_the_protocol_allows() {
    let (mut framing, status) = framing(Opening::Message);
    framing.pass(&ready(b'T'));
    framing.pass(&[b'D', 0x7f, 0xff, 0xff, 0xff]);
    let piece = vec![b'Z'; 1 << 20];
    let mut missing = 0x7fff_ffff_usize - 4;
    while missing > 0 {
        let here = missing.min(piece.len());
        framing.pass(&piece[..here]);
        missing -= here;
    }
    assert_eq!(status.state(), State::Open);
    framing.pass(&ready(b'I'));
    assert_eq!(status.state(), State::Idle);
}

#[test]
fn what_the_protocol_does_not_know_makes_the_status_unknown_for_good() {
    for (what, bytes) in [
        ("a length of 0", &[b'D', 0, 0, 0, 0][..]),
        ("a length of 3", &[b'D', 0, 0, 0, 3]),
        ("a negative length", &[b'D', 0x80, 0, 0, 0]),
        ("a length of -1", &[b'D', 0xff, 0xff, 0xff, 0xff]),
        ("a status without a byte", &[b'Z', 0, 0, 0, 4]),
        ("a status of two bytes", &[b'Z', 0, 0, 0, 6, b'I', b'I']),
        ("a status of no length", &[b'Z', 0, 0, 0, 0]),
        ("a long status", &[b'Z', 0x7f, 0xff, 0xff, 0xff]),
        ("another status", &[b'Z', 0, 0, 0, 5, b'i']),
        ("a status of zero", &[b'Z', 0, 0, 0, 5, 0]),
    ] {
        let broken = [&ready(b'I')[..], bytes].concat();
        assert_eq!(after(&broken), State::Unknown, "{what}");
        let more = [&broken[..], &ready(b'I'), &[0; 64], &ready(b'I')].concat();
        assert_eq!(after(&more), State::Unknown, "{what}");
    }
}

#[test]
fn the_answer_to_a_request_for_tls_is_no_message() {
    for (answer, expected) in [(b'N', State::Idle), (b'S', State::Unknown)] {
        for cut in 0..8 {
            let (mut framing, status) = framing(Opening::Answer);
            let bytes = [&[answer][..], &ready(b'I'), b"R"].concat();
            framing.pass(&bytes[..cut]);
            framing.pass(&bytes[cut..]);
            assert_eq!(status.state(), expected, "{answer} cut at {cut}");
        }
    }
}
