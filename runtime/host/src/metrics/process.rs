//! What the system says of this process.

use std::time::Duration;

/// The process so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    /// Time on a core, all threads together.
    pub(super) cpu: Duration,
    /// Memory in use, in bytes.
    pub(super) resident: u64,
    /// When it began, since 1970.
    pub(super) started: Duration,
    /// Its threads.
    pub(super) threads: u64,
}

/// Reads `/proc` (proc(5)); nothing where there is none.
pub(super) fn read() -> Option<Process> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let system = std::fs::read_to_string("/proc/stat").ok()?;
    let boot = system
        .lines()
        .find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())?;
    parse(&stat, boot, ticks_per_second()?, page_size()?)
}

/// `boot` is in seconds since 1970.
fn parse(stat: &str, boot: u64, ticks: u64, page: u64) -> Option<Process> {
    // The name in parentheses may hold anything, also parentheses.
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    // They are numbered from 1 in proc(5), and the first here is the third.
    let field = |number: usize| fields.get(number.checked_sub(3)?)?.parse::<u64>().ok();
    let time = |count: u64| {
        let micros = u128::from(count) * 1_000_000 / u128::from(ticks.max(1));
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    };
    Some(Process {
        cpu: time(field(14)?.saturating_add(field(15)?)),
        resident: field(24)?.saturating_mul(page),
        started: Duration::from_secs(boot).saturating_add(time(field(22)?)),
        threads: field(20)?,
    })
}

#[cfg(unix)]
fn ticks_per_second() -> Option<u64> {
    system_value(libc::_SC_CLK_TCK)
}

#[cfg(unix)]
fn page_size() -> Option<u64> {
    system_value(libc::_SC_PAGESIZE)
}

#[cfg(unix)]
fn system_value(name: libc::c_int) -> Option<u64> {
    // SAFETY: the call takes a number and touches no memory of ours.
    let value = unsafe { libc::sysconf(name) };
    u64::try_from(value).ok().filter(|value| *value > 0)
}

#[cfg(not(unix))]
fn ticks_per_second() -> Option<u64> {
    None
}

#[cfg(not(unix))]
fn page_size() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_fields_behind_a_name_that_is_anything() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 1200 \
                    1000000 300 18446744073709551615 1 1";
        let Some(process) = parse(stat, 1_700_000_000, 100, 4096) else {
            panic!("not read")
        };
        assert_eq!(process.cpu, Duration::from_secs(3));
        assert_eq!(process.resident, 300 * 4096);
        assert_eq!(process.started, Duration::from_secs(1_700_000_012));
        assert_eq!(process.threads, 9);
        for broken in ["", "7 (a)", "7 (a) S 1 2"] {
            assert!(parse(broken, 0, 100, 4096).is_none(), "{broken}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn finds_this_process() {
        let Some(process) = read() else {
            panic!("not read")
        };
        let now = std::time::SystemTime::now();
        let now = now
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        assert!(process.resident > 0 && process.threads > 0, "{process:?}");
        assert!(
            process.started <= now + Duration::from_secs(2),
            "{process:?}"
        );
    }
}
