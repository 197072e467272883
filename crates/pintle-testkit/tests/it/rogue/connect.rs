//! Plugins that are not where their line says, or not who.

told! {
    NoListener as no_listener {
        "gRPC" => [
            "Connect: the connection to it could not be made: could not connect to /nobody: No such file or directory (os error 2)",
        ]
        "" => [
            "Connect: the connection to it could not be made: the plugin's socket could not be reached: could not connect to /nobody: No such file or directory (os error 2)",
        ]
    }
    DiesWithItsLine as dies_with_its_line {
        "" => [
            "ExitedUnconnected: it ended before the connection to it was made: exit code 0",
        ]
    }
    TwoLines as two_lines {
        "gRPC" => [
            "Connect: the connection to it could not be made: could not connect to /nobody: No such file or directory (os error 2)",
        ]
        "" => [
            "Connect: the connection to it could not be made: the plugin's socket could not be reached: could not connect to /nobody: No such file or directory (os error 2)",
        ]
    }
    SilentListener as silent_listener {
        "" => [
            "ConnectTimeout: the connection to it could not be made within 300ms",
            "  hint: it printed its handshake line and does not answer; Host::connect_timeout allows it more time",
        ]
    }
    ExitsWhenConnected as exits_when_connected {
        "" => [
            "ExitedUnconnected: it ended before the connection to it was made: exit code 7",
            "  its last stderr lines:",
            "    error: out of cheese",
        ]
    }
    AnotherIdentity as another_identity {
        "gRPC TLS" => [
            "Connect: the connection to it could not be made: the TLS handshake failed: the peer presented a different certificate than the one it announced",
        ]
        "TLS" => [
            "Connect: the connection to it could not be made: the plugin's socket could not be reached: the TLS handshake failed: the peer presented a different certificate than the one it announced",
        ]
    }
    StolenCertificate as stolen_certificate {
        "gRPC TLS" => [
            "Connect: the connection to it could not be made: the TLS handshake failed: the peer does not hold the key of the certificate it presented",
        ]
        "TLS" => [
            "Connect: the connection to it could not be made: the plugin's socket could not be reached: the TLS handshake failed: the peer does not hold the key of the certificate it presented",
        ]
    }
}
