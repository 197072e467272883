//! `report.json`: every sample, for whoever wants to look at it in another way.

use serde_json::{Value, json};

use super::Report;
use crate::bench::cases;
use crate::bench::goals::GOALS;
use crate::bench::results::Figure;
use crate::bench::stats::Series;

impl Report<'_> {
    /// One line for each series and goal, so that two runs can be compared line by line.
    pub(super) fn json(&self) -> String {
        let facts: serde_json::Map<String, Value> = self
            .facts
            .iter()
            .map(|(name, fact)| ((*name).to_owned(), fact.as_str().into()))
            .collect();
        format!(
            "{{\n\"@generated\": {},\n\"machine\": {},\n\"series\": {},\n\"absent\": {},\n\"goals\": {}\n}}\n",
            Value::from(self.command.as_str()),
            Value::from(facts),
            lines(self.series()),
            lines(self.absent()),
            lines(self.verdicts()),
        )
    }

    fn series(&self) -> Vec<Value> {
        let series = self.results.series();
        series
            .map(|(name, figure, series)| {
                let unit = match figure {
                    Figure::Wall(_) | Figure::Cpu(_) => "ns",
                    Figure::Memory(_) => "KiB",
                };
                json!({
                    "contender": name,
                    "figure": figure.to_string(),
                    "unit": unit,
                    "spread": spread(series),
                    "samples": series.values().map(short).collect::<Vec<_>>(),
                })
            })
            .collect()
    }

    fn absent(&self) -> Vec<Value> {
        let mut absent = Vec::new();
        for contender in &self.results.contenders {
            for case in cases::all() {
                if let Some(why) = self.results.absent(contender.name, case) {
                    let case = case.to_string();
                    absent.push(json!({ "contender": contender.name, "case": case, "why": why }));
                }
            }
        }
        absent
    }

    fn verdicts(&self) -> Vec<Value> {
        let goals = GOALS
            .iter()
            .flat_map(|(case, goals)| goals.iter().map(move |goal| (case, goal)));
        goals
            .map(|(case, goal)| {
                let verdict = goal.judge(self.results);
                json!({
                    "case": case,
                    "quantity": goal.quantity,
                    "of": goal.of,
                    "to": verdict.map(|verdict| verdict.to),
                    "ratio": verdict.map(|verdict| short(verdict.ratio.median)),
                    "goal": goal.bound.to_string(),
                    "met": verdict.map(|verdict| verdict.met),
                })
            })
            .collect()
    }
}

/// A list with one line for each of its values.
fn lines(values: Vec<Value>) -> String {
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    format!("[\n{}\n]", lines.join(",\n"))
}

fn spread(series: &Series) -> Value {
    let Some(spread) = series.spread() else {
        return Value::Null;
    };
    json!({
        "p25": short(spread.p25),
        "median": short(spread.median),
        "p75": short(spread.p75),
    })
}

/// Five digits, which is more than any clock here is good for.
fn short(value: f64) -> Value {
    format!("{value:.4e}")
        .parse::<f64>()
        .map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases::unary;
    use crate::bench::results::Results;

    #[test]
    fn the_report_is_json_with_every_sample() {
        let mut results = Results::default();
        for round in 0..3 {
            let value = f64::from(round) + 0.123_456_789;
            results.push("grpc", Figure::Wall(unary(32, 1)), round as usize, value);
        }
        let report = Report {
            command: "cargo xtask bench".to_owned(),
            facts: vec![("cores", "2".to_owned())],
            results: &results,
        };
        let json: Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["machine"]["cores"], "2");
        assert_eq!(json["series"][0]["figure"], "unary-32x1 wall");
        assert_eq!(
            json["series"][0]["samples"],
            json!([0.12346, 1.1235, 2.1235])
        );
        assert_eq!(json["series"][0]["spread"]["median"], json!(1.1235));
        assert_eq!(json["goals"][0]["met"], Value::Null);
    }
}
