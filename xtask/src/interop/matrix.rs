//! Which hosts meet which plugins, and how the results are shown.

use super::stories::{GoAlone, NO_FLOWS, NO_REATTACH, NOT_MULTIPLEXED, STORIES, Story};

/// The releases of go-plugin that the Go programs are built on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Release {
    Newest,
    /// The oldest one worth meeting.
    V1_4_10,
}

impl Release {
    pub(crate) const ALL: [Self; 2] = [Self::Newest, Self::V1_4_10];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::V1_4_10 => "v1.4.10",
        }
    }
}

/// Who wrote a program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Author {
    Go(Release),
    Rust,
}

impl Author {
    fn name(self) -> String {
        match self {
            Self::Go(release) => format!("go {}", release.name()),
            Self::Rust => "rust".to_owned(),
        }
    }
}

/// A host, a plugin and what is between them: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pairing {
    pub(crate) host: Author,
    pub(crate) plugin: Author,
    pub(crate) tls: &'static str,
}

impl Pairing {
    /// What the host must print where a library does not have what `story` is about.
    fn refusal(self, story: &Story) -> Option<&'static str> {
        let old = Author::Go(Release::V1_4_10);
        if story.reattaches && self.host != Author::Rust && self.tls != "none" {
            Some(NO_REATTACH)
        } else if !story.multiplexed {
            None
        } else if self.host == old || self.plugin == old {
            Some(NOT_MULTIPLEXED)
        } else if story.flows && (self.host != Author::Rust || self.plugin != Author::Rust) {
            Some(NO_FLOWS)
        } else {
            None
        }
    }

    /// What the host is told in `story`, beside `--tls` and `--mux`.
    pub(crate) fn host_args(self, story: &Story) -> &'static [&'static str] {
        self.go_alone(story).map_or(story.host, |alone| alone.host)
    }

    fn go_alone(self, story: &Story) -> Option<&GoAlone> {
        let go = self.host != Author::Rust && self.plugin != Author::Rust;
        story.go_alone.as_ref().filter(|_| go)
    }

    /// What the host must print in `story`.
    pub(crate) fn transcript(self, story: &Story) -> &'static str {
        if let Some(refusal) = self.refusal(story) {
            return refusal;
        }
        if let Some(alone) = self.go_alone(story) {
            return alone.transcript;
        }
        let old = Author::Go(Release::V1_4_10);
        let of_old_host = story.transcript_of_old_host.filter(|_| self.host == old);
        let of_old_plugin = story
            .transcript_of_old_plugin
            .filter(|_| self.plugin == old);
        of_old_host.or(of_old_plugin).unwrap_or(story.transcript)
    }
}

/// Which rows to fill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scope {
    Everything,
    /// Go with Go: shows that the expectations are those of go-plugin and not our own.
    Control,
}

/// The rows, the control first: where it fails, nothing below it means anything.
pub(crate) fn pairings(scope: Scope) -> Vec<Pairing> {
    let go = Release::ALL.map(Author::Go);
    let mut authors: Vec<_> = go.iter().map(|&author| (author, author)).collect();
    if scope == Scope::Everything {
        authors.extend(go.iter().map(|&author| (author, Author::Rust)));
        authors.extend(go.iter().map(|&author| (Author::Rust, author)));
        authors.push((Author::Rust, Author::Rust));
    }
    let both = authors
        .iter()
        .flat_map(|&(host, plugin)| ["none", "auto"].map(|tls| Pairing { host, plugin, tls }));
    both.collect()
}

/// What became of one story with one pairing: `Err` holds the reason, of one line or more.
pub(crate) type Cell = Result<(), String>;

/// The table, a row for each pairing with one cell for each story, and the reasons under the row
/// they belong to.
pub(crate) fn table(pairings: &[Pairing], cells: &[Vec<Cell>]) -> String {
    let heading = ["host", "plugin", "tls"].into_iter().map(str::to_owned);
    let heading = heading
        .chain(STORIES.iter().map(|story| story.name.to_owned()))
        .collect();
    let mut rows: Vec<Vec<String>> = vec![heading];
    for (pairing, cells) in pairings.iter().zip(cells) {
        let mut row = vec![
            pairing.host.name(),
            pairing.plugin.name(),
            pairing.tls.to_owned(),
        ];
        row.extend(
            STORIES
                .iter()
                .zip(cells)
                .map(|(story, cell)| word(*pairing, story, cell).to_owned()),
        );
        rows.push(row);
    }

    let columns = 0..rows[0].len();
    let widths: Vec<usize> = columns
        .map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let padded = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        text += padded.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
        let cells = index.checked_sub(1).map_or(&[][..], |index| &cells[index]);
        for (story, cell) in STORIES.iter().zip(cells) {
            if let Err(reason) = cell {
                text += &format!("    {}: {}\n", story.name, reason.replace('\n', "\n      "));
            }
        }
    }
    text
}

/// What is absent was told, too: the host said so, as it must.
fn word(pairing: Pairing, story: &Story, cell: &Cell) -> &'static str {
    match cell {
        Err(_) => "FAIL",
        Ok(()) if pairing.refusal(story).is_none() => "ok",
        Ok(()) => "absent",
    }
}

