//! Latency by payload: a line for each contender, named where it ends.

use super::scale::Scale;
use super::svg::{Anchor, Point, Svg, class};
use crate::bench::cases::size;
use crate::bench::contenders::Contender;
use crate::bench::units::{digits, round};

/// The lines of one half of the picture.
pub(super) struct Panel {
    pub(super) title: &'static str,
    pub(super) lines: Vec<Line>,
}

/// A contender: bytes, and microseconds.
pub(super) struct Line {
    pub(super) contender: &'static Contender,
    pub(super) points: Vec<(u32, f64)>,
}

const HEIGHT: f64 = 500.0;
const PANEL: f64 = 470.0;
const TOP: f64 = 96.0;
const BOTTOM: f64 = HEIGHT - 52.0;
const LEFT: f64 = 58.0;
/// What is left for the names.
const RIGHT: f64 = 112.0;
/// Names nearer than this could not be read.
const APART: f64 = 14.0;

pub(super) fn draw(title: &str, subtitle: &str, panels: &[Panel]) -> String {
    let mut svg = Svg::new(PANEL * panels.len() as f64, HEIGHT);
    svg.text((20.0, 30.0), Anchor::Start, "title", title);
    svg.text((20.0, 50.0), Anchor::Start, "soft", subtitle);
    let all = || {
        panels
            .iter()
            .flat_map(|panel| &panel.lines)
            .flat_map(|line| &line.points)
    };
    let bytes = || all().map(|(bytes, _)| f64::from(*bytes));
    let micros = || all().map(|(_, micros)| *micros);
    let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    // The same in every panel, so that one can look across.
    let y = Scale::log(least(&mut micros()), most(&mut micros()), BOTTOM, TOP);
    for (index, panel) in panels.iter().enumerate() {
        let left = PANEL * index as f64 + LEFT;
        let right = PANEL * (index + 1) as f64 - RIGHT;
        // The ends are payloads rather than round numbers.
        let (low, high) = (least(&mut bytes()), most(&mut bytes()));
        let x = move |bytes: u32| {
            let share = (f64::from(bytes) / low).ln() / (high / low).ln().max(f64::MIN_POSITIVE);
            left + share * (right - left)
        };
        svg.text((left, TOP - 14.0), Anchor::Start, "", panel.title);
        for tick in y.ticks() {
            let at = y.place(tick);
            svg.line((left, at), (right, at), "grid");
            svg.text(
                (left - 8.0, at + 4.0),
                Anchor::End,
                "soft small",
                &round(&digits(tick)),
            );
        }
        let mut payloads: Vec<u32> = all().map(|(bytes, _)| *bytes).collect();
        payloads.sort();
        payloads.dedup();
        for bytes in payloads {
            svg.line((x(bytes), TOP), (x(bytes), BOTTOM), "grid");
            let at = (x(bytes), BOTTOM + 18.0);
            svg.text(at, Anchor::Middle, "soft small", &size(bytes));
        }
        svg.line((left, BOTTOM), (right, BOTTOM), "axis");
        let middle = ((left + right) / 2.0, BOTTOM + 38.0);
        svg.text(
            middle,
            Anchor::Middle,
            "soft small",
            "payload, there and back",
        );
        lines(&mut svg, &panel.lines, x, y, right);
    }
    svg.finish(title)
}

fn lines(svg: &mut Svg, lines: &[Line], x: impl Fn(u32) -> f64, y: Scale, right: f64) {
    let mut ends = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let family = line.contender.family;
        let before = lines[..index].iter();
        let before = before
            .filter(|line| line.contender.family == family)
            .count();
        let place = |&(bytes, micros): &(u32, f64)| (x(bytes), y.place(micros));
        let points: Vec<Point> = line.points.iter().map(place).collect();
        let own = format!("own {}", class(family));
        // Those of one family are told apart by their strokes.
        let dash = ["", " dashed", " dotted"][before.min(2)];
        svg.polyline(&points, &format!("{own}{dash}"));
        for point in &points {
            svg.dot(*point, 3.0, &own);
        }
        if let Some(end) = points.last() {
            ends.push((*end, line.contender));
        }
    }
    ends.sort_by(|((_, a), _), ((_, b), _)| a.total_cmp(b));
    let heights: Vec<f64> = ends.iter().map(|((_, y), _)| *y).collect();
    for ((end, contender), height) in ends.into_iter().zip(spread_out(&heights)) {
        let own = format!("own {}", class(contender.family));
        svg.line(
            (end.0 + 4.0, end.1),
            (right + 16.0, height),
            &format!("{own} lead"),
        );
        svg.text(
            (right + 19.0, height + 4.0),
            Anchor::Start,
            &own,
            contender.name,
        );
    }
}

/// Moves what is too near apart, as little as need be, and not below the axis. `heights` are sorted.
fn spread_out(heights: &[f64]) -> Vec<f64> {
    let mut places = heights.to_vec();
    // Down until nothing overlaps, then up from the lower end as far as that went too far.
    for index in 1..places.len() {
        places[index] = places[index].max(places[index - 1] + APART);
    }
    let mut limit = BOTTOM;
    for (place, wanted) in places.iter_mut().zip(heights).rev() {
        // Half the way back: those above and those below share the shift.
        *place = ((*place + wanted) / 2.0).max(*wanted).min(limit);
        limit = *place - APART;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_apart_and_stay_in_the_picture() {
        let bottom = BOTTOM - 1.0;
        for heights in [
            vec![],
            vec![100.0, 200.0],
            vec![100.0, 101.0, 102.0, 103.0],
            vec![bottom, bottom, bottom],
        ] {
            let places = spread_out(&heights);
            assert_eq!(places.len(), heights.len());
            assert!(
                places
                    .windows(2)
                    .all(|pair| pair[1] - pair[0] >= APART - 1e-9),
                "{places:?}"
            );
            assert!(places.iter().all(|place| *place <= BOTTOM), "{places:?}");
        }
        assert_eq!(spread_out(&[100.0, 200.0]), [100.0, 200.0]);
    }
}
