//! Plugins that change hands, and plugins that were never launched.

use std::process::{Command, Stdio};

use pintle::{
    EndReason, Exit, Grpc, Host, LaunchFailure, OutputTo, Reattach, Session, TestMode, serve,
};
use pintle_testkit::pb::echo_client::EchoClient;
use pintle_testkit::pb::{
    CallBackRequest, Empty, Manner, Output, Payload, PrintRequest, ServeRequest, StreamTask,
};
use pintle_testkit::{
    Doomed, EchoPlugin, EchoService, HANDSHAKE, World, eventually, exchange, has_ended,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::ROGUE;

async fn detached(world: &World, host: &Host) -> Session {
    let command = world.rogue(host, "well").detached();
    command.launch(Grpc).await.unwrap()
}

fn pid_of(session: &Session) -> Pid {
    Pid::from_raw(session.pid().unwrap() as i32).unwrap()
}

async fn answers(session: &Session) {
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    let bytes = b"here".to_vec();
    let answer = echo.calls.clone().repeat(Payload { bytes }).await.unwrap();
    assert_eq!(&answer.into_inner().bytes[..], b"here");
}

/// The token, changed as a stranger could, or as another program would have written it.
fn changed(token: &Reattach, change: impl FnOnce(&mut Value)) -> Reattach {
    let mut value = serde_json::to_value(token).unwrap();
    change(&mut value);
    serde_json::from_value(value).unwrap()
}

fn print(to: Output, text: &str) -> PrintRequest {
    PrintRequest {
        to: to.into(),
        bytes: text.as_bytes().to_vec(),
        times: 1,
    }
}

/// Has both sides call what the other serves by the broker, and a stream between them.
async fn works_by_the_broker(session: &Session) {
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    let (mut calls, broker) = (echo.calls.clone(), &echo.broker);
    let here = Payload {
        bytes: b"here".to_vec(),
    };
    let service = EchoService::new(broker.clone());
    let fill = |server: &mut pintle::grpc::GrpcServer| {
        server.add(service.into_server());
    };
    let served = broker.serve(fill).await.unwrap();
    let request = CallBackRequest {
        id: served.id(),
        payload: Some(here.clone()),
    };
    assert_eq!(calls.call_back(request).await.unwrap().into_inner(), here);

    let serves = calls.serve(ServeRequest { id: 0 }).await.unwrap();
    let channel = broker.dial(serves.into_inner().id).await.unwrap();
    let answer = EchoClient::new(channel).repeat(here.clone()).await;
    assert_eq!(answer.unwrap().into_inner(), here);

    let task = StreamTask {
        manner: Manner::Exchange.into(),
        bytes: 100_000,
    };
    let offered = calls.offer_stream(task).await.unwrap();
    let stream = broker.stream(offered.into_inner().id).await.unwrap();
    exchange(stream, 100_000).await.unwrap();
}

/// It was saved before. In the second process everything works as in the first: TLS, calls in both
/// directions, streams, and what the plugin prints.
#[tokio::test]
async fn the_token_of_a_killed_host_brings_its_plugin_back() {
    let test = "reattach::the_token_of_a_killed_host_brings_its_plugin_back";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let session = detached(&world, &world.host()).await;
        let token = session.token().unwrap();
        token.save(std::env::temp_dir().join("token")).unwrap();
        return Doomed::await_death(session.pid()).await;
    }
    let mut host = Doomed::start(test);
    host.kill();
    let token = Reattach::load(host.temp().join("token")).unwrap();
    let world = World::new(ROGUE);
    let (say, mut said) = tokio::sync::mpsc::unbounded_channel();
    let second = world.host().stdout(OutputTo::each(move |chunk| {
        drop(say.send(chunk.to_vec()));
    }));
    let session = second.reattach(&token, Grpc).await.unwrap();
    assert!(session.is_secure());
    answers(&session).await;
    works_by_the_broker(&session).await;
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    let printing = print(Output::Stdout, "to the second host");
    echo.calls.clone().print(printing).await.unwrap();
    assert_eq!(said.recv().await.unwrap(), b"to the second host");
    session.close().await.unwrap();
    assert!(has_ended(host.family()[0]));
}

