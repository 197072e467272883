//! The counts that later ones are compared with, and what they depend on beside our code.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

const FILE: &str = "benches/instructions.json";

/// Instructions of one call, by the name of the case.
pub(super) type Counts = BTreeMap<String, u64>;

/// What was counted, and where.
#[derive(Debug, PartialEq)]
pub(super) struct Baseline {
    pub(super) conditions: Conditions,
    pub(super) counts: Counts,
}

/// What else the counts depend on: who made the code, whose `memcpy` and `malloc` it calls, and on
/// which processor it seems to run. valgrind decides the last; it shows the same one on every machine
/// that has AVX2.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conditions {
    pub(super) rustc: String,
    pub(super) target: String,
    pub(super) libc: String,
    pub(super) valgrind: String,
}

impl Conditions {
    /// Those of this machine.
    pub(super) fn here(valgrind: String) -> Result<Self, Box<dyn Error>> {
        let rustc = said_by(Command::new("rustc").arg("-vV"))?;
        let target = rustc.lines().find_map(|line| line.strip_prefix("host: "));
        let libc = said_by(Command::new("getconf").arg("GNU_LIBC_VERSION"));
        Ok(Self {
            target: target.ok_or("rustc does not say its host")?.to_owned(),
            rustc: first_line(&rustc),
            // Only glibc has an answer.
            libc: libc.map_or_else(|_| "unknown".to_owned(), |libc| first_line(&libc)),
            valgrind,
        })
    }

    /// What is different there, if anything: each a line.
    pub(super) fn differences(&self, there: &Self) -> Vec<String> {
        let pairs = [
            (&self.rustc, &there.rustc),
            (&self.libc, &there.libc),
            (&self.valgrind, &there.valgrind),
        ];
        let differences = pairs.iter().filter(|(here, there)| here != there);
        differences
            .map(|(here, there)| format!("the baseline is of {here}, and this is {there}"))
            .collect()
    }
}

impl Baseline {
    pub(super) fn load(root: &Path) -> Result<Self, Box<dyn Error>> {
        let path = root.join(FILE);
        let text = fs::read_to_string(path).map_err(|error| format!("{FILE}: {error}"))?;
        let json = serde_json::from_str(&text).map_err(|error| format!("{FILE}: {error}"))?;
        let read = Self::read(&json).ok_or_else(|| format!("{FILE}: not the JSON expected"));
        Ok(read?)
    }

    pub(super) fn save(&self, root: &Path) -> Result<(), Box<dyn Error>> {
        let text = serde_json::to_string_pretty(&self.write())?;
        Ok(fs::write(root.join(FILE), text + "\n")?)
    }

    fn read(json: &Value) -> Option<Self> {
        let condition = |name: &str| Some(json["counted_with"][name].as_str()?.to_owned());
        let counts = json["instructions_per_call"].as_object()?.iter();
        Some(Self {
            conditions: Conditions {
                rustc: condition("rustc")?,
                target: condition("target")?,
                libc: condition("libc")?,
                valgrind: condition("valgrind")?,
            },
            counts: counts
                .map(|(case, count)| Some((case.clone(), count.as_u64()?)))
                .collect::<Option<_>>()?,
        })
    }

    fn write(&self) -> Value {
        let Conditions {
            rustc,
            target,
            libc,
            valgrind,
        } = &self.conditions;
        json!({
            "counted_with": { "rustc": rustc, "target": target, "libc": libc, "valgrind": valgrind },
            "instructions_per_call": self.counts,
        })
    }
}

/// The output of a program that must succeed.
pub(super) fn said_by(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("{name} does not start: {error}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name}: {}: {}", output.status, stderr.trim()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn conditions() -> Conditions {
        Conditions {
            rustc: "rustc 1.88.0".to_owned(),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            libc: "glibc 2.36".to_owned(),
            valgrind: "valgrind-3.19.0".to_owned(),
        }
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let baseline = Baseline {
            conditions: conditions(),
            counts: Counts::from([("grpc-32".to_owned(), 152_508)]),
        };
        assert_eq!(Baseline::read(&baseline.write()), Some(baseline));
    }

    #[test]
    fn json_of_another_shape_is_refused() {
        let mut json = Baseline {
            conditions: conditions(),
            counts: Counts::new(),
        }
        .write();
        json["instructions_per_call"]["grpc-32"] = json!("many");
        assert_eq!(Baseline::read(&json), None);
    }

    #[test]
    fn another_compiler_is_told() {
        let mut here = conditions();
        here.rustc = "rustc 1.99.0".to_owned();
        assert_eq!(
            conditions().differences(&here),
            ["the baseline is of rustc 1.88.0, and this is rustc 1.99.0"]
        );
        assert!(here.differences(&here.clone()).is_empty());
    }
}
