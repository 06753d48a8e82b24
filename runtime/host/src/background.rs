//! Threads for guests that compute long: the system runs them when the others leave
//! time.

mod thread;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::AbortHandle;

pub(crate) use thread::computed;

/// The threads. Only computing happens on them: sockets, timers and tasks that a guest
/// makes on the way belong to the runtime that it came from. So a connection that is
/// kept and later lent to somebody else is not driven by a thread that has to wait.
pub(crate) struct Background(Option<Runtime>);

impl Background {
    /// Starts threads for so many guests at once, not more than half the cores: a lower
    /// priority alone still delays the others by a slice of time now and then.
    pub(crate) fn start(guests: usize) -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(guests.clamp(1, (cores / 2).max(1)))
            .thread_name("vectra-background")
            .on_thread_start(|| {
                if let Err(error) = thread::give_way() {
                    tracing::warn!(error.message = %error, "cannot lower the priority of a thread");
                }
            })
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs a task on them. The caller's runtime stays the task's.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let task = Within::new(Handle::current(), task);
        match &self.0 {
            Some(runtime) => runtime.spawn(task).abort_handle(),
            // Only while it is being dropped.
            None => tokio::spawn(task).abort_handle(),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // The plain drop waits, which no task may do.
            runtime.shutdown_background();
        }
    }
}

/// A future that finds one runtime to be the current one, whoever polls or drops it.
struct Within<F> {
    runtime: Handle,
    inner: Option<Pin<Box<F>>>,
}

impl<F: Future<Output = ()>> Within<F> {
    fn new(runtime: Handle, inner: F) -> Self {
        Self {
            runtime,
            inner: Some(Box::pin(inner)),
        }
    }
}

impl<F: Future<Output = ()>> Future for Within<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let _entered = this.runtime.enter();
        match &mut this.inner {
            Some(inner) => inner.as_mut().poll(cx),
            None => Poll::Ready(()),
        }
    }
}

impl<F> Drop for Within<F> {
    fn drop(&mut self) {
        let _entered = self.runtime.enter();
        self.inner = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(30);

    /// Tells which runtime it is dropped in.
    struct Witness(Option<oneshot::Sender<tokio::runtime::Id>>);

    impl Drop for Witness {
        fn drop(&mut self) {
            let _ = self.0.take().unwrap().send(Handle::current().id());
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_task_computes_there_and_everything_else_stays_here() {
        let background = Background::start(1).unwrap();
        let here = Handle::current().id();
        let (sender, seen) = oneshot::channel();
        background.spawn(async move {
            // After a pause too, whose timer is that of the caller's runtime.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let spawned = tokio::spawn(async { (Handle::current().id(), thread_name()) });
            let _ = sender.send((thread_name(), thread::priority(), spawned.await.unwrap()));
        });
        let (name, priority, spawned) = timeout(DEADLINE, seen).await.unwrap().unwrap();
        assert_eq!(name, "vectra-background");
        assert_eq!(priority, thread::priority() + thread::GIVE_WAY);
        assert_eq!(spawned, (here, thread_name()));
    }

    #[cfg(target_os = "linux")]
    fn thread_name() -> String {
        std::thread::current().name().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn a_task_that_is_stopped_ends_in_its_own_runtime() {
        let background = Background::start(1).unwrap();
        let (sender, dropped) = oneshot::channel();
        let witness = Witness(Some(sender));
        let (begun, beginning) = oneshot::channel();
        let task = background.spawn(async move {
            let _witness = witness;
            let _ = begun.send(());
            std::future::pending::<()>().await;
        });
        beginning.await.unwrap();
        task.abort();
        let runtime = timeout(DEADLINE, dropped).await.unwrap().unwrap();
        assert_eq!(runtime, Handle::current().id());
    }
}
