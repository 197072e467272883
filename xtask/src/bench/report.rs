//! What a run has found, for a person and for a program.

mod case_table;
mod docs;
mod json;
mod markdown;
mod memory_table;
mod table;

use std::error::Error;
use std::fs;
use std::path::Path;

pub(super) use docs::write as write_docs;

use super::machine::Fact;
use super::plot;
use super::results::Results;

/// Whatever is needed to write a report.
pub(super) struct Report<'a> {
    /// The command that made it.
    pub(super) command: String,
    pub(super) facts: Vec<Fact>,
    pub(super) results: &'a Results,
}

impl Report<'_> {
    /// Writes `report.md`, `report.json` and the plots into `folder`, which is made if need be.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        let failed = |error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(failed)?;
        let plots = plot::all(self.results);
        let mut files = vec![
            ("report.md", self.markdown(&plots)),
            ("report.json", self.json()),
        ];
        files.extend(plots.iter().map(|plot| (plot.file, plot.svg.clone())));
        for (name, text) in files {
            fs::write(folder.join(name), text).map_err(failed)?;
        }
        Ok(())
    }
}
