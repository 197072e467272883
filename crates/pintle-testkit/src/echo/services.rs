use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pintle::grpc::{Served, tonic::Status};

/// What is served under broker ids until somebody takes it.
#[derive(Clone, Default)]
pub(super) struct Services {
    table: Arc<Mutex<HashMap<u32, Served>>>,
}

impl Services {
    /// Keeps it, and tells its id.
    pub(super) fn keep(&self, served: Served) -> u32 {
        let id = served.id();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.insert(id, served);
        id
    }

    pub(super) fn take(&self, id: u32) -> Result<Served, Status> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let served = table.remove(&id);
        served.ok_or_else(|| Status::not_found(format!("nothing is served under {id}")))
    }
}
