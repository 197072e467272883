//! A host and a plugin in one process.

use std::io;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use crate::ended::Ended;
use crate::error::{BoxError, LaunchError, LaunchFailure};
use crate::handshake::ProtocolVersion;
use crate::host::{DEFAULT_CONNECT_TIMEOUT, Pipes, SocketDir, StderrTail};
use crate::net::{Hub, Listener, Net, Network, SameView};
use crate::oom::OomKills;
use crate::output::{Output, OutputTo};
use crate::plugin::PluginSet;
use crate::runner::{BoxFuture, Exit, Process};
use crate::security::Security;
use crate::serve::DEFAULT_SHUTDOWN_GRACE;
use crate::session::{Bond, Facts, Session, Supervised, Timeouts};
use crate::shutdown::Shutdown;
use crate::stdio::StdioSource;
use crate::tasks::Tasks;
use crate::transport::{AnyTransport, HostLink, PluginLink, Transports};

/// What such a session is called in messages.
const PROGRAM: &str = "in process";

/// Serves plugins in this very process and connects to them: for tests, and for
/// plugins that are built in.
///
/// Everything but the process is as in a launch: the transport (the first of them), its bytes
/// (through memory, unencrypted), the [`Session`], its closing and its reasons.
/// The plugin's standard outputs stay this process's own; its tasks run on the
/// caller's runtime.
///
/// Dropping the future leaves nothing.
///
/// # Errors
/// [`LaunchError`], when a plugin does not work over the transport or the connection fails.
pub async fn in_process(
    plugins: PluginSet,
    transports: impl Into<Transports>,
) -> Result<Session, LaunchError> {
    let failed = |failure| LaunchError::new(PROGRAM.to_owned(), failure, None, Vec::new());
    let transports = transports.into();
    let transport = Arc::clone(transports.choose(Some(&transports.protocols())));
    let hub = Arc::new(Hub::default());

    let net = memory(&hub);
    let listener = net.listen().await.map_err(|error| failed(error.into()))?;
    let address = listener.address().clone();
    let process = serve_here(plugins, Arc::clone(&transport), net, listener)
        .await
        .map_err(|error| failed(LaunchFailure::Connect(error)))?;

    let (tasks, outputs) = (Tasks::new(), Tasks::new());
    // Whatever the connection has begun ends with this future, unless it succeeds.
    let unfinished = [&tasks, &outputs].map(|tasks| tasks.stopping().clone().drop_guard());
    let output = Output::new(PROGRAM.to_owned(), OutputTo::Discard, OutputTo::Discard);
    let timeouts = Timeouts::default();
    let (teller, ended) = Ended::channel(timeouts.longest());
    let link = HostLink {
        address: address.clone(),
        net: memory(&hub),
        tasks: tasks.clone(),
        outputs: outputs.clone(),
        output: output.clone(),
        ended: ended.clone(),
        multiplexed: false,
    };
    let timeout = DEFAULT_CONNECT_TIMEOUT;
    let connection = tokio::time::timeout(timeout, transport.connect(link))
        .await
        .map_err(|_| failed(LaunchFailure::ConnectTimeout { timeout }))?
        .map_err(|error| failed(LaunchFailure::Connect(error)))?;
    for guard in unfinished {
        guard.disarm();
    }

    let place = address.clone();
    let facts = Facts {
        program: PROGRAM.to_owned(),
        generation: 1,
        pid: None,
        version: ProtocolVersion::from(1),
        protocol: transport.protocol(),
        address,
        secure: false,
        token: None,
    };
    let supervised = Supervised {
        process: Box::new(process),
        connection: Arc::clone(&connection),
        pipes: Pipes::default(),
        outputs,
        tasks,
        tail: StderrTail::default(),
        output,
        address: place,
        sockets: SocketDir::none(),
        timeouts,
        bond: Bond::Owned,
        oom_kills: OomKills::now(None),
        ended: teller,
        spared: false,
    };
    Ok(Session::new(facts, connection, ended, supervised))
}

fn memory(hub: &Arc<Hub>) -> Net {
    Net::new(
        Network::Memory(Arc::clone(hub)),
        Security::Plain,
        DEFAULT_CONNECT_TIMEOUT,
        Arc::new(SameView),
    )
}

/// Begins to serve on tasks of its own.
async fn serve_here(
    plugins: PluginSet,
    transport: Arc<dyn AnyTransport>,
    net: Net,
    listener: Listener,
) -> Result<ServedHere, BoxError> {
    let tasks = Tasks::new();
    let (told, exit) = watch::channel(None);
    let process = ServedHere {
        tasks: tasks.clone(),
        exit,
    };
    let link = PluginLink {
        net,
        tasks: tasks.clone(),
        stdio: StdioSource::default(),
        shutdown: Shutdown::new(),
        shutdown_grace: DEFAULT_SHUTDOWN_GRACE,
        multiplexed: false,
        outlives_host: false,
    };
    let (ready, started) = oneshot::channel();
    // Not one of its own tasks, because it waits for them.
    tokio::spawn(async move {
        let serving = async {
            match transport.serve(&plugins, link, listener) {
                Ok(serving) => {
                    let _ = ready.send(Ok(()));
                    serving.await.is_ok()
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                    false
                }
            }
        };
        let served = tasks.stopping().run_until_cancelled(serving).await;
        tasks.finish().await;
        told.send_replace(Some(match served {
            Some(true) => Exit::Code(0),
            Some(false) => Exit::Code(1),
            None => Exit::Unknown,
        }));
    });
    started.await??;
    Ok(process)
}

/// A plugin served in this process, as a session sees it. Dropping it ends it.
struct ServedHere {
    tasks: Tasks,
    exit: watch::Receiver<Option<Exit>>,
}

impl Process for ServedHere {
    fn id(&self) -> String {
        PROGRAM.to_owned()
    }

    fn pid(&self) -> Option<u32> {
        None
    }

    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
        Box::pin(async {
            let exit = self.exit.wait_for(Option::is_some).await;
            Ok(exit.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown))
        })
    }

    fn kill(&mut self) -> io::Result<()> {
        self.tasks.stop();
        Ok(())
    }
}

impl Drop for ServedHere {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}
