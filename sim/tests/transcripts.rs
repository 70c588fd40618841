//! What happens in one scenario for each row of the decision table, to the byte. A changed transcript is a changed
//! behaviour: its difference is read before it is accepted (`INSTA_UPDATE=always`).

use std::process::Command;

use engine::{Row, rows};

/// For each row, a scenario in which it decides.
const TRANSCRIPTS: [(Row, &str); 34] = [
    (Row::DockerUnknown, "docker-cannot-be-asked-and-the-gateway-answers"),
    (Row::RecordUnusable, "record-corrupt"),
    (Row::OtherDaemon, "context-switched"),
    (Row::NotOurs, "foreign-container-under-our-name"),
    (Row::VolumeHeldByWriter, "two-containers-on-one-volume"),
    (Row::LeftOverHelper, "a-backup-was-cut-and-the-gateway-stands-still"),
    (Row::HalfDoneReplacement, "a-replacement-was-cut-half-way"),
    (Row::WrongVolume, "container-on-another-volume"),
    (Row::ResetContainerExists, "reset-of-a-stopped-gateway"),
    (Row::ImageUnavailable, "image-cannot-be-had"),
    (Row::NotReplaceable, "compose-owns-the-container"),
    (Row::LayerHoldsData, "upgrade-would-lose-the-layer"),
    (Row::Restore, "restored-as-asked"),
    (Row::Replacement, "rebuild-that-cannot-make-the-next"),
    (Row::PortHeld, "port-held-at-the-start"),
    (Row::Stopped, "vm-stopped-and-started"),
    (Row::NotRecovered, "references-lost-and-volume-removed"),
    (Row::Disconnected, "live-restore-without-ports"),
    (Row::NotReady, "workspace-is-read-back-after-a-restart"),
    (Row::ReadinessUnknown, "clock-jumped"),
    (Row::ReadyWithNotes, "another-stores-image-id"),
    (Row::Ready, "host-renamed"),
    (Row::VolumeHeldByName, "an-exited-stranger-has-the-volume"),
    (Row::ContainerHidden, "docker-denies-the-container"),
    (Row::RestoreMissing, "restored-after-all-was-destroyed"),
    (Row::VolumesAmbiguous, "several-volumes-and-no-record"),
    (Row::DataGone, "removed-with-its-volume"),
    (Row::VolumesLeft, "container-gone-under-healthy-metadata"),
    (Row::Reset, "reset-with-consent"),
    (Row::Nothing, "prefix-is-no-ownership"),
    (Row::Stop, "stopped-as-asked"),
    (Row::BackUp, "backed-up-as-asked"),
    (Row::Destroy, "destroyed-with-its-volumes"),
    (Row::SetAside, "destroy-of-what-is-set-aside"),
];

#[test]
fn every_row_of_the_decision_table_has_a_transcript() {
    let told: Vec<_> = TRANSCRIPTS.iter().map(|(row, _)| *row).collect();
    assert_eq!(told, rows().collect::<Vec<_>>());
}

#[test]
fn transcripts_are_as_they_were() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        for (row, name) in TRANSCRIPTS {
            let output =
                Command::new(env!("CARGO_BIN_EXE_nemoclaw-sim")).args(["run", name]).output().expect("it runs");
            assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            let transcript = String::from_utf8(output.stdout).expect("it is text");
            let word = serde_json::to_value(row).expect("a row is one word");
            let word = word.as_str().expect("a row is one word");
            let decides = |line: &str| line.contains("decides") && line.ends_with(&format!(" {word}"));
            assert!(transcript.lines().any(decides), "{name}: `{word}` does not decide in it:\n{transcript}");
            insta::assert_snapshot!(name, transcript);
        }
    });
}
