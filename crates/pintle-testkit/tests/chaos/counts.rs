use std::fs;

use pintle_testkit::{World, children, descriptors, tasks};

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
