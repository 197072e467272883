//! A row for each contender, with one or two values in each panel.

use super::scale::Scale;
use super::svg::{Anchor, Svg, class};
use crate::bench::contenders::Contender;
use crate::bench::units::round;

/// One axis, and what is on it.
pub(super) struct Panel {
    pub(super) title: &'static str,
    /// What the first and, paler, the second value of a row is.
    pub(super) legend: [&'static str; 2],
    pub(super) kind: Kind,
    /// How a value is written.
    pub(super) show: fn(f64) -> String,
    /// In the order of the rows; `None` where nothing was measured.
    pub(super) values: Vec<[Option<f64>; 2]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// From zero.
    Bars,
    /// On a logarithmic axis, where a length would mean nothing.
    Dots,
}

const WIDTH: f64 = 940.0;
const NAMES: f64 = 128.0;
const TOP: f64 = 100.0;
const ROW: f64 = 27.0;
/// Between families.
const GAP: f64 = 10.0;
/// For the value that is written after the longest bar.
const VALUE: f64 = 62.0;

pub(super) fn draw(
    title: &str,
    subtitle: &str,
    rows: &[&'static Contender],
    panels: &[Panel],
) -> String {
    let places = places(rows);
    let bottom = places.last().map_or(TOP, |place| place + ROW);
    let mut svg = Svg::new(WIDTH, bottom + 40.0);
    svg.text((20.0, 30.0), Anchor::Start, "title", title);
    svg.text((20.0, 50.0), Anchor::Start, "soft", subtitle);
    for (contender, top) in rows.iter().zip(&places) {
        let own = format!("own {}", class(contender.family));
        svg.text(
            (NAMES - 10.0, top + ROW / 2.0 + 4.0),
            Anchor::End,
            &own,
            contender.name,
        );
    }
    let width = (WIDTH - NAMES) / panels.len() as f64;
    for (index, panel) in panels.iter().enumerate() {
        let left = NAMES + width * index as f64;
        panel.draw(&mut svg, rows, &places, left, left + width - VALUE, bottom);
    }
    svg.finish(title)
}

/// The upper edge of each row.
fn places(rows: &[&Contender]) -> Vec<f64> {
    let mut top = TOP;
    let mut family = rows.first().map(|contender| contender.family);
    let place = |contender: &&Contender| {
        if family.replace(contender.family) != Some(contender.family) {
            top += GAP;
        }
        top += ROW;
        top - ROW
    };
    rows.iter().map(place).collect()
}

impl Panel {
    fn draw(
        &self,
        svg: &mut Svg,
        rows: &[&Contender],
        places: &[f64],
        left: f64,
        right: f64,
        bottom: f64,
    ) {
        let scale = self.scale(left, right);
        svg.text((left, TOP - 28.0), Anchor::Start, "", self.title);
        self.key(svg, left);
        for tick in scale.ticks() {
            let at = scale.place(tick);
            svg.line((at, TOP), (at, bottom), "grid");
            svg.text(
                (at, bottom + 18.0),
                Anchor::Middle,
                "soft small",
                &round(&(self.show)(tick)),
            );
        }
        svg.line((left, TOP), (left, bottom), "axis");
        for ((contender, top), values) in rows.iter().zip(places).zip(&self.values) {
            let own = format!("own {}", class(contender.family));
            match self.kind {
                Kind::Bars => self.bars(svg, scale, *top, *values, &own),
                Kind::Dots => self.dots(svg, scale, top + ROW / 2.0, *values, &own),
            }
        }
    }

    fn scale(&self, left: f64, right: f64) -> Scale {
        let values = || self.values.iter().flatten().flatten().copied();
        let most = values().fold(0.0, f64::max);
        match self.kind {
            Kind::Bars => Scale::linear(most, left, right),
            Kind::Dots => {
                // Room for the values on the outer sides.
                let least = values().fold(f64::INFINITY, f64::min) / 1.8;
                Scale::log(least, most, left, right)
            }
        }
    }

    /// What the two shades are.
    fn key(&self, svg: &mut Svg, left: f64) {
        let mut at = left;
        for (name, shade) in self.legend.iter().zip(["", " second"]) {
            if name.is_empty() {
                continue;
            }
            let class = format!("own floor{shade}");
            match self.kind {
                Kind::Bars => svg.bar((at, TOP - 19.0), 10.0, 9.0, &class),
                Kind::Dots => svg.dot((at + 5.0, TOP - 14.5), 4.5, &class),
            }
            svg.text((at + 15.0, TOP - 11.0), Anchor::Start, "soft small", name);
            at += 30.0 + 6.2 * name.chars().count() as f64;
        }
    }

    fn bars(&self, svg: &mut Svg, scale: Scale, top: f64, values: [Option<f64>; 2], own: &str) {
        let two = !self.legend[1].is_empty();
        let height = if two { 10.0 } else { 16.0 };
        for (index, value) in values.into_iter().enumerate() {
            let Some(value) = value else { continue };
            let from = scale.place(0.0);
            // Memory may have shrunk, of which there is nothing to draw.
            let length = (scale.place(value) - from).max(0.0);
            let y = match (two, index) {
                (false, _) => top + 5.0,
                (true, 0) => top + 3.0,
                (true, _) => top + 14.0,
            };
            let shade = if index == 0 { "" } else { " second" };
            svg.bar((from, y), length, height, &format!("{own}{shade}"));
            let place = (from + length + 5.0, y + height / 2.0 + 4.0);
            svg.text(place, Anchor::Start, "small", &(self.show)(value));
        }
    }

    fn dots(&self, svg: &mut Svg, scale: Scale, y: f64, values: [Option<f64>; 2], own: &str) {
        let at = |value: f64| (scale.place(value), y);
        if let [Some(a), Some(b)] = values {
            svg.line(at(a), at(b), &format!("{own} lead"));
        }
        // Each value is written on its outer side.
        let first_is_left = values[0] <= values[1];
        for (index, value) in values.into_iter().enumerate() {
            let Some(value) = value else { continue };
            let shade = if index == 0 { "" } else { " second" };
            let (x, y) = at(value);
            svg.dot((x, y), 5.0, &format!("{own}{shade}"));
            let text = (self.show)(value);
            if (index == 0) == first_is_left {
                svg.text((x - 9.0, y + 4.0), Anchor::End, "small", &text);
            } else {
                svg.text((x + 9.0, y + 4.0), Anchor::Start, "small", &text);
            }
        }
    }
}
