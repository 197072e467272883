use std::fmt;
use std::sync::{Mutex, PoisonError};

use pintle::{CallError, Code};
use tokio::sync::watch;

use crate::conformance::interface::contract::{Calls, Holdings, Refusal, Values};
use crate::open_calls::OpenCalls;
use crate::world::{descriptors, tasks};

/// The suite's [`Calls`].
#[derive(Default)]
pub struct Called {
    waiting: OpenCalls,
    gathered: watch::Sender<u32>,
    noted: Mutex<Vec<String>>,
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Called").finish_non_exhaustive()
    }
}

#[pintle::plugin]
impl Calls for Called {
    async fn values(&self, values: Values) -> Result<Values, CallError> {
        Ok(values)
    }

    async fn repeat(&self, bytes: Vec<u8>) -> Result<Vec<u8>, CallError> {
        Ok(bytes)
    }

    async fn note(&self, text: String) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push(text);
    }

    async fn noted(&self) -> Result<Vec<String>, CallError> {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(noted.clone())
    }

    async fn refuse(&self, with: Refusal) -> Result<(), Refusal> {
        Err(with)
    }

    async fn fail(&self, code: u32, text: String) -> Result<(), CallError> {
        Err(CallError::with_code(Code::from_number(code), text))
    }

    async fn panic(&self, text: String) -> Result<(), Refusal> {
        panic!("{text}")
    }

    async fn wait(&self) -> Result<(), CallError> {
        let _waiting = self.waiting.enter();
        std::future::pending().await
    }

    async fn wait_briefly(&self) -> Result<(), CallError> {
        self.wait().await
    }

    async fn waiting(&self, exactly: u64) -> Result<(), CallError> {
        self.waiting.reach(exactly).await;
        Ok(())
    }

    async fn gather(&self, number: u32, calls: u32) -> Result<u32, CallError> {
        self.gathered.send_modify(|gathered| *gathered += 1);
        let mut gathered = self.gathered.subscribe();
        let all = gathered.wait_for(|gathered| *gathered >= calls).await;
        all.expect("the sender is ours");
        Ok(number)
    }

    async fn holdings(&self) -> Result<Holdings, CallError> {
        Ok(Holdings {
            tasks: tasks() as u64,
            descriptors: descriptors() as u64,
        })
    }
}