/// What the words in the table mean that do not speak for themselves.
pub(crate) const LEGEND: &str = "\
absent: not offered by this library; the host refused, as it must
  (multiplexing: go-plugin v1.4.10 has none; flows on one connection: go-plugin dials only gRPC there;
  reattach: go-plugin cannot with AutoMTLS)";

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Author = Author::Go(Release::V1_4_10);

    #[test]
    fn every_release_meets_rust_from_both_sides_with_and_without_tls() {
        let all = pairings(Scope::Everything);
        for release in Release::ALL.map(Author::Go) {
            for tls in ["none", "auto"] {
                for (host, plugin) in [(release, Author::Rust), (Author::Rust, release)] {
                    assert!(
                        all.contains(&Pairing { host, plugin, tls }),
                        "{host:?} {plugin:?}"
                    );
                }
            }
        }
        assert_eq!(all.len(), 14);
    }

    #[test]
    fn the_control_is_go_alone() {
        let control = pairings(Scope::Control);
        assert!(
            control
                .iter()
                .all(|p| p.host == p.plugin && p.host != Author::Rust)
        );
        assert_eq!(control.len(), 4);
    }

    #[test]
    fn only_a_plugin_on_the_old_release_may_lack_the_newer_reflection() {
        let reflect = STORIES
            .iter()
            .find(|story| story.name == "reflect")
            .unwrap();
        let lists_v1 = |host, plugin| {
            let pairing = Pairing {
                host,
                plugin,
                tls: "none",
            };
            pairing
                .transcript(reflect)
                .contains("grpc.reflection.v1.ServerReflection")
        };
        assert!(lists_v1(OLD, Author::Rust));
        assert!(lists_v1(
            Author::Go(Release::Newest),
            Author::Go(Release::Newest)
        ));
        assert!(!lists_v1(Author::Rust, OLD));
    }

    #[test]
    fn only_a_host_on_the_old_release_may_not_raise_a_panic_to_an_error() {
        let panics = STORIES.iter().find(|story| story.name == "panics").unwrap();
        let raised = |host, plugin| {
            let pairing = Pairing {
                host,
                plugin,
                tls: "none",
            };
            pairing.transcript(panics).starts_with("log error: panic: ")
        };
        assert!(raised(Author::Rust, OLD));
        assert!(raised(Author::Go(Release::Newest), Author::Rust));
        assert!(!raised(OLD, Author::Rust));
    }

    #[test]
    fn only_a_go_host_with_tls_may_not_reattach() {
        let reattach = STORIES.iter().find(|story| story.reattaches).unwrap();
        for pairing in pairings(Scope::Everything) {
            let absent = pairing.host != Author::Rust && pairing.tls == "auto";
            assert_eq!(pairing.transcript(reattach) == NO_REATTACH, absent);
            let word = word(pairing, reattach, &Ok(()));
            assert_eq!(word == "absent", absent, "{pairing:?}");
        }
    }

    #[test]
    fn what_the_old_release_does_not_offer_is_shown_as_absent_and_not_as_told() {
        let story = STORIES.iter().find(|story| story.multiplexed).unwrap();
        let cell = |host, plugin, cell: Cell| {
            let pairing = Pairing {
                host,
                plugin,
                tls: "none",
            };
            word(pairing, story, &cell)
        };
        assert_eq!(cell(OLD, Author::Rust, Ok(())), "absent");
        assert_eq!(cell(Author::Rust, OLD, Ok(())), "absent");
        assert_eq!(cell(Author::Rust, OLD, Err(String::new())), "FAIL");
        assert_eq!(cell(Author::Rust, Author::Rust, Ok(())), "ok");
    }

    #[test]
    fn flows_on_one_connection_are_absent_wherever_go_takes_part_and_nowhere_else() {
        let newest = Author::Go(Release::Newest);
        for story in STORIES.iter().filter(|story| story.flows) {
            let transcript = |host, plugin| {
                let pairing = Pairing {
                    host,
                    plugin,
                    tls: "auto",
                };
                pairing.transcript(story)
            };
            let expected = match story.multiplexed {
                true => NO_FLOWS,
                false => story.transcript,
            };
            assert_eq!(transcript(newest, Author::Rust), expected);
            assert_eq!(transcript(Author::Rust, newest), expected);
            assert_eq!(transcript(Author::Rust, Author::Rust), story.transcript);
        }
    }

    #[test]
    fn reasons_stand_under_the_row_they_belong_to() {
        let pairings = [
            Pairing {
                host: OLD,
                plugin: Author::Rust,
                tls: "auto",
            },
            Pairing {
                host: Author::Rust,
                plugin: Author::Rust,
                tls: "none",
            },
        ];
        let fine: Vec<Cell> = STORIES.iter().map(|_| Ok(())).collect();
        let mut failed = fine.clone();
        failed[0] = Err("line 1: wrong\nstderr: why".to_owned());
        let text = table(&pairings, &[failed, fine]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(
            lines[0].starts_with("host        plugin  tls   kv    versions 2,3"),
            "{text}"
        );
        assert!(
            lines[1].starts_with("go v1.4.10  rust    auto  FAIL  ok"),
            "{text}"
        );
        assert_eq!(&lines[2..4], ["    kv: line 1: wrong", "      stderr: why"]);
        assert!(
            lines[4].starts_with("rust        rust    none  ok"),
            "{text}"
        );
    }
}
