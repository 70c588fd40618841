//! A process of the host that holds a port: this one.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// What the process says to whoever connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP: 200 to everything.
    Http,
    /// A line that is not HTTP, as a mail server does.
    SomethingElse,
}

/// Holds the port until it is dropped.
pub struct Holder {
    serving: Option<JoinHandle<()>>,
    runtime: Handle,
}

impl Holder {
    /// Takes a port of the loopback.
    pub fn take(runtime: &Handle, port: u16, speaks: Speaks) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        let serving = runtime.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let line: &[u8] = match speaks {
                    Speaks::Http => b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nhi\n",
                    Speaks::SomethingElse => b"220 mail.example ready\r\n",
                };
                let _ = stream.write_all(line).await;
            }
        });
        Self { serving: Some(serving), runtime: runtime.clone() }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            // Once the task has ended its listener is closed, and the port is free.
            let _ = self.runtime.block_on(serving);
        }
    }
}
