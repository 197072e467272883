//! The words after `cargo xtask bench`.

use std::path::PathBuf;

use super::cases::{self, Case};
use super::contenders::{CONTENDERS, Contender, Family};

/// What a run is to be.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Fewer and shorter rounds: enough to see an effect, too few to quote.
    pub(super) quick: bool,
    /// go-plugin's contenders, too.
    pub(super) go: bool,
    /// Write the run into the documentation as well.
    pub(super) docs: bool,
    /// Where the report goes; `bench` in cargo's target folder if nobody says.
    pub(super) out: Option<PathBuf>,
    only: Vec<String>,
}

impl Options {
    /// `Err` is what to tell the one who typed it.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--quick" => options.quick = true,
                "--go" => options.go = true,
                "--docs" => options.docs = true,
                "--out" => options.out = Some(words.next().ok_or("--out needs a folder")?.into()),
                "--only" => {
                    let only = words.next().ok_or("--only needs a word")?;
                    options.only.push(only.to_owned());
                }
                other => return Err(format!("bench knows no `{other}`")),
            }
        }
        if options.docs && (!options.go || options.quick || !options.only.is_empty()) {
            return Err("--docs is for a whole run: with --go, without --quick and --only".into());
        }
        if let Some(word) = options.only.iter().find(|word| !known(word)) {
            return Err(format!("no contender and no case has `{word}` in its name"));
        }
        if options.contenders().is_empty() {
            return Err("the contenders of --only need --go".into());
        }
        Ok(options)
    }

    /// The command that makes the same run again, wherever its report goes.
    pub(super) fn command(&self) -> String {
        let mut command = "cargo xtask bench".to_owned();
        for (word, said) in [
            ("--quick", self.quick),
            ("--go", self.go),
            ("--docs", self.docs),
        ] {
            if said {
                command += &format!(" {word}");
            }
        }
        for word in &self.only {
            command += &format!(" --only {word}");
        }
        command
    }

    /// Those that take part, in the order of the table.
    pub(super) fn contenders(&self) -> Vec<&'static Contender> {
        let names: Vec<&str> = CONTENDERS.iter().map(|contender| contender.name).collect();
        let chosen = chosen(&self.only, &names);
        let both = CONTENDERS.iter().zip(chosen);
        both.filter(|(contender, chosen)| *chosen && (self.go || contender.family != Family::Go))
            .map(|(contender, _)| contender)
            .collect()
    }

    /// Those of `cases` that are measured.
    pub(super) fn cases(&self, cases: &[Case]) -> Vec<Case> {
        let names: Vec<String> = cases::all().map(|case| case.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let chosen = chosen(&self.only, &names);
        let both = cases::all().zip(chosen);
        both.filter(|(case, chosen)| *chosen && cases.contains(case))
            .map(|(case, _)| case)
            .collect()
    }
}

/// Which of `names` the words choose: all where no word is about them. A word that is a name means
/// that one, and all that it is part of otherwise.
fn chosen(words: &[String], names: &[&str]) -> Vec<bool> {
    let means = |word: &String, name: &str| {
        if names.contains(&word.as_str()) {
            name == word
        } else {
            name.contains(word.as_str())
        }
    };
    let about = |word: &&String| names.iter().any(|name| means(word, name));
    let words: Vec<&String> = words.iter().filter(about).collect();
    names
        .iter()
        .map(|name| words.is_empty() || words.iter().any(|word| means(word, name)))
        .collect()
}

fn known(word: &str) -> bool {
    CONTENDERS
        .iter()
        .any(|contender| contender.name.contains(word))
        || cases::all().any(|case| case.to_string().contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<&'static str> {
        let options = Options::parse(words).unwrap();
        let contenders = options.contenders();
        contenders.iter().map(|contender| contender.name).collect()
    }

    fn cases_of(words: &[&str]) -> Vec<String> {
        let options = Options::parse(words).unwrap();
        let cases = options.cases(&cases::all().collect::<Vec<_>>());
        cases.iter().map(Case::to_string).collect()
    }

    #[test]
    fn contenders_of_go_are_asked_for() {
        assert_eq!(names(&[]).len(), 16);
        assert_eq!(names(&["--go"]).len(), CONTENDERS.len());
    }

    #[test]
    fn a_name_means_itself_and_a_part_of_one_all_that_have_it() {
        assert_eq!(names(&["--only", "tarpc"]), ["tarpc"]);
        assert_eq!(names(&["--only", "raw"]), ["raw-blocking", "raw-tokio"]);
        assert_eq!(cases_of(&["--only", "unary-32x64"]), ["unary-32x64"]);
        assert_eq!(cases_of(&["--only", "x64"]).len(), 4);
        assert_eq!(cases_of(&["--only", "unary-32x1"]), ["unary-32x1"]);
        assert_eq!(cases_of(&["--only", "core"]), ["unary-32x1-one-core"]);
    }

    #[test]
    fn a_word_about_contenders_leaves_the_cases_alone_and_the_other_way_round() {
        assert_eq!(cases_of(&["--only", "tarpc"]).len(), cases::all().count());
        assert_eq!(names(&["--only", "dial"]).len(), 16);
        let both = ["--only", "tarpc", "--only", "dial"];
        assert_eq!(
            (names(&both), cases_of(&both)),
            (vec!["tarpc"], vec!["dial".to_owned()])
        );
    }

    #[test]
    fn the_command_is_told_without_the_place_of_its_report() {
        let words = ["--out", "/tmp/there", "--only", "tarpc", "--quick"];
        let command = Options::parse(&words).unwrap().command();
        assert_eq!(command, "cargo xtask bench --quick --only tarpc");
    }

    #[track_caller]
    fn check_refused(words: &[&str], expected: &str) {
        assert_eq!(Options::parse(words).unwrap_err(), expected);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        check_refused(&["--fast"], "bench knows no `--fast`");
        check_refused(&["--out"], "--out needs a folder");
        check_refused(&["--only"], "--only needs a word");
        check_refused(
            &["--only", "zmq"],
            "no contender and no case has `zmq` in its name",
        );
        check_refused(&["--only", "netrpc"], "the contenders of --only need --go");
        let docs = "--docs is for a whole run: with --go, without --quick and --only";
        check_refused(&["--docs"], docs);
        check_refused(&["--docs", "--go", "--quick"], docs);
    }
}
