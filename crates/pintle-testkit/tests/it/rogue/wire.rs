//! Plugins whose connection carries what it should not.

told! {
    GarblesTheSocket as garbles_the_socket {
        "multiplexed TLS" => [
            "Connect: the connection to it could not be made: the TLS handshake failed: the connection failed during the TLS handshake: the session of the stream is over: the peer broke the protocol: frame of version 72, only version 0 is known",
        ]
        "gRPC TLS" => [
            "Connect: the connection to it could not be made: the TLS handshake failed: the peer did not speak TLS: received corrupt message of type InvalidContentType",
        ]
        "multiplexed plaintext" => [
            "Connect: the connection to it could not be made: the plugin does not speak gRPC: the connection broke before the peer answered: the session of the stream is over",
        ]
        "gRPC plaintext" => [
            "Connect: the connection to it could not be made: the plugin does not speak gRPC: the connection broke before the peer answered: connection error detected: frame with invalid size",
        ]
        "tarpc TLS" => [
            "Connect: the connection to it could not be made: the plugin's socket could not be reached: the TLS handshake failed: the peer did not speak TLS: received corrupt message of type InvalidContentType",
        ]
        "tarpc plaintext" => [
            "Connect: the connection to it could not be made: the connection ended while the session began: the session of the stream is over: the peer broke the protocol: frame of version 72, only version 0 is known",
        ]
    }
    HangsUp as hangs_up {
        "multiplexed TLS" => [
            "Connect: the connection to it could not be made: the TLS handshake failed: the peer closed the connection during the TLS handshake: the session of the stream is over: TORN",
        ]
        "gRPC TLS" => [
            "Connect: the connection to it could not be made: the TLS handshake failed: the peer closed the connection during the TLS handshake: TORN",
        ]
        "multiplexed plaintext" => [
            "Connect: the connection to it could not be made: the plugin does not speak gRPC: the connection broke before the peer answered: the session of the stream is over",
        ]
        "gRPC plaintext" => [
            "Connect: the connection to it could not be made: the plugin does not speak gRPC: the connection broke before the peer answered: TORN",
        ]
        "tarpc TLS" => [
            "Connect: the connection to it could not be made: the plugin's socket could not be reached: the TLS handshake failed: the peer closed the connection during the TLS handshake: TORN",
        ]
        "tarpc plaintext" => [
            "Connect: the connection to it could not be made: the connection ended while the session began: the session of the stream is over: TORN",
        ]
    }
    GarblesTheStream as garbles_the_stream {
        "gRPC" => [
            "Connect: the connection to it could not be made: the plugin does not speak gRPC: the connection broke before the peer answered: connection error detected: frame with invalid size",
        ]
        "" => [
            "Connect: the connection to it could not be made: the connection ended while the session began: the session of the stream is over: the peer broke the protocol: frame of version 72, only version 0 is known",
        ]
    }
    DeafWithin as deaf_within {
        "" => [
            "ConnectTimeout: the connection to it could not be made within 300ms",
            "  hint: it printed its handshake line and does not answer; Host::connect_timeout allows it more time",
        ]
    }
    HangsUpWithin as hangs_up_within {
        "gRPC" => [
            "Connect: the connection to it could not be made: the plugin does not speak gRPC: the connection broke before the peer answered: TORN",
        ]
        "" => [
            "Connect: the connection to it could not be made: the connection ended while the session began: the session of the stream is over: TORN",
        ]
    }
    GoesAway as goes_away {
        "gRPC" => [
            "Connect: the connection to it could not be made: the plugin does not speak gRPC: the connection broke before the peer answered: connection error received: detected excessive load generating behavior",
        ]
        "" => [
            "ConnectTimeout: the connection to it could not be made within 300ms",
            "  hint: it printed its handshake line and does not answer; Host::connect_timeout allows it more time",
        ]
    }
    AnswersNonsense as answers_nonsense {
        "gRPC" => [
            "the call fails: it broke: failed to decode Protobuf message: invalid varint",
            "another fails: it broke: failed to decode Protobuf message: invalid varint",
            "it closes: exit code 0",
        ]
        "" => [
            "dispensing fails: plugin `conformance` could not be dispensed: the plugin could not be asked: the server aborted request processing: InvalidData: the answer cannot be read: invalid value: integer `4294967295`, expected variant index 0 <= i < 3",
            "it closes: exit code 0",
        ]
    }
    AnswersTooLong as answers_too_long {
        "gRPC" => [
            "the call fails: the call failed: code: 'Some resource has been exhausted', message: \"message of 4294967295 bytes is larger than the limit of 2147483647 bytes\"",
            "another fails: the call failed: code: 'Some resource has been exhausted', message: \"message of 4294967295 bytes is larger than the limit of 2147483647 bytes\"",
            "it closes: exit code 0",
        ]
        "" => [
            "dispensing fails: plugin `conformance` could not be dispensed: the plugin could not be asked: the channel was disconnected due to a critical error: could not read from the transport: the session has ended: plugin `PLUGIN` closed its connection while its process lived on; it was killed, during the call `Dispense`",
            "ConnectionLost: plugin `PLUGIN` closed its connection while its process lived on; it was killed",
        ]
    }
    EndsWithoutStatus as ends_without_status {
        "gRPC" => [
            "the call fails: the call failed: code: 'Unknown error', message: \"protocol error: missing grpc-status trailer, stream was terminated without a final status (possible truncation by a proxy or load balancer)\"",
            "another fails: the call failed: code: 'Unknown error', message: \"protocol error: missing grpc-status trailer, stream was terminated without a final status (possible truncation by a proxy or load balancer)\"",
            "it closes: exit code 0",
        ]
    }
    ResetsCalls as resets_calls {
        "gRPC" => [
            "the call fails: it broke: the peer reset the stream: unexpected internal error encountered",
            "another fails: it broke: the peer reset the stream: unexpected internal error encountered",
            "it closes: exit code 0",
        ]
        "" => [
            "dispensing fails: plugin `conformance` could not be dispensed: the plugin could not be asked: the channel was disconnected due to a critical error: could not read from the transport: the session has ended: plugin `PLUGIN` closed its connection while its process lived on; it was killed, during the call `Dispense`",
            "ConnectionLost: plugin `PLUGIN` closed its connection while its process lived on; it was killed",
        ]
    }
    AnswersForEver as answers_for_ever {
        "gRPC" => [
            "the call fails: there was no answer in time",
            "it closes: exit code 0",
        ]
    }
    NeverAnswers as never_answers {
        "gRPC" => [
            "the call fails: there was no answer in time",
            "it closes: exit code 0",
        ]
        "" => [
            "dispensing fails: plugin `conformance` could not be dispensed: the plugin could not be asked: the request exceeded its deadline",
            "it closes: exit code 0",
        ]
    }
    NeverShutsDown as never_shuts_down {
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "Overdue: plugin `PLUGIN` ended only after SIGTERM when the host closed it: exit code 0",
        ]
        "" => [
            "dispensing fails: plugin `conformance` could not be dispensed: the plugin could not be asked: the server aborted request processing: InvalidData: the answer cannot be read: invalid value: integer `4294967295`, expected variant index 0 <= i < 3",
            "Overdue: plugin `PLUGIN` ended only after SIGTERM when the host closed it: exit code 0",
        ]
    }
    AnnouncesUnasked as announces_unasked {
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a dial fails: the other side did not accept broker id 7 within 1s",
            "it closes: exit code 0",
        ]
    }
    AnnouncesTwice as announces_twice {
        "multiplexed" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a dial fails: the other side did not accept broker id 7 within 1s",
            "it closes: exit code 0",
        ]
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a dial fails: broker id 7 could not be reached: could not connect to /nobody/else: No such file or directory (os error 2)",
            "it closes: exit code 0",
        ]
    }
    AnnouncesNowhere as announces_nowhere {
        "multiplexed" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a dial fails: the other side did not accept broker id 7 within 1s",
            "it closes: exit code 0",
        ]
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a dial fails: broker id 7 could not be reached: could not connect to /nobody: No such file or directory (os error 2)",
            "it closes: exit code 0",
        ]
    }
    AnnouncesNonsense as announces_nonsense {
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a dial fails: the other side did not accept broker id 7 within 1s",
            "it closes: exit code 0",
        ]
    }
    FloodsAnnouncements as floods_announcements {
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a dial fails: the other side did not accept broker id 7 within 1s",
            "it closes: exit code 0",
        ]
    }
    KnocksInVain as knocks_in_vain {
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a dial fails: the other side did not accept broker id 7 within 1s",
            "it closes: exit code 0",
        ]
    }
    AnswersUnaskedKnocks as answers_unasked_knocks {
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a dial fails: the other side did not accept broker id 7 within 1s",
            "it closes: exit code 0",
        ]
    }
    OpensManyStreams as opens_many_streams {
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
        "" => [
            "dispensing fails: plugin `conformance` could not be dispensed: the plugin could not be asked: the server aborted request processing: InvalidData: the answer cannot be read: invalid value: integer `4294967295`, expected variant index 0 <= i < 3",
            "it closes: exit code 0",
        ]
    }
    UnknownOutput as unknown_output {
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    BreaksOutput as breaks_output {
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
}
