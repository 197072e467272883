//! What a host is told on its command line.

use std::str::FromStr;

use pintle::Grpc;

use crate::{Failure, NEGOTIATED_VERSIONS};

/// What the kv programs are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Plain calls, an error and a large answer.
    Kv,
    /// Versions: two on the plugin's side, others on the host's.
    Negotiated,
    /// What the plugin prints.
    Stdio,
    /// What the plugin logs.
    Logs,
    /// What the plugin serves.
    Reflect,
    /// A plugin that outlives a session, and is found again.
    Reattach,
    /// A plugin that no host launched.
    TestMode,
    /// A plugin that crashes.
    Panics,
}

impl FromStr for Story {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        Ok(match name {
            "kv" => Self::Kv,
            "negotiated" => Self::Negotiated,
            "stdio" => Self::Stdio,
            "logs" => Self::Logs,
            "reflect" => Self::Reflect,
            "reattach" => Self::Reattach,
            "test-mode" => Self::TestMode,
            "panics" => Self::Panics,
            _ => {
                return Err(format!(
                    "no story {name:?}, only kv, negotiated, stdio, logs, reflect, reattach, \
                     test-mode and panics"
                )
                .into());
            }
        })
    }
}

/// The arguments of a host: `[--story STORY] [--versions 2,3] [--tls none|auto] [--mux]
/// [--flows] [--at-once 16] -- PLUGIN_PATH [ARGS…]`.
#[derive(Debug, PartialEq, Eq)]
pub struct HostArgs {
    /// What to tell; [`Story::Kv`] by default.
    pub story: Story,
    /// The versions to accept in [`Story::Negotiated`]; those of the plugin by default.
    pub versions: Vec<u32>,
    /// Whether to use AutoMTLS; not by default.
    pub tls: bool,
    /// Whether to put everything on one connection; not by default.
    pub mux: bool,
    /// Whether to tell of readers, writers and streams; of calls by default.
    pub flows: bool,
    /// How many dials to make at once, where there are many; 16 by default.
    pub at_once: usize,
    /// The plugin's program.
    pub plugin: String,
    /// What to hand it.
    pub plugin_args: Vec<String>,
}

impl HostArgs {
    /// The transport, on one connection or several.
    pub(crate) fn grpc(&self) -> Grpc {
        if self.mux { Grpc.multiplexed() } else { Grpc }
    }

    /// Reads them, without the host's own name. Only options of `known` are taken.
    ///
    /// # Errors
    /// In words, for the person who typed them.
    pub fn parse(words: impl IntoIterator<Item = String>, known: &[&str]) -> Result<Self, Failure> {
        let mut args = Self {
            story: Story::Kv,
            versions: NEGOTIATED_VERSIONS.to_vec(),
            tls: false,
            mux: false,
            flows: false,
            at_once: 16,
            plugin: String::new(),
            plugin_args: Vec::new(),
        };
        let mut words = words.into_iter();
        while let Some(option) = words.next().filter(|word| word != "--") {
            if !known.contains(&&*option) {
                return Err(format!("no option {option:?}, only {}", known.join(", ")).into());
            }
            let switch = match &*option {
                "--mux" => Some(&mut args.mux),
                "--flows" => Some(&mut args.flows),
                _ => None,
            };
            if let Some(switch) = switch {
                *switch = true;
                continue;
            }
            let value = words
                .next()
                .ok_or_else(|| format!("{option} needs a value"))?;
            match &*option {
                "--story" => args.story = value.parse()?,
                "--at-once" => args.at_once = value.parse()?,
                "--versions" => args.versions = versions(&value)?,
                _ => args.tls = tls(&value)?,
            }
        }
        args.plugin = words
            .next()
            .ok_or("no plugin to launch: add -- PLUGIN_PATH [ARGS…]")?;
        args.plugin_args = words.collect();
        Ok(args)
    }
}

fn versions(list: &str) -> Result<Vec<u32>, Failure> {
    let versions = list.split(',').map(str::parse).collect::<Result<_, _>>();
    versions.map_err(|error| format!("--versions {list:?}: {error}").into())
}

fn tls(word: &str) -> Result<bool, Failure> {
    match word {
        "none" => Ok(false),
        "auto" => Ok(true),
        _ => Err(format!("--tls is none or auto, not {word:?}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &[
        "--story",
        "--versions",
        "--tls",
        "--mux",
        "--flows",
        "--at-once",
    ];

    fn parse(line: &str) -> Result<HostArgs, Failure> {
        HostArgs::parse(line.split_whitespace().map(str::to_owned), KNOWN)
    }

    #[test]
    fn a_plugin_alone_is_enough() {
        let args = parse("-- p").unwrap();
        let expected = HostArgs {
            story: Story::Kv,
            versions: vec![2, 3],
            tls: false,
            mux: false,
            flows: false,
            at_once: 16,
            plugin: "p".to_owned(),
            plugin_args: Vec::new(),
        };
        assert_eq!(args, expected);
    }

    #[test]
    fn what_follows_the_plugin_is_the_plugins() {
        let args = parse(
            "--story negotiated --versions 7,9 --tls auto --mux --flows --at-once 2 -- p --tls x",
        )
        .unwrap();
        let expected = HostArgs {
            story: Story::Negotiated,
            versions: vec![7, 9],
            tls: true,
            mux: true,
            flows: true,
            at_once: 2,
            plugin: "p".to_owned(),
            plugin_args: vec!["--tls".to_owned(), "x".to_owned()],
        };
        assert_eq!(args, expected);
    }

    #[track_caller]
    fn check_refused(line: &str, expected: &str) {
        assert_eq!(parse(line).unwrap_err().to_string(), expected);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        check_refused("", "no plugin to launch: add -- PLUGIN_PATH [ARGS…]");
        check_refused(
            "--tls auto --",
            "no plugin to launch: add -- PLUGIN_PATH [ARGS…]",
        );
        check_refused("--tls", "--tls needs a value");
        check_refused("--tls on -- p", r#"--tls is none or auto, not "on""#);
        check_refused(
            "--versions 2, -- p",
            r#"--versions "2,": cannot parse integer from empty string"#,
        );
        check_refused(
            "p",
            r#"no option "p", only --story, --versions, --tls, --mux, --flows, --at-once"#,
        );
        check_refused(
            "--story tale -- p",
            r#"no story "tale", only kv, negotiated, stdio, logs, reflect, reattach, test-mode and panics"#,
        );
    }
}
