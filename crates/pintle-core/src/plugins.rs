//! Many plugins under names: started a few at a time, closed together.

mod interrupt;
mod member;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use interrupt::Interrupted;
use member::Member;

use crate::ended::SessionClosed;
use crate::error::LaunchError;
use crate::host::Launch;
use crate::runner::Exit;
use crate::session::Session;
use crate::transport::Transports;

/// How long all plugins of a set together may take to end when the set is closed, unless it says
/// otherwise.
pub const DEFAULT_CLOSE_ALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Many plugins of one host, each under a name.
///
/// ```no_run
/// use pintle_core::{BoxError, Host, Plugins, Transports, discover};
///
/// # async fn serve(_: &Plugins) {}
/// # async fn example(host: Host, transports: Transports) -> Result<(), BoxError> {
/// let plugins = Plugins::new();
/// for found in discover("/usr/lib/app/plugins", "app-*")? {
///     plugins.add(found.name, host.command(found.path))?;
/// }
/// plugins
///     .until_interrupted(async {
///         for (name, launched) in plugins.launch_all(transports).await {
///             if let Err(error) = launched {
///                 eprintln!("{name}: {error:?}");
///             }
///         }
///         serve(&plugins).await;
///     })
///     .await?;
/// plugins.close().await;
/// # Ok(())
/// # }
/// ```
///
/// All methods take `&self`: several tasks share a set by an [`Arc`]. It has a task for each launch
/// that is under way, and no other. Dropping it drops its sessions, which kills every plugin whose [`Session`] nobody else has a
/// handle to, as it does for a session alone.
pub struct Plugins {
    starts: Arc<Semaphore>,
    /// The launches that are under way, those that were given up included.
    launches: TaskTracker,
    close_timeout: Duration,
    /// Cancelled when the set is closed, for good.
    closing: CancellationToken,
    members: Mutex<Members>,
}

type Members = BTreeMap<Arc<str>, Arc<Member>>;

impl Plugins {
    /// A set with no plugin yet.
    pub fn new() -> Self {
        Self {
            starts: Arc::new(Semaphore::new(default_starts())),
            launches: TaskTracker::new(),
            close_timeout: DEFAULT_CLOSE_ALL_TIMEOUT,
            closing: CancellationToken::new(),
            members: Mutex::default(),
        }
    }

