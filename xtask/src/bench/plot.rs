//! The plots of a report, as data: what is drawn of which contenders.

mod lines;
mod rows;
mod scale;
mod svg;

use super::cases::{COUNTED, Case, SMALL, size, unary};
use super::contenders::{Contender, Family};
use super::results::{Figure, Memory, Results};
use super::units::{digits, rate};

/// A picture, as a file.
pub(super) struct Plot {
    pub(super) file: &'static str,
    pub(super) title: &'static str,
    pub(super) svg: String,
}

/// Those of the plots for which something was measured.
pub(super) fn all(results: &Results) -> Vec<Plot> {
    let plots = [latency(results)].into_iter();
    plots
        .chain(ROWS.iter().map(|plot| plot.draw(results)))
        .flatten()
        .collect()
}

/// Latency by payload, without TLS and with; the floors, which have none, are in both.
fn latency(results: &Results) -> Option<Plot> {
    let panel = |title, tls| lines::Panel {
        title,
        lines: plotted(results)
            .filter(|contender| contender.tls == tls || contender.family == Family::Floor)
            .filter_map(|contender| line(results, contender))
            .collect(),
    };
    let panels = [panel("without TLS", false), panel("with AutoMTLS", true)];
    if panels.iter().all(|panel| panel.lines.is_empty()) {
        return None;
    }
    let pinned = match results.all_unpinned() {
        Some(_) => String::new(),
        None => format!(", up to {} on a core for each process", size(SMALL)),
    };
    let title = "Latency by payload (lower is better)";
    Some(Plot {
        file: "latency.svg",
        title,
        svg: lines::draw(
            title,
            &format!("µs for a call, one in flight{pinned}; both axes logarithmic"),
            &panels,
        ),
    })
}

fn line(results: &Results, contender: &'static Contender) -> Option<lines::Line> {
    let points = COUNTED.iter().filter_map(|&case| match case {
        Case::Unary {
            bytes,
            in_flight: 1,
        } => Some((
            bytes,
            results.median(contender.name, Figure::Wall(case))? / 1e3,
        )),
        _ => None,
    });
    let points: Vec<_> = points.collect();
    (!points.is_empty()).then_some(lines::Line { contender, points })
}

fn plotted(results: &Results) -> impl Iterator<Item = &'static Contender> + '_ {
    let contenders = results.contenders.iter().copied();
    contenders.filter(|contender| contender.is_plotted())
}

/// A plot with a row for each contender.
struct Rows {
    file: &'static str,
    title: &'static str,
    subtitle: &'static str,
    panels: &'static [Panel],
}

struct Panel {
    title: &'static str,
    kind: rows::Kind,
    show: fn(f64) -> String,
    /// From what was measured to what is drawn.
    convert: fn(f64) -> f64,
    /// What the two values of a row are; a second one without a name is not drawn.
    values: [(&'static str, Figure); 2],
}

const ROWS: &[Rows] = &[
    Rows {
        file: "throughput.svg",
        title: "Throughput of small calls (further right is better)",
        subtitle: "calls of 32 B per second, logarithmic",
        panels: &[Panel {
            title: "",
            kind: rows::Kind::Dots,
            show: rate,
            convert: |ns| 1e9 / ns,
            values: [
                ("64 in flight", Figure::Wall(unary(32, 64))),
                ("1 in flight", Figure::Wall(unary(32, 1))),
            ],
        }],
    },
    Rows {
        file: "bytes.svg",
        title: "Bytes per second (longer is better)",
        subtitle: "GB/s",
        panels: &[
            Panel {
                title: "byte stream",
                kind: rows::Kind::Bars,
                show: digits,
                convert: |ns| 1.0 / ns,
                values: [
                    ("host to plugin", Figure::Wall(Case::Up)),
                    ("plugin to host", Figure::Wall(Case::Down)),
                ],
            },
            Panel {
                title: "the plugin's stdout",
                kind: rows::Kind::Bars,
                show: digits,
                convert: |ns| 1.0 / ns,
                values: [("", Figure::Wall(Case::Flood)), NOTHING],
            },
        ],
    },
    Rows {
        file: "launch.svg",
        title: "Launch to first reply (shorter is better)",
        subtitle: "ms",
        panels: &[Panel {
            title: "",
            kind: rows::Kind::Bars,
            show: digits,
            convert: |ns| ns / 1e6,
            values: [
                ("first plugin of a fresh host", Figure::Wall(Case::Cold)),
                ("tenth plugin of one host", Figure::Wall(Case::Tenth)),
            ],
        }],
    },
    Rows {
        file: "memory.svg",
        title: "Memory (shorter is better)",
        subtitle: "MiB; all plugins idle",
        panels: &[
            Panel {
                title: "a plugin",
                kind: rows::Kind::Bars,
                show: digits,
                convert: |kib| kib / 1024.0,
                values: [
                    ("Rss", Figure::Memory(Memory::PluginRss(1))),
                    ("Pss of one in ten", Figure::Memory(Memory::PluginPss(10))),
                ],
            },
            Panel {
                title: "the host, for each plugin after the first",
                kind: rows::Kind::Bars,
                show: digits,
                convert: |kib| kib / 1024.0,
                values: [
                    ("Rss, of ten", Figure::Memory(Memory::HostPerPlugin(10))),
                    NOTHING,
                ],
            },
        ],
    },
];

/// No second value: what is said of it is never looked at.
const NOTHING: (&str, Figure) = ("", Figure::Memory(Memory::HostRss(0)));

impl Rows {
    fn draw(&self, results: &Results) -> Option<Plot> {
        let figures = || self.panels.iter().flat_map(|panel| panel.values);
        let drawn = |contender: &&'static Contender| {
            figures().any(|(_, figure)| results.get(contender.name, figure).is_some())
        };
        let contenders: Vec<_> = plotted(results).filter(drawn).collect();
        if contenders.is_empty() {
            return None;
        }
        let panels = self.panels.iter().map(|panel| rows::Panel {
            title: panel.title,
            legend: panel.values.map(|(name, _)| name),
            kind: panel.kind,
            show: panel.show,
            values: contenders
                .iter()
                .map(|contender| {
                    panel.values.map(|(_, figure)| {
                        results.median(contender.name, figure).map(panel.convert)
                    })
                })
                .collect(),
        });
        Some(Plot {
            file: self.file,
            title: self.title,
            svg: rows::draw(
                self.title,
                self.subtitle,
                &contenders,
                &panels.collect::<Vec<_>>(),
            ),
        })
    }
}
