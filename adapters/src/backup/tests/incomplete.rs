//! Anything less than complete is no backup, and leaves nothing.

use engine::{Failure, Why};

use super::super::testing::{Ends, Head, Made, Tarred, back_up, head, record, sealed};

/// That a tar makes no backup, and that the reason is told in these words.
async fn check(tar: Vec<u8>, why: &str) {
    let shown = format!("{} bytes, {why}", tar.len());
    let made = back_up(tar, Ends::Well).await;
    let failure = check_left_nothing(&made, &shown);
    assert!(matches!(failure, Failure::Unknown { why: Why::Malformed { .. } }), "{shown}: {failure:?}");
    assert!(failure.to_string().contains(why), "{shown}: {failure}");
}

fn check_left_nothing<'a>(made: &'a Made, shown: &str) -> &'a Failure {
    assert_eq!(made.left(), [""; 0].map(std::path::PathBuf::from), "{shown}");
    made.made.as_ref().expect_err(shown)
}

#[tokio::test]
async fn backup_of_a_tar_that_is_cut_anywhere_is_none() {
    let mut tar = Tarred::volume();
    tar.extra(b'x', &record("path", &[b"v0/", "n".repeat(200).as_bytes()].concat())).file("v0/n", &[7; 700]);
    let whole = tar.whole();
    let blocks = 1 + 2 + 1 + 2;
    assert_eq!(whole.len(), (blocks + 2) * 512);
    assert!(back_up(whole.clone(), Ends::Well).await.made.is_ok());
    // Within and at the end of the first header, the extended one, its data, a header, its data, their filling, and each
    // end block.
    for cut in
        (1..=whole.len() / 512).flat_map(|block| [block * 512 - 511, block * 512 - 256, block * 512 - 1, block * 512])
    {
        if cut < whole.len() {
            check(whole[..cut].to_vec(), &format!("ends after {cut} bytes, before its end")).await;
        }
    }
}

#[tokio::test]
async fn backup_of_a_tar_with_more_after_its_end_is_none() {
    let whole = Tarred::volume().whole();
    check([whole.as_slice(), b"x"].concat(), "something stands after the end blocks").await;
    check([&whole[..], &whole[..]].concat(), "something stands after the end blocks").await;
    check([&whole[..], &vec![0; 2 << 20]].concat(), "it does not end after the end blocks").await;
    assert!(back_up([&whole[..], &[0; 9 * 1024]].concat(), Ends::Well).await.made.is_ok());
    let lone = Tarred::volume().block(&[0; 512]).file("v0/a", b"").whole();
    check(lone, "one end block stands alone").await;
}

#[tokio::test]
async fn backup_is_none_where_the_connection_breaks_or_docker_says_no() {
    let made = back_up(Tarred::volume().whole(), Ends::Broken).await;
    let failure = check_left_nothing(&made, "broken");
    assert!(matches!(failure, Failure::Unknown { why: Why::ConnectionLost { .. } }), "{failure:?}");
    let made = back_up(Vec::new(), Ends::Well).await;
    let failure = check_left_nothing(&made, "404");
    assert_eq!(failure, &Failure::Rejected { status: Some(404), message: "no such path".to_owned() });
}

#[tokio::test]
async fn backup_of_what_no_daemon_sends_is_none() {
    let block = |change: &dyn Fn(&mut [u8; 512])| {
        let mut block = head(b'0', "v0/a").block();
        change(&mut block);
        block
    };
    let volume = Tarred::volume;
    let flipped = block(&|block| block[0] ^= 1);
    let unmarked = sealed(block(&|block| block[257..265].fill(0)));
    let worded = sealed(block(&|block| block[124..127].copy_from_slice(b"abc")));
    for (tar, why) in [
        (volume().block(&flipped), "the checksum of a header does not fit"),
        (volume().block(&[7; 512]), "the checksum of a header does not fit"),
        (volume().block(&unmarked), "a header is neither POSIX's nor GNU's"),
        (volume().block(&worded), "a number in a header is none"),
        (volume().add(&head(b'S', "v0/a"), b""), "of a type that Docker does not send"),
        (volume().add(&head(b'g', "v0/a"), b""), "of a type that Docker does not send"),
        (volume().add(&Head { size: 5, ..head(b'5', "v0/a") }, b"hello"), "what is no file has data"),
        (volume().add(&head(b'2', "v0/a"), b""), "a link leads nowhere"),
        (volume().link(b'0', "v0/a", "b"), "what is no link does not"),
        (volume().file("v0/a/", b""), "what is no folder ends in a slash"),
        (volume().extra(b'x', b"99 path=a\n").file("v0/a", b""), "not made of records"),
        (volume().extra(b'x', &record("GNU.sparse.major", b"1")).file("v0/a", b""), "says what it cannot"),
        (volume().extra(b'x', &record("path", b"v0/a\0")).file("v0/a", b""), "a name holds a NUL"),
        (volume().extra(b'x', &record("path", b"v0/a")), "an extended header has no entry"),
        (volume().extra(b'L', &vec![b'a'; 2 << 20]).file("v0/a", b""), "are larger than any"),
        (&mut Tarred::default(), "it holds nothing at all"),
    ] {
        check(tar.whole(), why).await;
    }
}

#[tokio::test]
async fn backup_of_paths_that_lead_elsewhere_is_none() {
    for path in ["/v0/a", "v0/../a", "v0/./a", "v0//a", "v1/a", "v0a", "a", "..", "", "v0/a/..", "v0/../v0/a"] {
        let tar = Tarred::volume().file(path, b"").whole();
        check(tar, &format!("holds `{path}`, which leaves its root")).await;
    }
    let volume = || {
        let mut tar = Tarred::volume();
        tar.file("v0/m", b"");
        tar
    };
    let through = "goes through an earlier entry that is no folder";
    let out = "out of order";
    for (tar, why) in [
        (volume().link(b'2', "v0/n", "/etc").file("v0/n/a", b""), through),
        (volume().file("v0/n", b"").folder("v0/n/a/"), through),
        (volume().link(b'1', "v0/n", "v0/m").file("v0/n/a", b""), through),
        (volume().link(b'2', "v0/n", "/etc").folder("v0/n/").file("v0/n/a", b""), out),
        (volume().folder("v0/n/").link(b'2', "v0/n", "/etc"), out),
        (volume().file("v0/m", b""), out),
        (volume().file("v0/a", b""), out),
        (volume().file("v0/n/a", b""), out),
        (volume().folder("v0/"), out),
        (Tarred::default().file("v0", b""), out),
        (Tarred::default().file("v0/a", b""), out),
        (volume().link(b'1', "v0/n", "v0/z").file("v0/z", b""), "a hard link to a file that it does not hold"),
        (volume().link(b'1', "v0/n", "../m"), "a hard link to a file that it does not hold"),
        (volume().link(b'1', "v0/n", "v0/n"), "a hard link to a file that it does not hold"),
    ] {
        check(tar.whole(), why).await;
    }
}

#[tokio::test]
async fn backup_with_a_hard_link_to_what_is_no_file_of_it_does_not_verify() {
    for tar in
        [Tarred::volume().link(b'1', "v0/n", "v0/m"), Tarred::volume().folder("v0/m/").link(b'1', "v0/n", "v0/m")]
    {
        let made = back_up(tar.whole(), Ends::Well).await;
        let failure = check_left_nothing(&made, "hard link");
        assert!(failure.to_string().contains("a hard link to a file that it does not hold"), "{failure}");
    }
}
