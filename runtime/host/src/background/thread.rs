//! What the system does for one thread. Elsewhere than on Linux a priority belongs to
//! the whole process, so there all threads are equal.

use std::io;
use std::time::Duration;

/// By how much a thread gives way (`nice`): beside one that does not, it gets about a
/// tenth of a core; without one, all of it.
#[cfg(target_os = "linux")]
pub(super) const GIVE_WAY: i32 = 10;

/// Lowers the priority of the calling thread.
pub(super) fn give_way() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let priority = priority().saturating_add(GIVE_WAY);
        // SAFETY: the call takes three numbers and touches no memory of ours; 0 is the
        // calling thread (setpriority(2), "C library/kernel differences").
        if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, priority) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// The priority of the calling thread, -20 to 19; 0 where it cannot be read.
#[cfg(target_os = "linux")]
pub(super) fn priority() -> i32 {
    // SAFETY: as above. An error looks like the priority -1, which is harmless here.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

/// How long the calling thread has been on a core since it began, or nothing where
/// the system does not tell.
pub(crate) fn computed() -> Option<Duration> {
    #[cfg(unix)]
    {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the pointer leads to a local value of the type that is written.
        let code = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
        let seconds = u64::try_from(time.tv_sec).ok()?;
        let nanos = u32::try_from(time.tv_nsec).ok()?;
        (code == 0).then(|| Duration::new(seconds, nanos))
    }
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn only_computing_counts() {
        let before = computed().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let slept = computed().unwrap();
        assert!(slept - before < Duration::from_millis(40));
        let begun = Instant::now();
        while computed().unwrap() - slept < Duration::from_millis(20) {
            assert!(begun.elapsed() < Duration::from_secs(30));
        }
    }
}
