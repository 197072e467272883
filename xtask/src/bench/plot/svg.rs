//! As much of SVG as our plots need.
//!
//! A library of charts would draw for one background and put names into a box beside the picture.
//! Ours follow the reader's colour scheme, on a ground of their own, and have each name where its
//! line or bar ends.

use std::fmt::Write as _;

use crate::bench::contenders::Family;

/// A picture that is being drawn. Places are in pixels from the upper left.
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// A place.
pub(super) type Point = (f64, f64);

/// Which side of a text its place is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    pub(super) fn text(&mut self, (x, y): Point, anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" class="{class}">{text}</text>"#
        ));
    }

    pub(super) fn line(&mut self, (x1, y1): Point, (x2, y2): Point, class: &str) {
        self.add(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="{class}"/>"#
        ));
    }

    pub(super) fn polyline(&mut self, points: &[Point], class: &str) {
        let points = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}"));
        let points = points.collect::<Vec<_>>().join(" ");
        self.add(format_args!(
            r#"<polyline points="{points}" class="{class}"/>"#
        ));
    }

    pub(super) fn dot(&mut self, (x, y): Point, radius: f64, class: &str) {
        self.add(format_args!(
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" class="{class}"/>"#
        ));
    }

    pub(super) fn bar(&mut self, (x, y): Point, width: f64, height: f64, class: &str) {
        self.add(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="1.5" class="{class}"/>"#
        ));
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        writeln!(self.body, "{element}").expect("a string takes what is written to it");
    }

    /// The picture as a file; `title` is what is read out instead of it.
    pub(super) fn finish(self, title: &str) -> String {
        let Self {
            width,
            height,
            body,
        } = self;
        let title = escaped(title);
        let style = style();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\">\n\
             <title>{title}</title>\n<style>{style}</style>\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"6\" class=\"ground\"/>\n{body}</svg>\n"
        )
    }
}

/// The class that gives a family its colour.
pub(super) fn class(family: Family) -> &'static str {
    match family {
        Family::Floor => "floor",
        Family::Grpc => "grpc",
        Family::Tarpc => "tarpc",
        Family::Go => "go",
    }
}

/// The colours for one ground. They are written out for each, since CSS variables are unknown to
/// many a program that shows SVG.
struct Theme {
    ground: &'static str,
    ink: &'static str,
    soft: &'static str,
    grid: &'static str,
    families: [(Family, &'static str); 4],
}

/// Blue, vermilion and green that people tell apart who do not see all colours; grey is for what
/// everything else is compared with.
const LIGHT: Theme = Theme {
    ground: "#ffffff",
    ink: "#1c2024",
    soft: "#5b6470",
    grid: "#e3e6ea",
    families: [
        (Family::Floor, "#7b848f"),
        (Family::Grpc, "#0072b2"),
        (Family::Tarpc, "#d55e00"),
        (Family::Go, "#00896a"),
    ],
};

const DARK: Theme = Theme {
    ground: "#15191e",
    ink: "#e8ebee",
    soft: "#a3acb7",
    grid: "#2d343c",
    families: [
        (Family::Floor, "#929ba6"),
        (Family::Grpc, "#56b4e9"),
        (Family::Tarpc, "#f4863d"),
        (Family::Go, "#2fc79e"),
    ],
};

/// What does not depend on the ground.
const SHAPES: &str = "text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\
.title{font-size:16px;font-weight:600}.small{font-size:11px}\
polyline.own{fill:none;stroke-width:2;stroke-linejoin:round}.lead{stroke-width:1;opacity:.5}\
.dashed{stroke-dasharray:7 4}.dotted{stroke-dasharray:2 4}.second{opacity:.45}";

impl Theme {
    fn rules(&self) -> String {
        let Self {
            ground,
            ink,
            soft,
            grid,
            families,
        } = self;
        let mut rules = format!(
            ".ground{{fill:{ground}}}text{{fill:{ink}}}.soft{{fill:{soft}}}\
             .grid{{stroke:{grid}}}.axis{{stroke:{soft}}}"
        );
        for (family, own) in families {
            let class = class(*family);
            rules += &format!(
                "text.{class},rect.{class},circle.{class}{{fill:{own}}}\
                 line.{class},polyline.{class}{{stroke:{own}}}"
            );
        }
        rules
    }
}

fn style() -> String {
    let (light, dark) = (LIGHT.rules(), DARK.rules());
    format!("{SHAPES}\n{light}\n@media(prefers-color-scheme:dark){{{dark}}}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_whatever_is_in_it() {
        let mut svg = Svg::new(10.0, 20.0);
        svg.text((1.0, 2.0), Anchor::End, "soft", "a < b & c");
        let file = svg.finish("<title>");
        assert!(file.contains(">a &lt; b &amp; c</text>"), "{file}");
        assert!(file.contains("<title>&lt;title&gt;</title>"), "{file}");
        assert!(file.ends_with("</svg>\n"));
    }
}
