//! Crowds: clients that say nothing, speak slowly, do not listen or hang up half, far more than there are places or file
//! descriptors. Who comes meanwhile with a plain request is served.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use super::client::{answer, connect, request};
use super::gateway::{command, spawn};
use super::world::{Attacked, KEPT};

/// A pace at which nothing ever gets done.
const SLOW: Duration = Duration::from_secs(1);

/// A thousand at once that say nothing, then a thousand that have said half, then a thousand that have been answered.
pub fn idle() {
    let attacked = Attacked::start();
    let whole = request("GET", KEPT, &[], b"");
    for said in [0, whole.len() / 2, whole.len()] {
        let mut crowd: Vec<_> = (0..1000).map(|_| saying(&attacked, &whole[..said])).collect();
        attacked.serves();
        // The last ones to come still have their places.
        let last = crowd.last_mut().unwrap();
        last.write_all(&whole[said % whole.len()..]).unwrap();
        assert_eq!(answer(last).map(|answer| answer.status), Some(200));
    }
    attacked.outlived();
}

/// Far more connections than file descriptors.
pub fn few_descriptors() {
    for descriptors in ["256", "64"] {
        let attacked = Attacked::start_by(|volume| {
            let gateway = command(volume, &[]);
            let mut limited = Command::new("sh");
            limited.args(["-c", r#"ulimit -n "$0" && exec "$@""#, descriptors]).arg(gateway.get_program());
            limited.args(gateway.get_args()).envs(gateway.get_envs().filter_map(|(name, value)| Some((name, value?))));
            spawn(limited)
        });
        let crowd: Vec<_> = (0..600).map(|_| connect(attacked.address())).collect();
        attacked.serves();
        let puts = (0..100).map(|nth| {
            saying(&attacked, &request("PUT", &format!("/workspace/deep/{nth}"), &["Content-Length: 9"], b"half"))
        });
        let puts: Vec<_> = puts.collect();
        attacked.serves();
        drop((crowd, puts));
        attacked.outlived();
    }
}

/// Slow in every way, more of each than there are places.
pub fn slow() {
    let attacked = Attacked::start();
    let big = vec![7; 16 << 20];
    assert_eq!(attacked.send("PUT", "/workspace/big", &big).status, 201);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for (said, more) in [
            // Its head never ends.
            (b"GET /workspace/kept HTTP/1.1\r\nX: ".to_vec(), b"y".as_slice()),
            // Its body never ends.
            (request("PUT", KEPT, &["Content-Length: 1000000"], b""), b"y"),
            (request("PUT", KEPT, &["Transfer-Encoding: chunked"], b""), b"1\r\ny\r\n"),
            // What it is not answered with it goes on to send.
            (request("POST", KEPT, &["Content-Length: 1000000"], b""), b"y"),
            // It takes its answer byte by byte.
            (request("GET", "/workspace/big", &[], b""), b""),
        ] {
            let mut crowd: Vec<_> = (0..300).map(|_| saying(&attacked, &said)).collect();
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    for stream in &mut crowd {
                        let _ = stream.write_all(more);
                        if more.is_empty() {
                            let _ = stream.read(&mut [0]);
                        }
                    }
                    thread::sleep(SLOW);
                }
            });
            attacked.serves();
        }
        attacked.serves();
        over.store(true, Ordering::Relaxed);
    });
    attacked.outlived();
}

/// Connections of which one half or the other is closed, or all of it at once.
pub fn half_closed() {
    let attacked = Attacked::start();
    let get = request("GET", KEPT, &[], b"");
    let put = request("PUT", "/workspace/a", &["Content-Length: 9"], b"half");
    for _ in 0..200 {
        for message in [&get, &put, &Vec::new()] {
            for side in [Some(Shutdown::Read), Some(Shutdown::Write), Some(Shutdown::Both), None] {
                let stream = saying(&attacked, message);
                if let Some(side) = side {
                    let _ = stream.shutdown(side);
                }
            }
        }
    }
    // Who only stops sending is answered still.
    let mut stream = saying(&attacked, &get);
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(answer(&mut stream).map(|answer| answer.status), Some(200));
    attacked.serves();
    assert_eq!(attacked.send("GET", "/workspace/a", b"").status, 404);
    attacked.outlived();
}

fn saying(attacked: &Attacked, bytes: &[u8]) -> TcpStream {
    let mut stream = connect(attacked.address());
    // It may have had to make room already.
    let _ = stream.write_all(bytes);
    stream
}
