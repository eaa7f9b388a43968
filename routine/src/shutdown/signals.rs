//! What asks a process to end from outside: the first signal shuts it down in order, the second ends it at once.

use std::io;

/// A signal that asks for the end of the process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signal {
    pub(super) name: &'static str,
    number: i32,
}

impl Signal {
    const INTERRUPT: Self = Self { name: "SIGINT", number: 2 };
    #[cfg(unix)]
    const TERMINATE: Self = Self { name: "SIGTERM", number: 15 };

    /// What shells show of a process that the signal ended.
    pub(super) const fn code(self) -> i32 {
        128 + self.number
    }
}

/// The signals of this process, from here on its own: the system's answer to them, the end, is off.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    ctrl_c: tokio::signal::windows::CtrlC,
}

#[cfg(unix)]
impl Signals {
    /// # Errors
    /// Where the system refuses.
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> Signal {
        std::future::poll_fn(|cx| {
            if self.interrupt.poll_recv(cx).is_ready() {
                return std::task::Poll::Ready(Signal::INTERRUPT);
            }
            self.terminate.poll_recv(cx).map(|_| Signal::TERMINATE)
        })
        .await
    }
}

#[cfg(windows)]
impl Signals {
    /// # Errors
    /// Where the system refuses.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { ctrl_c: tokio::signal::windows::ctrl_c()? })
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> Signal {
        self.ctrl_c.recv().await;
        Signal::INTERRUPT
    }
}
