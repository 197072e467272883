use std::fs;
use std::time::Duration;

use pintle_testkit::{World, children, descriptors, tasks};
use tokio::time::sleep;

/// What a process has.
#[derive(Debug)]
pub(crate) struct Counts {
    /// Children, zombies too, and whatever else knows of a session.
    processes: usize,
    descriptors: usize,
    tasks: usize,
    threads: usize,
    files: usize,
}

impl Counts {
    pub(crate) fn now(world: &World) -> Self {
        Self {
            processes: children().len() + usize::from(!world.nobody_is_left()),
            descriptors: descriptors(),
            tasks: tasks(),
            threads: fs::read_dir("/proc/self/task").unwrap().count(),
            files: fs::read_dir(world.sockets()).unwrap().count(),
        }
    }

    /// The least that a process has within 200 ms: threads and files that are just going are no part
    /// of what it keeps.
    pub(crate) async fn least(world: &World) -> Self {
        let mut least = Self::now(world);
        for _ in 0..40 {
            sleep(Duration::from_millis(5)).await;
            let now = Self::now(world);
            least = Self {
                processes: least.processes.min(now.processes),
                descriptors: least.descriptors.min(now.descriptors),
                tasks: least.tasks.min(now.tasks),
                threads: least.threads.min(now.threads),
                files: least.files.min(now.files),
            };
        }
        least
    }

    /// Whether there is nothing but what a host needs once, and keeps.
    pub(crate) fn is_settled(&self) -> bool {
        self.processes == 0 && self.tasks == 0 && self.files == 0
    }

    /// Whether none is more.
    pub(crate) fn is_within(&self, before: &Self) -> bool {
        self.processes <= before.processes
            && self.descriptors <= before.descriptors
            && self.tasks <= before.tasks
            && self.threads <= before.threads
            && self.files <= before.files
    }
}