/// It may be anybody's: it is not spoken to, nor signalled.
#[tokio::test]
async fn a_number_that_another_process_has_now_reaches_nobody() {
    let world = World::new(ROGUE);
    let session = detached(&world, &world.host()).await;
    // It ends by the first signal, and by the end of its stdin.
    let mut another = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let token = changed(&session.token().unwrap(), |token| {
        token["Pid"] = another.id().into();
        // Beginnings are told apart by the kernel's ticks, and both can have begun within one.
        let began = token["Birth"]["Ticks"].as_u64().unwrap();
        token["Birth"]["Ticks"] = (began - 1).into();
    });
    let refused = world.host().reattach(&token, Grpc).await.unwrap_err();
    assert!(
        matches!(refused.failure(), LaunchFailure::Replaced),
        "{refused:?}"
    );
    drop(another.stdin.take());
    assert!(another.wait().unwrap().success(), "nobody signalled it");
    // Nor was anything taken from the plugin.
    answers(&session).await;
    let token = session.detach().await.unwrap();
    let session = world.host().reattach(&token, Grpc).await.unwrap();
    session.close().await.unwrap();
    assert!(world.is_clean());
}

/// One that does not answer, and so is killed before it could.
#[tokio::test]
async fn what_a_plugin_left_that_ends_while_it_is_taken_over_is_removed() {
    let world = World::new(ROGUE);
    let host = world.host();
    let session = detached(&world, &host).await;
    let pid = pid_of(&session);
    let token = session.detach().await.unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    // It is asked second: by then the first waits for an answer.
    let (refused, ()) = tokio::join!(host.reattach(&token, Grpc), async {
        kill_process(pid, Signal::KILL).unwrap();
    });
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused.failure(), LaunchFailure::Gone),
        "{refused:?}"
    );
    assert!(world.is_clean());
}

/// As one from a Go program, which knows of no beginning.
#[tokio::test]
async fn a_process_whose_beginning_is_not_known_is_asked_to_end_and_never_signalled() {
    let world = World::new(ROGUE);
    let host = world.host().plaintext();
    let session = detached(&world, &host).await;
    let pid = pid_of(&session);
    let token = session.detach().await.unwrap();
    let token = changed(&token, |token| {
        let token = token.as_object_mut().unwrap();
        assert!(token.remove("Birth").is_some());
    });

    let session = host.reattach(&token, Grpc).await.unwrap();
    answers(&session).await;
    let killed = session.kill().await;
    assert_eq!(killed.reason(), EndReason::Killed);
    assert!(
        killed
            .to_string()
            .ends_with("could not be killed by the host"),
        "{killed}"
    );
    assert!(!has_ended(pid));

    let session = host.reattach(&token, Grpc).await.unwrap();
    session.close().await.unwrap();
    eventually("it ends as it was asked to", || has_ended(pid)).await;
}

/// As one that another runner started, whose number says nothing here.
#[tokio::test]
async fn a_plugin_that_is_known_by_its_address_alone_is_taken_over_and_closed() {
    let world = World::new(ROGUE);
    let host = world.host().plaintext();
    let session = detached(&world, &host).await;
    let pid = pid_of(&session);
    let token = session.detach().await.unwrap();
    let token = changed(&token, |token| token["Pid"] = 0.into());
    let session = host.reattach(&token, Grpc).await.unwrap();
    assert_eq!(session.pid(), None);
    answers(&session).await;
    assert_eq!(session.close().await.unwrap(), Exit::Unknown);
    eventually("it ends as it was asked to", || has_ended(pid)).await;
}

#[tokio::test]
async fn the_end_of_a_plugin_that_was_reattached_to_is_noticed() {
    let world = World::new(ROGUE);
    let session = detached(&world, &world.host()).await;
    let pid = pid_of(&session);
    let token = session.detach().await.unwrap();
    let session = world.host().reattach(&token, Grpc).await.unwrap();
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    assert_eq!(session.closed().await.reason(), EndReason::Exited);
    let lost = echo.calls.clone().never(Empty {}).await.unwrap_err();
    let lost = pintle::SessionClosed::of(&lost).unwrap();
    assert_eq!(lost.reason(), EndReason::Exited);
    assert!(world.is_clean());
}

