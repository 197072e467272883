//! One host's session, as its plugin sees it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use pintle_core::{Incoming, PluginLink, Stream};
use pintle_mux::Stream as MuxStream;
use tarpc::context::Context;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Services;
use crate::broker::TarpcBroker;
use crate::client::Lost;
use crate::control::{self, Control, NotOffered};
use crate::error::TarpcError;
use crate::multiplex::{self, Multiplex};
use crate::{service, spawnable, stdio};

/// How long a connection may take to become a session.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a host waits for the seat of another, who may be about to leave.
const SEAT_PATIENCE: Duration = Duration::from_secs(2);

/// How long the last output may take to be sent when the plugin ends.
const OUTPUT_GRACE: Duration = Duration::from_secs(1);

/// The place of the one host that a plugin serves at a time.
pub(super) struct Seat {
    services: Services,
    broker: TarpcBroker,
    link: PluginLink,
    /// One permit: who has it is served.
    free: Arc<Semaphore>,
}

impl Seat {
    pub(super) fn new(services: Services, broker: TarpcBroker, link: PluginLink) -> Arc<Self> {
        Arc::new(Self {
            services,
            broker,
            link,
            free: Arc::new(Semaphore::new(1)),
        })
    }

    /// Serves whoever has connected, if it is a host and the seat is free.
    pub(super) async fn serve(self: Arc<Self>, incoming: Incoming) {
        let served = async {
            let stream = incoming.secure().await?;
            self.serve_stream(stream).await
        };
        if let Err(error) = served.await {
            // Whoever it was, the host we expect can still connect.
            tracing::warn!(
                error = &error as &dyn Error,
                "a connection is no session of this plugin"
            );
        }
    }

    async fn serve_stream(self: &Arc<Self>, stream: Stream) -> Result<(), TarpcError> {
        let settings = self.broker.settings();
        let mux = multiplex::server(stream, settings, &self.link.tasks);
        let beginning = async {
            let mut control = mux.accept().await?;
            let (stdout, stderr) = (mux.accept().await?, mux.accept().await?);
            let terms = settings.terms();
            let (wire, taken) = control::answer(&mut control, &terms, self.take()).await?;
            Ok::<_, TarpcError>((control, stdout, stderr, wire, taken))
        };
        let (control, stdout, stderr, wire, _taken) = timeout(HELLO_TIMEOUT, beginning)
            .await
            .map_err(|slow| TarpcError::Ended(slow.into()))??;

        let lost = Lost::new(mux.over.clone(), None);
        self.broker.attach(mux.session.clone(), wire, lost);
        let (outputs, calls) = (TaskTracker::new(), TaskTracker::new());
        let output = mux
            .over
            .clone()
            .run_until_cancelled_owned(self.output(stdout, stderr));
        let output = outputs.track_future(output);
        self.link.tasks.spawn(async {
            output.await;
        });

        let stop = CancellationToken::new();
        let answers = service::service(spawnable!(
            Controller {
                seat: Arc::clone(self),
                calls: calls.clone(),
                stop: stop.clone(),
            }
            .serve()
        ));
        let serving = settings.serving(wire, self.link.tasks.clone(), stop.clone());
        let control = answers.serve(Stream::new(control), serving);
        self.until_ended(&mux, control, &stop).await;
        // The calls first: what they print is still heard.
        calls.close();
        calls.wait().await;
        outputs.close();
        let _ = timeout(OUTPUT_GRACE, outputs.wait()).await;
        mux.close().await;
        Ok(())
    }

    /// Waits for the connection to be lost, the host to hang up, or the plugin to be told to end;
    /// in that case also for the answer to the host that told it.
    async fn until_ended(
        &self,
        mux: &Multiplex,
        control: service::Running,
        stop: &CancellationToken,
    ) {
        let told = async {
            self.link.shutdown.wait().await;
            stop.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = mux.over.cancelled() => {}
            () = control => {}
            () = told => {}
        }
        stop.cancel();
    }

    /// Sends what the plugin prints.
    fn output(
        &self,
        stdout: MuxStream,
        stderr: MuxStream,
    ) -> impl Future<Output = ()> + Send + use<> {
        let printed = self.link.stdio.attach();
        async move {
            let Some(printed) = printed else {
                return tracing::warn!("stdout and stderr are already being followed");
            };
            if let Err(error) = stdio::send(printed, stdout, stderr).await {
                tracing::debug!(%error, "stdout and stderr are no longer followed");
            }
        }
    }

    /// Takes the seat, unless another host has it and does not leave.
    async fn take(self: &Arc<Self>) -> Result<Taken, String> {
        let free = timeout(SEAT_PATIENCE, Arc::clone(&self.free).acquire_owned());
        match free.await {
            Ok(Ok(seat)) => Ok(Taken {
                broker: self.broker.clone(),
                _seat: seat,
            }),
            _ => Err("another host is connected".to_owned()),
        }
    }
}

/// The seat while a host has it; given back when this is dropped.
struct Taken {
    broker: TarpcBroker,
    _seat: OwnedSemaphorePermit,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.broker.detach();
    }
}

/// Answers what a host asks of the process.
#[derive(Clone)]
struct Controller {
    seat: Arc<Seat>,
    /// Counts the dispensed services.
    calls: TaskTracker,
    stop: CancellationToken,
}

impl Control for Controller {
    async fn dispense(self, _: Context, plugin: String) -> Result<u32, NotOffered> {
        let Seat {
            services,
            broker,
            link,
            ..
        } = &*self.seat;
        let Some(service) = services.get(&*plugin).cloned() else {
            return Err(NotOffered::unknown(services.keys().copied()));
        };
        let id = broker.next_id().map_err(|error| NotOffered::Unserved {
            reason: error.to_string(),
        })?;
        let number = id.get();
        let (broker, stop) = (broker.clone(), self.stop.clone());
        let serving = self.calls.track_future(async move {
            if let Err(error) = broker.serve_once(&id, &*service, stop).await {
                tracing::debug!(%error, plugin, "a dispensed service was not used");
            }
        });
        link.tasks.spawn(serving);
        Ok(number)
    }

    async fn ping(self, _: Context) {}

    async fn shutdown(self, _: Context) {
        self.seat.link.shutdown.trigger();
    }
}
