//! How large and how old volumes are, for a person to choose among them.
//! What cannot be had is left out, volume by volume: nothing is decided by it.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Event, MeasuredVolume, VolumeName};
use hyper::Method;
use serde::Deserialize;

use super::client::Daemon;

impl Daemon {
    /// Measures volumes. Docker walks all their files for it, which takes what it takes: where the limit is over first,
    /// the sizes are missing and the times of creation are there.
    pub async fn measure_volumes(&self, volumes: &[VolumeName], limit: Duration) -> Event {
        // `type` and `verbose` are ignored by daemons that do not know them (API below 1.42 and 1.52).
        let usage = self.send::<Usage>(Method::GET, "/system/df?type=volume&verbose=true", None);
        let list = self.send::<List>(Method::GET, "/volumes", None);
        let (usage, list) =
            tokio::join!(self.ask("GET /system/df", limit, usage), self.ask("GET /volumes", limit, list));
        let sizes: BTreeMap<_, _> = match usage {
            Ok(usage) => usage.volumes().into_iter().map(|volume| (volume.name, volume.usage)).collect(),
            Err(_) => BTreeMap::new(),
        };
        let created: BTreeMap<_, _> = match list {
            Ok(list) => {
                list.volumes.unwrap_or_default().into_iter().map(|volume| (volume.name, volume.created)).collect()
            }
            Err(_) => BTreeMap::new(),
        };
        let measured = |name: &VolumeName| MeasuredVolume {
            name: name.clone(),
            created: created.get(name.as_str()).cloned().flatten(),
            // Docker says -1 where a volume's driver cannot be measured.
            size_bytes: sizes.get(name.as_str()).and_then(|usage| u64::try_from(usage.as_ref()?.size).ok()),
        };
        Event::VolumesMeasured { volumes: volumes.iter().map(measured).collect() }
    }
}

/// `GET /system/df`: up to API 1.51 volumes stand in `Volumes`, from 1.52 on in `VolumeUsage`. bollard's model knows
/// the second form only.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Usage {
    volumes: Option<Vec<Volume>>,
    volume_usage: Option<Items>,
}

impl Usage {
    fn volumes(self) -> Vec<Volume> {
        self.volumes.or(self.volume_usage.and_then(|usage| usage.items)).unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Items {
    items: Option<Vec<Volume>>,
}

/// `GET /volumes`. bollard's type for the time depends on features that other crates choose; ours is Docker's text.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    volumes: Option<Vec<Volume>>,
}

#[derive(Deserialize)]
struct Volume {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "CreatedAt")]
    created: Option<String>,
    #[serde(rename = "UsageData")]
    usage: Option<UsageData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UsageData {
    size: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_dockers_answer_are_understood() {
        let volumes =
            r#"[{"Name":"a","UsageData":{"Size":5,"RefCount":0}},{"Name":"b","UsageData":null},{"Name":"c"}]"#;
        for answer in [
            format!(r#"{{"LayersSize":1,"Volumes":{volumes}}}"#),
            format!(r#"{{"VolumeUsage":{{"TotalCount":3,"Items":{volumes}}}}}"#),
        ] {
            let usage: Usage = serde_json::from_str(&answer).unwrap();
            let sizes: Vec<_> = usage.volumes().into_iter().map(|v| (v.name, v.usage.map(|u| u.size))).collect();
            assert_eq!(sizes, [("a".to_owned(), Some(5)), ("b".to_owned(), None), ("c".to_owned(), None)]);
        }
        for answer in ["{}", r#"{"Volumes":null}"#, r#"{"VolumeUsage":{}}"#] {
            let usage: Usage = serde_json::from_str(answer).unwrap();
            assert!(usage.volumes().is_empty(), "{answer}");
        }
    }
}