#[tokio::test]
async fn dropping_a_session_that_was_reattached_leaves_the_plugin_running() {
    let world = World::new(ROGUE);
    let session = detached(&world, &world.host()).await;
    let pid = pid_of(&session);
    let token = session.detach().await.unwrap();
    let session = world.host().reattach(&token, Grpc).await.unwrap();
    answers(&session).await;
    drop(session);
    let session = world.host().reattach(&token, Grpc).await.unwrap();
    answers(&session).await;
    assert!(!has_ended(pid));
    session.close().await.unwrap();
}

#[tokio::test]
async fn only_a_plugin_that_may_outlive_its_host_has_a_token() {
    let world = World::new(ROGUE);
    let session = world.rogue(&world.host(), "well").launch(Grpc).await;
    let session = session.unwrap();
    let error = session.detach().await.unwrap_err().to_string();
    assert!(error.ends_with("it was not launched with PluginCommand::detached"));
    answers(&session).await;
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_token_with_keys_is_a_secret_that_debug_does_not_show() {
    let world = World::new(ROGUE);
    let session = detached(&world, &world.host()).await;
    let token = session.token().unwrap();
    assert!(token.is_secret());
    let written = serde_json::to_string(&token).unwrap();
    let key = written.split("PRIVATE KEY----- ").nth(1).unwrap();
    let shown = format!("{token:?} {session:?}");
    assert!(
        !shown.contains(&key[..40]) && !shown.contains("PRIVATE"),
        "{shown}"
    );
    session.kill().await;
}

/// There is no silent way to do without TLS.
#[tokio::test]
async fn a_token_without_keys_is_refused_unless_the_host_says_plaintext() {
    let plugin = serve(HANDSHAKE).over(Grpc).plugin(EchoPlugin);
    let plugin = plugin.test_mode().await.unwrap();
    let host = Host::new(HANDSHAKE);
    let refused = host.reattach(plugin.token(), Grpc).await.unwrap_err();
    assert!(
        matches!(refused.failure(), LaunchFailure::KeysMissing),
        "{refused:?}"
    );
    let session = host.plaintext().reattach(plugin.token(), Grpc).await;
    answers(&session.unwrap()).await;
}

async fn in_test_mode() -> TestMode {
    let serve = serve(HANDSHAKE).over(Grpc).plugin(EchoPlugin);
    serve.test_mode().await.unwrap()
}

/// Whatever they do: its life is its debugger's affair.
#[tokio::test]
async fn hosts_come_and_go_and_do_not_end_a_plugin_in_test_mode() {
    let plugin = in_test_mode().await;
    let world = World::new(ROGUE);
    let host = world.host().plaintext();
    let visit = async || {
        let session = host.reattach(plugin.token(), Grpc).await.unwrap();
        answers(&session).await;
        session
    };
    visit().await.close().await.unwrap();
    assert_eq!(visit().await.kill().await.reason(), EndReason::Left);
    let (one, other) = tokio::join!(visit(), visit());
    drop(one);
    answers(&other).await;
    plugin.close().await.unwrap();
    let lost = other.closed().await;
    assert_eq!(lost.reason(), EndReason::ConnectionLost);
    let said = lost.to_string();
    assert!(
        said.ends_with("closed its connection while its process lived on"),
        "{said}"
    );
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_plugin_in_test_mode_ends_with_what_serves_it() {
    let plugin = in_test_mode().await;
    let token = plugin.token().clone();
    let socket = token.address().to_string();
    assert!(std::path::Path::new(&socket).exists());
    drop(plugin);
    eventually("its socket is gone", || {
        !std::path::Path::new(&socket).exists()
    })
    .await;
    let host = Host::new(HANDSHAKE).plaintext();
    // Its process is this one, and lives: what is gone is the socket.
    let gone = host.reattach(&token, Grpc).await.unwrap_err();
    assert!(
        matches!(gone.failure(), LaunchFailure::Connect(_)),
        "{gone:?}"
    );
}

/// As OpenTofu and Terraform read it.
#[tokio::test]
async fn test_mode_prints_the_variable_that_go_hosts_read() {
    let plugin = in_test_mode().await;
    let line = plugin.variable("TF_REATTACH_PROVIDERS", "registry.opentofu.org/acme/store");
    let json = line.strip_prefix("TF_REATTACH_PROVIDERS='").unwrap();
    let read: Value = serde_json::from_str(json.strip_suffix('\'').unwrap()).unwrap();
    let token = &read["registry.opentofu.org/acme/store"];
    let address = plugin.token().address().to_string();
    assert_eq!(token["Protocol"], "grpc");
    assert_eq!(token["ProtocolVersion"], HANDSHAKE.protocol_version().get());
    assert_eq!(token["Pid"], std::process::id());
    assert_eq!(token["Test"], true);
    assert_eq!(token["Addr"], json!({"Network": "unix", "String": address}));
    plugin.close().await.unwrap();
}

/// As in the tokens that go-plugin's hosts give, outside test mode.
#[tokio::test]
async fn a_token_that_tells_no_version_means_the_only_one_that_the_host_accepts() {
    let world = World::new(ROGUE);
    let host = world.host().plaintext();
    let session = detached(&world, &host).await;
    let token = session.detach().await.unwrap();
    let token = changed(&token, |token| token["ProtocolVersion"] = 0.into());
    let several = host.clone().versions([1, 2]);
    let refused = several.reattach(&token, Grpc).await.unwrap_err();
    assert!(
        matches!(refused.failure(), LaunchFailure::Version(_)),
        "{refused:?}"
    );
    let session = host.reattach(&token, Grpc).await.unwrap();
    assert_eq!(session.version(), HANDSHAKE.protocol_version());
    session.close().await.unwrap();
}

/// The pipe that the first host read it from has no reader any more.
#[tokio::test]
async fn the_log_of_a_plugin_that_changed_hands_reaches_its_next_host() {
    let world = World::new(ROGUE);
    let session = detached(&world, &world.host()).await;
    let token = session.detach().await.unwrap();
    let (log, mut logged) = tokio::sync::mpsc::unbounded_channel();
    let (say, mut printed) = tokio::sync::mpsc::unbounded_channel();
    let host = world
        .host()
        .on_log(move |entry| drop(log.send(entry.message.clone())))
        .stderr(OutputTo::each(move |chunk| {
            drop(say.send(chunk.to_vec()));
        }));
    let session = host.reattach(&token, Grpc).await.unwrap();
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    for turn in ["one", "two"] {
        let entry = format!("{{\"@level\":\"info\",\"@message\":\"{turn}\"}}\n");
        let mut calls = echo.calls.clone();
        calls.print(print(Output::Log, &entry)).await.unwrap();
        calls.print(print(Output::Stderr, turn)).await.unwrap();
        assert_eq!(logged.recv().await.unwrap(), turn);
        assert_eq!(printed.recv().await.unwrap(), turn.as_bytes());
    }
    session.close().await.unwrap();
}

/// The file's name is no proof: anybody of the same user can make one of that name.
#[tokio::test]
async fn without_tls_another_process_at_the_address_is_not_spoken_to() {
    let world = World::new(ROGUE);
    let host = world.host().plaintext();
    let session = detached(&world, &host).await;
    let pid = pid_of(&session);
    let token = session.detach().await.unwrap();
    let address = token.address().to_string();
    std::fs::remove_file(&address).unwrap();
    let impostor = tokio::net::UnixListener::bind(&address).unwrap();
    let refused = host.reattach(&token, Grpc).await.unwrap_err();
    let report = refused.report().to_string();
    let expected = format!(
        "another process than the one with the number {} listens at",
        pid.as_raw_nonzero()
    );
    assert!(report.contains(&expected), "{report}");
    drop(impostor);
    kill_process(pid, Signal::KILL).unwrap();
}