    /// How many plugins may be starting at a time, whoever launches them; by default as many as
    /// the machine runs in parallel, and at least 2. A limit of 0 counts as 1.
    ///
    /// A plugin is starting until it is connected or has failed.
    #[must_use]
    pub fn concurrent_starts(mut self, limit: usize) -> Self {
        self.starts = Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS)));
        self
    }

    /// How long all plugins together may take to end when the set is [closed](Self::close), before
    /// those that are left are killed; [`DEFAULT_CLOSE_ALL_TIMEOUT`] by default.
    ///
    /// Within it each has the times of its own host, such as
    /// [`Host::close_timeout`](crate::Host::close_timeout).
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Puts a plugin into the set; it is not launched yet.
    ///
    /// # Errors
    /// [`NameTaken`], when there is one of that name: names are never given anew in silence.
    pub fn add(&self, name: impl Into<String>, launch: impl Into<Launch>) -> Result<(), NameTaken> {
        let name: Arc<str> = name.into().into();
        let member = Member::new(launch.into(), self.closing.child_token());
        let mut members = self.members();
        if members.contains_key(&name) {
            return Err(NameTaken {
                name: name.as_ref().to_owned(),
            });
        }
        members.insert(name, Arc::new(member));
        Ok(())
    }

    /// Takes a plugin out of the set, and gives its session if it was launched: the last handle to
    /// it, unless there are clones. A launch of it that is under way is given up.
    pub fn remove(&self, name: &str) -> Option<Session> {
        let member = self.members().remove(name)?;
        member.give_up();
        member.session()
    }

    /// The names of all plugins of the set, launched or not, in their order.
    pub fn names(&self) -> Vec<String> {
        self.members().keys().map(|name| name.to_string()).collect()
    }

    /// The session of a plugin that was launched. It is kept when it has ended, until the plugin is
    /// launched again or [`take_ended`](Self::take_ended) takes it.
    pub fn get(&self, name: &str) -> Option<Session> {
        let member = self.members().get(name).cloned();
        member?.session()
    }

    /// Takes the sessions that have ended, and tells why each did. Their plugins stay in the set
    /// and can be launched again.
    pub fn take_ended(&self) -> BTreeMap<String, SessionClosed> {
        let ended = self.snapshot().into_iter();
        ended
            .filter_map(|(name, member)| Some((name, member.take_ended()?)))
            .collect()
    }

    /// Launches one plugin of the set over one of `transports`, or gives the session of one that
    /// runs. Two who launch the same one at a time get the same session.
    ///
    /// Waits for its turn when too many are [starting](Self::concurrent_starts). Dropping the
    /// future gives the launch up: what it has started is killed, and soon gone. Who
    /// [closes](Self::close) the set waits for that.
    ///
    /// # Panics
    /// Outside a tokio runtime, and with what a runner of the user's own panics with.
    ///
    /// # Errors
    /// [`NotLaunched`], when the launch fails, the set is being closed, or has no such plugin.
    pub async fn launch(
        &self,
        name: &str,
        transports: impl Into<Transports>,
    ) -> Result<Session, NotLaunched> {
        let member = self.members().get(name).cloned();
        let member = member.ok_or(NotLaunched::Unknown)?;
        let starts = Arc::clone(&self.starts);
        let launching = member.launch(starts, &self.launches, transports.into());
        launching.await
    }

    /// Launches every plugin of the set that does not run, as [`launch`](Self::launch) does, and
    /// tells what became of each. One that fails stops no other.
    ///
    /// Dropping the future gives up the launches that are under way; sessions that came to be before
    /// stay in the set.
    ///
    /// # Panics
    /// As [`launch`](Self::launch).
    #[must_use = "it tells which launches failed"]
    pub async fn launch_all(
        &self,
        transports: impl Into<Transports>,
    ) -> BTreeMap<String, Result<Session, NotLaunched>> {
        let transports = transports.into();
        self.of_each(|member| {
            let (starts, transports) = (Arc::clone(&self.starts), transports.clone());
            async move { Some(member.launch(starts, &self.launches, transports).await) }
        })
        .await
    }

    /// Closes the set, for good: gives up the launches that are under way, closes every session at
    /// once, and waits until all are gone. Tells how each plugin that was launched has ended, as
    /// [`Session::close`] does; asked again it tells the same.
    ///
    /// Those that have not ended after the set's [close timeout](Self::close_timeout) are killed. A
    /// plugin that was only starting is killed at once. For one that was killed is waited as long as
    /// its host's [kill timeout](crate::Host::kill_timeout) says; whether anybody waits for a launch
    /// does not matter.
    ///
    /// Dropping the future takes nothing back, but then only each host's own timeouts count.
    pub async fn close(&self) -> BTreeMap<String, Result<Exit, SessionClosed>> {
        self.closing.cancel();
        let deadline = Instant::now() + self.close_timeout.min(FOR_EVER);
        let closing = self.of_each(|member| async move { member.close(deadline).await });
        let (closed, ()) = tokio::join!(closing, self.launches_end());
        closed
    }

    /// Closes the set, for good, by force: gives up the launches that are under way, kills every
    /// plugin, and waits until all are gone.
    ///
    /// Dropping the future takes nothing back.
    pub async fn kill(&self) -> BTreeMap<String, SessionClosed> {
        self.closing.cancel();
        let killing = self.of_each(|member| async move { member.kill().await });
        let (killed, ()) = tokio::join!(killing, self.launches_end());
        killed
    }

    /// Waits for the launches that were given up, also of plugins that are not in the set any more.
    async fn launches_end(&self) {
        self.launches.close();
        self.launches.wait().await;
    }

    /// What `ask` comes to for each plugin for which it comes to something, all asked at once and in
    /// this task.
    async fn of_each<T, F: Future<Output = Option<T>>>(
        &self,
        ask: impl Fn(Arc<Member>) -> F,
    ) -> BTreeMap<String, T> {
        let members = self.snapshot().into_iter();
        let mut asked: FuturesUnordered<_> = members
            .map(|(name, member)| {
                let answer = ask(member);
                async move { Some((name, answer.await?)) }
            })
            .collect();
        let mut answers = BTreeMap::new();
        while let Some(answer) = asked.next().await {
            answers.extend(answer);
        }
        answers
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plugins as they are now, to be waited for without the lock.
    fn snapshot(&self) -> Vec<(String, Arc<Member>)> {
        let members = self.members();
        let members = members.iter();
        members
            .map(|(name, member)| (name.to_string(), Arc::clone(member)))
            .collect()
    }
}

impl Default for Plugins {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Plugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.snapshot()).finish()
    }
}

/// There is a plugin of that name in the set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is a plugin called `{name}` already")]
#[non_exhaustive]
pub struct NameTaken {
    /// The name.
    pub name: String,
}

/// Why a plugin of a set was not launched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotLaunched {
    /// The launch failed.
    #[error(transparent)]
    Failed(LaunchError),
    /// The set has no plugin of that name.
    #[error("there is no plugin of that name")]
    Unknown,
    /// The set is closed or being closed, or the plugin was taken out of it.
    #[error("it is not to be launched any more")]
    GivenUp,
}

/// Longer than any program runs, and short enough to be added to a time.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

fn default_starts() -> usize {
    thread::available_parallelism().map_or(2, |threads| threads.get().max(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_set_does_can_be_done_by_any_task() {
        fn sent<T: Send>(_: T) {}
        fn check(plugins: &'static Plugins, transports: fn() -> Transports) {
            sent(plugins.launch("any", transports()));
            sent(plugins.launch_all(transports()));
            sent(plugins.close());
            sent(plugins.kill());
            sent(plugins.until_interrupted(std::future::pending::<()>()));
        }
        let _ = check;
    }
}
